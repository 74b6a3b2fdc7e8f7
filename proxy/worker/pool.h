// WorkerPool: all workers of the process, seen from control: start, publish a table, read counters,
// drain, stop. Control thread only; it reaches the workers by post and is answered by post.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/counters.h"
#include "base/log.h"
#include "base/outcome.h"
#include "base/result.h"
#include "base/siphash.h"
#include "base/sticky_secrets.h"
#include "base/time.h"
#include "net/tls/mac.h"
#include "proxy/routing/route_builder.h"
#include "proxy/telemetry/access_log.h"
#include "proxy/telemetry/traffic_reader.h"
#include "proxy/worker/access_logs.h"
#include "proxy/worker/listener_sockets.h"
#include "proxy/worker/login_thread.h"
#include "proxy/worker/parked_thread.h"
#include "proxy/worker/pool_change.h"
#include "proxy/worker/worker.h"

namespace teal::proxy {

/// What of the process's means the workers use.
struct PoolLoad {
  std::uint64_t connections = 0;  ///< Of clients.
  std::uint64_t upstream = 0;     ///< To targets, kept ones included.
};

/// By worker: its sockets of these listeners, which the builder knows.
std::vector<WorkerChange> sockets_for_workers(std::vector<NewListener>& opened,
                                              const RouteBuilder& builder, std::uint32_t workers);

class WorkerPool final : ControlInbox, PeerWorkers {
 public:
  struct Options {
    std::shared_ptr<const config::Config> config;
    const Clock* clock = nullptr;
    Log* log = nullptr;
    std::uint64_t seed = 0;
    /// Secret: the groups that are drawn cannot be told from numbers that clients see.
    SipKey draws = {};
    /// Drawn at random, and not what the seed was drawn from: targets see it (proxy/headers/via.h).
    std::uint32_t hop_id = 0;
    /// Secret: what is known of passwords (LoginDesk) and of forward_auth's answers is known by it.
    /// There is no key by default, which everybody would know.
    net::Mac login_key;
    /// Called on the control thread.
    std::function<void(const BadOutcome&)> on_bad_outcome;
    /// Called on the control thread: some service's Exposure has news.
    std::function<void()> on_exposed;
    std::function<void(const std::vector<TargetTally>&)> on_tallies;
    std::function<void(ServiceId service, const JudgedEvent&)> on_judged_event;
    /// After the events of a batch, or when what was wanted is settled; with the time at which the
    /// worker saw the last request end that had a part in it.
    std::function<void(Mono at)> on_judged;
  };

  /// `control`: the control thread's io_context, which outlives the pool.
  WorkerPool(boost::asio::io_context& control, Options options);
  ~WorkerPool();

  /// Opens the access log, makes the threads and binds every listener; nothing is accepted yet. An
  /// Error names what.
  Result<void> open();
  std::uint32_t workers() const { return shared_.workers; }

  /// The first call makes and starts the workers. `applied` is posted to the control thread when
  /// every worker runs on it, with the time at which the last one took it.
  void publish(const Publication& publication, std::function<void(Mono at)> applied);

  /// What is listened on, ports the system chose included, and what else PoolChange::make() needs.
  PoolMeans means() const;
  /// With the next publication, which is to follow at once, the workers run on `change`: its
  /// routes, its sockets, its log. Requires: they have begun, and the last change is applied. The
  /// log that it replaces is left in logs() then.
  void reconfigure(PoolChange change, PoolFiles files);
  /// For the connections and requests to come; those that there are keep what they began with.
  /// Until the first call everything is plain, and nobody is let in who has to give a password.
  /// Requires: start_logins() was called if there are passwords.
  void set_files(PoolFiles files);
  /// Has a thread that checks passwords from now on. An Error: the system has none to give.
  Result<void> start_logins() { return logins_.start(); }

  /// What the cookies of sticky services are made with from the next publication on. Without them
  /// no service is sticky.
  void set_sticky_secrets(const StickySecrets& secrets) { builder_.set_sticky_secrets(secrets); }

  /// How many idle connections to targets all workers keep.
  void limit_idle_upstream(std::uint32_t most) { shared_.idle_budget->set_limit(most); }

  PoolLoad load() const;
  void set_overload(OverloadLevel level);
  /// Descriptors from these on are not for clients, or not for targets either.
  void limit_descriptors(int for_clients, int for_targets) {
    shared_.descriptors_for_clients.store(for_clients, std::memory_order_relaxed);
    shared_.descriptors_for_targets.store(for_targets, std::memory_order_relaxed);
  }

  // As TrafficReader's.
  std::optional<TrafficReading> read_traffic_after(const TrafficKey& key) const;
  TrafficCounters read_traffic(const TrafficKey& key) const;
  std::uint64_t read_requests(const TrafficKey& key) const;
  std::uint64_t read_activity(ServiceId service) const;
  StageReading read_stage(const TrafficKey& key, Stage stage) const;
  Tallies read_tallies(const TrafficKey& key, std::uint64_t deployment) const;
  GroupInFlight read_in_flight(const std::string& service, Colour colour) const;
  /// Every judged request that began before has ended or was told, and what was told has been given
  /// to on_judged_event. Never earlier than the last answer.
  Mono watermark();
  /// on_judged() is called as soon as watermark() may be later than this; max: not any more.
  void notify_at_watermark(Mono began);
  // As TargetCountsTable's.
  std::optional<TargetReading> read_target_after(const TargetKey& key) const;
  std::size_t targets_left_out() const { return targets_.left_out(); }
  /// What belongs to no group, service or target.
  std::vector<MetricSample> read_stats() const;
  /// What belongs to one service.
  std::vector<MetricSample> read_service_stats(const config::Service& service) const;
  /// How many objects publications have made.
  const RouteBuilder::Built& built() const { return builder_.built(); }
  /// What workers have to tell of single requests. It is posted when there is something, but
  /// whoever has much to do can ask in between: nothing is more urgent.
  void take_reports();

  AccessLogs& logs() { return logs_; }
  /// `answered` is posted when every worker has had a turn since, with the time of the last one's;
  /// not at all where one has none, or there are no workers yet.
  void ask_all(std::function<void(Mono at)> answered);
  /// No new connections, the running requests end; `idle` is posted when all workers are done.
  void drain(std::function<void()> idle);
  /// Cuts what is left and joins the threads.
  void stop();

 private:
  // ControlInbox, on worker threads
  void reported() override;
  void exposed() override;
  void tallies(std::vector<TargetTally> tallies) override;
  // PeerWorkers, on worker threads
  void hand_over(std::size_t to, AcceptedConnection accepted) override;
  void call(std::size_t to, const std::shared_ptr<GroupLimits>& group) override;

  Result<void> make_threads();
  void start_workers(const RouteUpdate& first);
  void hand_out(const std::shared_ptr<const RouteUpdate>& update,
                std::function<void(Mono at)> applied, std::vector<WorkerChange> changes = {});
  std::vector<WorkerChange> spread(PoolChange& change);
  void take_files(PoolFiles files);
  std::vector<const Shard*> shards() const;
  std::vector<const Census*> censuses() const;

  boost::asio::io_context& control_;
  Options options_;
  PoolState shared_;
  AccessLogs logs_;
  std::vector<ParkedThread> threads_;  ///< Of workers that are not started yet.
  ListenerSockets sockets_;
  std::vector<NewListener> first_sockets_;  ///< Of workers that are not started yet.
  TrafficReader traffic_;
  LimitTable limits_;
  TargetCountsTable targets_;
  RouteBuilder builder_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<PoolChange> change_;  ///< Goes with the next publication.
  struct WorkerProgress {
    std::uint64_t events = 0;
    Mono watermark = Mono::min();
  };
  std::vector<WorkerProgress> progress_;  ///< By worker.
  bool is_stopped_ = false;
  LoginThread logins_;  ///< Goes before the workers, to whom it speaks.
};

}  // namespace teal::proxy
