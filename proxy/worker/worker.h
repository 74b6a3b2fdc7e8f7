// Worker: one thread with its own reactor, listening sockets, connections, kept upstream
// connections, counters and copy of the RouteTable. Everything inside is single-threaded by
// construction: no locks, no shared reference counts (docs/adr/0002).
//
// Made and stopped by WorkerPool (control thread), which talks to it by post only. The accessors
// are for the worker's own connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/log.h"
#include "base/rng.h"
#include "base/siphash.h"
#include "net/io/reactor.h"
#include "net/io/timer_wheel.h"
#include "proxy/downstream/accepted.h"
#include "proxy/headers/compress.h"
#include "proxy/headers/error_pages.h"
#include "proxy/headers/via.h"
#include "proxy/loop/channel.h"
#include "proxy/loop/parked_thread.h"
#include "proxy/loop/pipe_pool.h"
#include "proxy/loop/target_runtime.h"
#include "proxy/loop/tls_table.h"
#include "proxy/policy/client_connections.h"
#include "proxy/policy/overload.h"
#include "proxy/policy/placement.h"
#include "proxy/policy/rate_limit.h"
#include "proxy/telemetry/access_log.h"
#include "proxy/telemetry/census.h"
#include "proxy/telemetry/report_mailbox.h"
#include "proxy/telemetry/shard.h"
#include "proxy/telemetry/watermark.h"

namespace teal::proxy {

class Downstream;
class Exchange;
class Acceptor;

/// Connections of one listener over all workers; touched when one opens or closes only.
struct ListenerGauge {
  std::atomic<std::uint32_t> connections{0};
};

/// A table on its way to a worker.
struct PendingTable {
  std::shared_ptr<const RouteTable> table;
  std::function<void()> applied;  ///< Called on the worker's thread, when it runs on the table.
};

/// What every worker of a pool shares. All of it outlives the workers.
struct WorkerShared {
  const Clock* clock = nullptr;
  Log* log = nullptr;
  AccessLogWriter* access_log = nullptr;  ///< Null: off.
  config::AccessLog::Format access_format = config::AccessLog::Format::off;
  config::AccessLog::Query access_query = config::AccessLog::Query::full;
  std::uint32_t workers = 1;
  SipKey draws;  ///< What splitters are seeded with.
  Hop hop{0};    ///< This process in the Via of requests.
  std::unique_ptr<IdleBudget> idle_budget;
  std::vector<std::unique_ptr<ListenerGauge>> gauges;  ///< As Config::listeners.
  std::unique_ptr<ConnectionLoads> loads;
  std::shared_ptr<const ErrorPages> error_pages;
  std::vector<std::unique_ptr<ClientConnectionLimiter>>
      client_places;                                      ///< Likewise; null: no limit.
  std::vector<std::unique_ptr<RateLimiter>> rate_limits;  ///< By config::RateLimit::place.
  std::atomic<OverloadLevel> overload{OverloadLevel::none};
  /// Descriptors from these on are not for clients, or not for targets either: what control and
  /// probes need is kept back.
  std::atomic<int> descriptors_for_clients{std::numeric_limits<int>::max()};
  std::atomic<int> descriptors_for_targets{std::numeric_limits<int>::max()};
  std::atomic<bool> draining{false};  ///< From now on whoever accepts a connection keeps it.
  /// Gives an accepted connection to another worker; called on worker threads.
  std::function<void(std::size_t to, AcceptedConnection)> hand_over;
  /// Tells another worker that there is room for its waiting requests; called on worker threads.
  std::function<void(std::size_t to, std::shared_ptr<GroupLimits>)> call;
  /// Tells control that a worker has reports (Worker::take_reports); called on worker threads.
  std::function<void()> reported;
  /// Tells control that an exposure has news; called on worker threads.
  std::function<void()> exposed;
  /// Takes what a worker saw of the targets that are compared, about once a second.
  std::function<void(std::vector<TargetTally>)> tallies;
};

class Worker {
 public:
  struct ListenerSocket {
    net::Socket socket;
    std::size_t listener = 0;
    bool shared = false;  ///< With other workers (Unix sockets).
  };

  Worker(std::uint32_t index, const WorkerShared& shared, std::uint64_t seed,
         std::shared_ptr<const RouteTable> first, std::shared_ptr<const TlsTable> tls,
         std::vector<ListenerSocket> sockets);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // ---- for the pool, any thread
  void start(ParkedThread thread);
  void join();
  /// Runs it on the worker's thread, in the order given.
  void post(std::function<void()> work);
  const Shard& shard() const { return *shard_; }
  InFlightWatermark::Reading read_untold() const { return watermark_.read(); }
  /// Control only. Null before the first; good until the next call.
  const Census* latest_census() { return census_box_.latest(); }
  /// As InFlightWatermark::want().
  void notify_at_watermark(Mono began) { watermark_.want(began); }
  /// Tables are taken in the order in which they are given, and before the worker's next event: a
  /// busy worker has hundreds in a turn.
  void publish_table(PendingTable news);

  // ---- for the pool, posted
  /// For the connections to come.
  void take_tls(std::shared_ptr<const TlsTable> tls) { tls_ = std::move(tls); }
  /// No new connections; the open ones end with their request. `idle` is called when none is left.
  void drain(std::function<void()> idle);
  /// Cuts what still runs and leaves the loop.
  void stop();
  /// Serves a connection that another worker has accepted.
  void adopt(AcceptedConnection accepted);
  /// There may be room for those of its requests that wait there.
  void on_called(const GroupLimits& group);
  /// Control: what there is to be told. The worker may send the next batch.
  std::optional<ReportBatch> take_reports();

  // ---- for the worker's connections
  const WorkerShared& shared() const { return shared_; }
  net::Reactor& reactor() { return reactor_; }
  net::TimerWheel& wheel() { return wheel_; }
  Gather& gather() { return gather_; }
  PipePool& pipes() { return pipes_; }
  Shard& counters() { return *shard_; }
  Rng& rng() { return rng_; }
  Mono now() const { return now_; }
  WallTime wall() const { return wall_; }
  /// The Date header's text of this second.
  std::string_view date() const { return date_; }
  const PinnedTable& table() const { return table_; }
  const TlsTable& tls() const { return *tls_; }
  net::TlsScratch& tls_scratch() { return tls_scratch_; }
  bool is_draining() const { return draining_; }
  /// As of this turn.
  OverloadLevel overload() const { return overload_; }
  /// Clients' connections end with their request.
  bool ends_connections() const { return ends_connections_; }
  /// How long a connection of a client may be idle that may be for `keep_alive`.
  Millis idle_limit(Millis keep_alive) const {
    return overload_ == OverloadLevel::none ? keep_alive : short_idle_limit(keep_alive);
  }
  /// At least `size` bytes to read into; good until the callback's end.
  std::span<char> scratch(std::size_t size);
  std::vector<Candidate>& candidates() { return candidates_; }
  /// Calls channel.resume() when the present callback is over.
  void resume_soon(Channel& channel);
  /// The same after the other connections' events have had their turn.
  void resume_next_turn(Channel& channel);
  /// Calls channel.finish_turn() when all events of this turn were handled: what many of them have
  /// to say to one connection leaves at once.
  void resume_after_turn(Channel& channel) { late_.emplace_back(&channel); }
  IdlePool& idle_pool() { return idle_pool_; }
  // ---- requests that wait for room (worker/limits.cc)
  /// Lets the group's waiting requests try again when the present callback is over.
  void wake_soon(const boost::local_shared_ptr<GroupRuntime>& group);
  /// A place has come free: calls who has waited longest for one, here or on another worker.
  void offer_room(const boost::local_shared_ptr<GroupRuntime>& group);
  /// Some target of the group has a place that nobody was promised.
  bool has_room(const GroupRuntime& group) const;
  std::uint64_t next_queue_number() { return ++queue_numbers_; }
  /// Others are to know since when this worker's oldest waits. After each change of it.
  void show_waiting(const GroupRuntime& group);

  /// Null: there are as many as there may be, or there is no memory.
  std::unique_ptr<Compressor> take_compressor(Coding coding);
  void give_back(std::unique_ptr<Compressor> compressor);
  std::unique_ptr<Exchange> take_exchange();
  void give_back(std::unique_ptr<Exchange> exchange);

  /// Serves it, here or on a worker that has less to do.
  void welcome(AcceptedConnection accepted);
  void opened(Downstream& downstream, std::size_t listener);
  /// The same connection under another object.
  void replaced(Downstream& old, Downstream& by);
  void closed(Downstream& downstream, std::size_t listener);
  InFlightWatermark& watermark() { return watermark_; }
  /// A number that no other request has.
  std::uint64_t next_judged_number() { return unique(++judged_numbers_); }
  /// A number of this worker's as one that no other worker has.
  std::uint64_t unique(std::uint64_t number) const {
    return ((numbers_from_ + number) & kNumbers) | std::uint64_t{index_} << 48U;
  }
  // Both leave when the present callback is over.
  void report(const BadOutcome& outcome);
  /// False where control has enough of these for now; that is counted. Ask before making one.
  bool takes(JudgedEvent::Kind kind);
  void report(std::uint32_t service, const JudgedEvent& event);
  /// Appends one line to the access log, if it is on. The record's texts may be cut.
  void log_access(AccessRecord& record);

 private:
  boost::local_shared_ptr<TargetRuntime> target_runtime(
      const GroupView& view, std::size_t index, const config::Service& service,
      const boost::local_shared_ptr<GroupRuntime>& group);
  /// A connection that was placed here is no more.
  void release_place(std::size_t listener);
  void tell_idle();
  void follow_overload();
  Millis short_idle_limit(Millis keep_alive) const;
  void run();
  void apply_tables();
  void take_table(const RouteTable& table);
  bool has_reports() const { return !reports_.empty() || watermark_.is_settled(); }
  /// Something that a verdict may wait for. Slow requests are many, and wait for the tick unless
  /// control waits.
  bool has_urgent_reports() const {
    return errors_waiting_ > 0 || !reports_.outcomes.empty() || watermark_.is_settled() ||
           (!reports_.judged.empty() && watermark_.is_wanted());
  }
  void read_clock();
  void after_each();
  void after_turn();
  void resume_late();
  void run_posted();
  Millis until_next_turn() const;
  void tick();
  void send_urgent_reports();
  void send_reports();
  void take_census();
  void each_second();
  void send_tallies();
  void hand_over_log();
  void close_idle_of(TargetRuntime& target);
  void serve_waiting(const boost::local_shared_ptr<GroupRuntime>& group);
  void let_waiting_try(GroupRuntime& group);
  void call_worker(std::size_t worker, const boost::local_shared_ptr<GroupRuntime>& group);
  void close_surplus();
  PinnedTable pin(const RouteTable& table);

  const std::uint32_t index_;
  const WorkerShared& shared_;
  boost::asio::io_context io_;  ///< Brings what other threads post.
  Rng rng_;
  Mono now_;
  WallTime wall_;
  std::string date_;
  std::int64_t date_second_ = -1;
  net::TimerWheel wheel_;
  std::unique_ptr<Shard> shard_;
  IdlePool idle_pool_;
  Gather gather_;
  PipePool pipes_;
  std::vector<char> scratch_;
  std::vector<Candidate> candidates_;
  ByteBuffer log_buffer_;
  std::uint64_t log_lines_ = 0;                ///< In log_buffer_.
  ByteBuffer logged_target_, logged_referer_;  ///< Without what is not to be logged.
  std::vector<std::unique_ptr<Exchange>> spare_exchanges_;
  std::vector<std::unique_ptr<Exchange>> dead_exchanges_;
  std::vector<boost::intrusive_ptr<Channel>> resume_;
  std::vector<boost::intrusive_ptr<Channel>> resume_later_;
  std::vector<boost::intrusive_ptr<Channel>> late_;
  std::vector<boost::local_shared_ptr<GroupRuntime>> wake_;
  static constexpr std::uint64_t kNumbers = (std::uint64_t{1} << 48U) - 1;

  std::atomic<bool> has_pending_tables_{false};
  std::mutex pending_tables_mutex_;  ///< Taken once per publication.
  std::deque<PendingTable> pending_tables_;
  bool is_taking_news_ = false;

  InFlightWatermark watermark_;
  const std::uint64_t numbers_from_;  ///< Random: a restart must not give old numbers again.
  std::uint64_t judged_numbers_ = 0;
  std::uint64_t queue_numbers_ = 0;
  ReportBatch reports_;
  ReportMailbox report_mailbox_;
  std::uint32_t urgent_batches_ = 0;  ///< Sent since the last tick.
  Mono next_tick_;                    ///< Of wheel_.
  Mono second_;                       ///< When each_second() was last called.
  std::uint32_t errors_waiting_ = 0;  ///< In reports_.judged.
  std::uint32_t slow_this_tick_ = 0;  ///< Slow requests told since the last tick.
  std::unordered_set<Downstream*> downstreams_;
  CensusTaker census_;
  CensusBox census_box_;
  std::size_t census_bucket_ = 0;   ///< Of downstreams_, the next one to look at.
  std::size_t census_buckets_ = 0;  ///< As many as there were when it began.
  bool watches_ages_ = false;       ///< As some service of the table says.
  std::uint32_t compressors_ = 0;   ///< That are taken.
  OverloadLevel overload_ = OverloadLevel::none;
  OverloadLevel followed_ = OverloadLevel::none;  ///< What the connections have been told.
  std::unordered_map<TargetId, boost::local_shared_ptr<TargetRuntime>> targets_;
  std::unordered_map<std::string, boost::local_shared_ptr<GroupRuntime>> groups_;
  std::unordered_map<const GroupLimits*, boost::local_shared_ptr<GroupRuntime>> groups_by_limits_;
  std::unordered_map<std::string, boost::local_shared_ptr<ServiceRuntime>> services_;
  PinnedTable table_;
  std::shared_ptr<const TlsTable> tls_;
  net::TlsScratch tls_scratch_;
  std::vector<boost::intrusive_ptr<Acceptor>> listenings_;
  bool draining_ = false;
  bool ends_connections_ = false;
  bool stopping_ = false;
  std::function<void()> on_idle_;
  net::Reactor reactor_;
  ParkedThread thread_;
};

}  // namespace teal::proxy
