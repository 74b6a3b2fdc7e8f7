// What a worker keeps about targets, groups and services from one publication to the next: idle
// connections, requests in flight, failures in a row, waiting requests, the state of the splitter
// and the balancer. proxy/loop/worker_routes.h has them beside the views that requests pin.
//
// Owned by one worker; pointers are counted without atomics.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/container/deque.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "base/outcome.h"
#include "proxy/loop/idle_pool.h"
#include "proxy/loop/kept_connection.h"
#include "proxy/loop/target_users.h"
#include "proxy/policy/expectation.h"
#include "proxy/policy/pool_need.h"
#include "proxy/routing/balancer.h"
#include "proxy/routing/service_view.h"
#include "proxy/routing/shared_limits.h"
#include "proxy/routing/splitter.h"
#include "proxy/telemetry/service_stats.h"

namespace teal::proxy {

/// What a worker gives one target at once where no limit is set: a limit all the same, but one that
/// nobody has to count together.
inline constexpr std::uint32_t kMaxInFlight = 10'000;

struct ServiceRuntime {
  explicit ServiceRuntime(std::uint64_t seed) : splitter(seed) {}

  void take(const SharedView& published) {
    view = published;
    spec = view->spec.get();
  }

  Splitter splitter;
  SharedView view;                        ///< As last published.
  const config::Service* spec = nullptr;  ///< The view's.
};

struct GroupRuntime {
  explicit GroupRuntime(std::uint64_t seed) : balancer(seed) {}

  /// False: `in_flight_per_group` requests are in flight, over all workers, or so many less
  /// `spare`.
  bool has_room(std::uint32_t spare) const {
    return in_flight_limit == 0 || limits->in_flight.count() + spare < in_flight_limit;
  }
  /// Places that others were called for.
  std::uint32_t promised() const { return is_limited ? limits->board.promised() : 0; }

  Balancer balancer;
  ServiceId service = 0;
  boost::local_shared_ptr<ServiceRuntime> service_runtime;
  Colour colour = Colour::blue;
  std::shared_ptr<GroupLimits> limits;  ///< Always the same ones.
  /// in_flight_per_target or in_flight_per_group is set: a place that comes free here may be for
  /// one who waits on another worker.
  bool is_limited = false;
  std::uint32_t in_flight_limit = 0;  ///< Over all workers; 0: none.
  std::uint32_t pending_limit = 0;    ///< Over all workers; 0: nobody waits.
  /// Requests waiting for a target with room, oldest first. Empty, it takes no memory.
  boost::container::deque<WaitingRequest*> waiting;
  bool is_serving = false;   ///< They are trying now: the board stays as it is until they have.
  std::uint32_t active = 0;  ///< Requests of the group, those that wait included.
  /// The most active ones at once in this second and in the last: what is in flight comes and goes
  /// in batches, and the moment when a batch of answers has come is none to measure a load.
  std::uint32_t peak = 0;
  std::uint32_t last_peak = 0;
  std::uint32_t retries = 0;    ///< Of which are retries (Exchange::begin_retry).
  std::uint32_t in_flight = 0;  ///< Of which have a connection.
  bool is_wake_pending = false;
  bool is_compared = false;  ///< Its targets' success rates are.
  bool is_busy = false;      ///< Its seconds are counted (RuntimeRegistry::note_busy).
  std::uint32_t busy_targets = 0;
};

/// A worker's connections to one target, and what it has learned by them.
struct TargetConnections {
  PoolNeed need;        ///< Of connections of HTTP/1, by requests in flight.
  PoolNeed need_http2;  ///< Of connections of HTTP/2.
  IdleList idle_http1;  ///< The most recently used is the newest.
  IdleList idle_http2;
  /// Of idle_http1, those that began with a PROXY header, by it. Null: there was none.
  using ByName = std::unordered_multimap<std::string_view, KeptConnection*>;
  std::unique_ptr<ByName> idle_named;
  /// Those that throw away the rest of a response nobody wants.
  std::vector<boost::intrusive_ptr<KeptConnection>> discarding;
  ContinueHabit continues;
  /// So many streams a connection of HTTP/2 took before the target left it, and others behind; 0:
  /// that has not happened, or is over.
  std::uint32_t left_after = 0;
  /// Those that speak HTTP/2 and take, or will take, further requests.
  std::vector<boost::intrusive_ptr<KeptConnection>> http2;
  /// Upgraded connections.
  std::vector<TargetTunnel*> tunnels;
  /// All workers' numbers of the target, where the service wants them.
  std::shared_ptr<CountsByWorker> counted_in;

  bool has_something_to_do() const {
    return need.needed() > 0 || need_http2.needed() > 0 || !http2.empty() || !discarding.empty() ||
           !tunnels.empty();
  }
};

struct TargetRuntime {
  /// As of a group.
  bool has_room(std::uint32_t spare) const {
    return in_flight_limit == 0 ? in_flight < kMaxInFlight
                                : shared->in_flight.count() + spare < in_flight_limit;
  }

  /// As text, for logs and the Host header.
  const std::string& address() const { return shared->text; }
  /// Made when they are first asked for: most of many targets have none.
  TargetConnections& connections() {
    if (!connections_) [[unlikely]]
      make_connections();
    return *connections_;
  }
  bool has_connections() const { return connections_ != nullptr; }

  /// How its connections speak to it, how many are kept and for how long: as its service was last
  /// published.
  const config::Service& spec() const { return *service->spec; }
  /// Null: plain.
  const std::shared_ptr<const net::TlsClient>& tls() const { return service->view->tls; }

  /// It has connections or requests, or had some so lately that they are still remembered.
  bool has_something_to_do() const {
    return in_flight > 0 || idle > 0 || tally.requests > 0 ||
           (connections_ && connections_->has_something_to_do());
  }

  TargetId id = 0;
  ServiceRuntime* service = nullptr;  ///< Its group's.
  /// This worker's numbers of its service.
  ServiceShard* stats = nullptr;
  /// This worker's numbers of the target, where the service wants them, once there was an attempt;
  /// TargetConnections::counted_in holds them.
  TargetCounts* counts = nullptr;
  std::uint32_t in_flight = 0;
  std::shared_ptr<SharedTarget> shared;  ///< Always the same one.
  std::uint32_t in_flight_limit = 0;     ///< Over all workers; 0: kMaxInFlight for each.
  std::uint32_t consecutive_failures = 0;
  std::uint32_t consecutive_gateway = 0;  ///< 502, 503, 504 or no answer.
  TargetTally tally;                      ///< Since it was last told to control.
  /// In no group any more: connections are closed, not kept.
  bool is_retired = false;
  /// There were attempts or connections lately: RuntimeRegistry looks at it each second.
  bool is_busy = false;
  std::uint32_t idle = 0;  ///< Connections, whatever they speak.
  boost::local_shared_ptr<GroupRuntime> group;

 private:
  [[gnu::noinline, gnu::cold]] void make_connections() {
    connections_ = std::make_unique<TargetConnections>();
  }

  std::unique_ptr<TargetConnections> connections_;
};

}  // namespace teal::proxy
