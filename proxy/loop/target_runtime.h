// What a worker keeps about targets, groups and services from one RouteTable to the next: idle
// connections, requests in flight, failures in a row, waiting requests, the state of the splitter
// and the balancer. And WorkerTable: a RouteTable with pointers to them, the thing a request pins.
//
// Owned by one worker; pointers are counted without atomics.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "base/outcome.h"
#include "net/io/socket.h"
#include "proxy/loop/idle_pool.h"
#include "proxy/loop/kept_connection.h"
#include "proxy/loop/target_users.h"
#include "proxy/policy/expectation.h"
#include "proxy/policy/pool_need.h"
#include "proxy/routing/balancer.h"
#include "proxy/routing/route_table.h"
#include "proxy/routing/shared_limits.h"
#include "proxy/routing/splitter.h"
#include "proxy/telemetry/service_stats.h"

namespace teal::proxy {

/// What a worker gives one target at once where no limit is set: a limit all the same, but one that
/// nobody has to count together.
inline constexpr std::uint32_t kMaxInFlight = 10'000;

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
  std::size_t service = 0;  ///< Place in RouteTable::services.
  Colour colour = Colour::blue;
  std::shared_ptr<GroupLimits> limits;  ///< Always the same ones.
  /// in_flight_per_target or in_flight_per_group is set: a place that comes free here may be for
  /// one who waits on another worker.
  bool is_limited = false;
  std::uint32_t in_flight_limit = 0;  ///< Over all workers; 0: none.
  std::uint32_t pending_limit = 0;    ///< Over all workers; 0: nobody waits.
  /// Requests waiting for a target with room, oldest first.
  std::deque<WaitingRequest*> waiting;
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
};

struct TargetRuntime {
  /// As of a group.
  bool has_room(std::uint32_t spare) const {
    return in_flight_limit == 0 ? in_flight < kMaxInFlight
                                : limits->in_flight.count() + spare < in_flight_limit;
  }

  TargetId id = 0;
  std::string address;  ///< As text, for logs and the Host header.
  net::Endpoint endpoint;
  Address target_address;
  std::size_t service = 0;  ///< Place in TlsTable::services.
  /// This worker's numbers of that service.
  ServiceShard* stats = nullptr;
  /// This worker's numbers of the target, where the service wants them; `counted_in` holds them.
  TargetCounts* counts = nullptr;
  std::shared_ptr<CountsByWorker> counted_in;
  std::uint32_t in_flight = 0;
  std::shared_ptr<TargetLimits> limits;     ///< Always the same ones.
  std::uint32_t in_flight_limit = 0;        ///< Over all workers; 0: kMaxInFlight for each.
  std::optional<std::uint32_t> idle_limit;  ///< Over all workers.
  Millis idle_timeout{0};
  std::uint32_t consecutive_failures = 0;
  std::uint32_t consecutive_gateway = 0;  ///< 502, 503, 504 or no answer.
  TargetTally tally;                      ///< Since it was last told to control.
  /// In no current table: connections are closed, not kept.
  bool is_retired = false;
  std::uint32_t idle = 0;  ///< In both lists.
  PoolNeed need;           ///< Of connections of HTTP/1, by requests in flight.
  PoolNeed need_http2;     ///< Of connections of HTTP/2.
  IdleList idle_http1;     ///< The most recently used is the newest.
  IdleList idle_http2;
  /// Of idle_http1, those that began with a PROXY header, by it.
  std::unordered_multimap<std::string_view, KeptConnection*> idle_named;
  /// Those that throw away the rest of a response nobody wants.
  std::vector<boost::intrusive_ptr<KeptConnection>> discarding;
  config::UpstreamSettings upstream_settings;  ///< How its connections speak to it.
  ContinueHabit continues;
  /// So many streams a connection of HTTP/2 took before the target left it, and others behind; 0:
  /// that has not happened, or is over.
  std::uint32_t left_after = 0;
  /// Those that speak HTTP/2 and take, or will take, further requests.
  std::vector<boost::intrusive_ptr<KeptConnection>> http2;
  /// Upgraded connections.
  std::vector<TargetTunnel*> tunnels;
  boost::local_shared_ptr<GroupRuntime> group;
};

struct ServiceRuntime {
  explicit ServiceRuntime(std::uint64_t seed) : splitter(seed) {}

  Splitter splitter;
};

struct WorkerTable {
  struct Group {
    boost::local_shared_ptr<GroupRuntime> runtime;
    std::vector<boost::local_shared_ptr<TargetRuntime>> targets;  ///< As in GroupView::targets.
  };
  struct Service {
    boost::local_shared_ptr<ServiceRuntime> runtime;
    PerColour<Group> groups;
  };

  RouteTable routes;
  std::vector<Service> services;  ///< As in routes.services.
  bool watches_ages = false;      ///< Some service of it judges its requests' ages.
};

using PinnedTable = boost::local_shared_ptr<const WorkerTable>;

}  // namespace teal::proxy
