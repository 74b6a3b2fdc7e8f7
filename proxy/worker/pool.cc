#include "proxy/worker/pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>

#include <boost/asio/post.hpp>

#include "base/assert.h"

namespace teal::proxy {
namespace {

/// How long a worker's stores may take to be seen, generously.
constexpr Micros kUnseen{20};

/// Idle connections to targets where nobody says how many there may be.
constexpr std::uint32_t kIdleUpstream = 1024;

/// How long control waits for workers to take a table, before it does something else meanwhile.
constexpr std::chrono::microseconds kHandOver{100};

/// Calls `done` on the control thread after `count` calls of arrive() from any threads, with the
/// time of the last one.
class Latch {
 public:
  Latch(boost::asio::io_context& control, const Clock& clock, std::size_t count,
        std::function<void(Mono)> done)
      : control_(control), clock_(clock), left_(count), done_(std::move(done)) {}

  void arrive() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    boost::asio::post(control_, [done = std::move(done_), at = clock_.mono()] { done(at); });
    all_.release();
  }
  /// Until the last one has arrived, but no longer.
  void wait(std::chrono::microseconds at_most) { static_cast<void>(all_.try_acquire_for(at_most)); }

 private:
  boost::asio::io_context& control_;
  const Clock& clock_;
  std::atomic<std::size_t> left_;
  std::function<void(Mono)> done_;
  std::binary_semaphore all_{0};
};

std::uint32_t workers_of(const config::Config& config) {
  return config.workers != 0 ? config.workers : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

WorkerPool::WorkerPool(boost::asio::io_context& control, Options options)
    : control_(control),
      options_(std::move(options)),
      shared_(options_.login_key),
      limits_(workers_of(*options_.config)),
      targets_(workers_of(*options_.config)),
      builder_({traffic_.slots(), limits_, targets_}, mix64(options_.seed)),
      logins_(*options_.clock, [this](std::uint32_t worker, std::uint64_t ticket, bool is_good) {
        workers_[worker]->post([&worker = *workers_[worker], ticket, is_good] {
          worker.on_login_checked(ticket, is_good);
        });
      }) {
  const config::Config& config = *options_.config;
  shared_.clock = options_.clock;
  shared_.log = options_.log;
  shared_.hop = Hop(options_.hop_id);
  shared_.access_format = config.access_log.format;
  shared_.access_query = config.access_log.query;
  shared_.workers = workers_of(config);
  shared_.idle_budget = std::make_unique<IdleBudget>(
      config.limits.idle_upstream.value_or(kIdleUpstream), shared_.workers);
  shared_.draws = options_.draws;
  shared_.logins = &logins_;
  shared_.loads = std::make_unique<ConnectionLoads>(shared_.workers);
  builder_.configure(config);
}

WorkerPool::~WorkerPool() {
  stop();
}

// ---- on worker threads --------------------------------------------------------------------------

void WorkerPool::reported() {
  boost::asio::post(control_, [this] { take_reports(); });
}

void WorkerPool::exposed() {
  boost::asio::post(control_, options_.on_exposed);
}

void WorkerPool::tallies(std::vector<TargetTally> tallies) {
  boost::asio::post(control_,
                    [this, tallies = std::move(tallies)] { options_.on_tallies(tallies); });
}

void WorkerPool::hand_over(std::size_t to, AcceptedConnection accepted) {
  const auto shared = std::make_shared<AcceptedConnection>(std::move(accepted));
  workers_[to]->post(
      [&worker = *workers_[to], shared] { worker.serve_connection(std::move(*shared)); });
}

void WorkerPool::call(std::size_t to, const std::shared_ptr<GroupLimits>& group) {
  workers_[to]->post([&worker = *workers_[to], group] { worker.on_called(*group); });
}

// ---- on the control thread ----------------------------------------------------------------------

PoolLoad WorkerPool::load() const {
  PoolLoad load;
  for (const ListenerView& listener : builder_.index().listeners)
    load.connections += listener.counts->connections.load(std::memory_order_relaxed);
  for (const Shard* shard : shards()) load.upstream += shard->upstream_connections.read();
  return load;
}

void WorkerPool::set_overload(OverloadLevel level) {
  shared_.overload.store(level, std::memory_order_relaxed);
  // Whoever sleeps is to hear of it.
  for (const auto& worker : workers_) worker->post([] {});
}

Result<void> WorkerPool::open() {
  const config::Config& config = *options_.config;
  if (config.access_log.format != config::AccessLog::Format::off) {
    Result<std::unique_ptr<AccessLogWriter>> opened = AccessLogWriter::open(config.access_log);
    if (!opened) return opened.error();
    logs_.replace(std::move(*opened));
    shared_.access_log = logs_.writer();
  }
  if (const Result<void> made = make_threads(); !made) return made.error();
  Result<std::vector<NewListener>> opened =
      ListenerSockets::open(plan_listeners({}, config), {}, shared_.workers);
  if (!opened) return opened.error();
  first_sockets_ = std::move(*opened);
  for (NewListener& each : first_sockets_) sockets_.add(each);
  return {};
}

Result<void> WorkerPool::make_threads() {
  for (std::uint32_t i = 0; i < shared_.workers; ++i) {
    Result<ParkedThread> thread = ParkedThread::make();
    if (!thread)
      return Error{Source::internal,
                   "cannot start thread " + std::to_string(i + 1) + " of " +
                       std::to_string(shared_.workers) + " workers: " + thread.error().message() +
                       "; raise the limit of threads (ulimit -u, TasksMax) or of memory, or lower "
                       "`workers`"};
    threads_.push_back(std::move(*thread));
  }
  return {};
}

void WorkerPool::start_workers(const RouteUpdate& first) {
  TEAL_ASSERT(!threads_.empty());
  std::vector<WorkerChange> sockets =
      sockets_for_workers(first_sockets_, builder_, shared_.workers);
  first_sockets_.clear();
  for (std::uint32_t i = 0; i < shared_.workers; ++i) {
    const WorkerLoop::Options options{.worker = i,
                                      .seed = mix64(options_.seed + i),
                                      .shared = shared_,
                                      .control = *this,
                                      .peers = *this};
    workers_.push_back(std::make_unique<Worker>(options, first, std::move(sockets[i].opened)));
  }
  progress_.resize(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->start(std::move(threads_[i]));
  threads_.clear();
}

void WorkerPool::publish(const Publication& publication, std::function<void(Mono)> applied) {
  traffic_.note(publication);
  const auto update = builder_.build(publication);
  applied = [this, version = publication.version, applied = std::move(applied)](Mono at) {
    traffic_.on_applied(version, shards());
    applied(at);
  };
  if (change_) {
    TEAL_ASSERT(!workers_.empty());
    PoolChange change = *std::exchange(change_, std::nullopt);
    std::vector<WorkerChange> changes = spread(change);
    applied = [this, plan = std::move(change.plan), applied = std::move(applied)](Mono at) {
      for (const SocketSetId each : plan.surplus) sockets_.remove(each);
      applied(at);
    };
    return hand_out(update, std::move(applied), std::move(changes));
  }
  if (workers_.empty()) {
    start_workers(*update);
    boost::asio::post(control_,
                      [applied = std::move(applied), at = options_.clock->mono()] { applied(at); });
    return;
  }
  hand_out(update, std::move(applied));
}

void WorkerPool::hand_out(const std::shared_ptr<const RouteUpdate>& update,
                          std::function<void(Mono)> applied, std::vector<WorkerChange> changes) {
  const auto latch =
      std::make_shared<Latch>(control_, *options_.clock, workers_.size(), std::move(applied));
  changes.resize(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const auto change =
        changes[i].is_empty() ? nullptr : std::make_shared<WorkerChange>(std::move(changes[i]));
    workers_[i]->post([&worker = *workers_[i], update, change, latch] {
      worker.take_routes(*update);
      if (change) worker.take_change(std::move(*change));
      latch->arrive();
    });
  }
  // With fewer cores than threads a worker may be waiting for this one, and what control does next
  // (the journal, the log) is less urgent than what the worker does with the routes. Not by
  // yield(): that forfeits a whole slice, and whatever fails next on the release finds control
  // waiting for its turn.
  latch->wait(kHandOver);
}

void WorkerPool::set_files(PoolFiles files) {
  take_files(std::move(files));
  if (workers_.empty()) return;
  if (const auto update = builder_.build_rest()) hand_out(update, [](Mono) {});
}

void WorkerPool::take_files(PoolFiles files) {
  builder_.set_error_pages(files.pages);
  builder_.set_tls(std::move(files.tls));
  builder_.set_passwords(std::move(files.passwords));
}

// ---- what the workers have counted --------------------------------------------------------------

std::vector<const Shard*> WorkerPool::shards() const {
  std::vector<const Shard*> shards;
  shards.reserve(workers_.size());
  for (const auto& worker : workers_) shards.push_back(&worker->shard());
  return shards;
}

std::vector<const Census*> WorkerPool::censuses() const {
  std::vector<const Census*> censuses;
  censuses.reserve(workers_.size());
  for (const auto& worker : workers_) censuses.push_back(worker->latest_census());
  return censuses;
}

Mono WorkerPool::watermark() {
  const Mono now = options_.clock->mono() - kUnseen;
  Mono settled = Mono::max();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const InFlightWatermark::Reading watermark = workers_[i]->read_watermark();
    WorkerProgress& progress = progress_[i];
    if (progress.events >= watermark.reported)
      progress.watermark =
          std::max(progress.watermark, std::min({watermark.oldest, watermark.turn, now}));
    settled = std::min(settled, progress.watermark);
  }
  return settled;
}

void WorkerPool::notify_at_watermark(Mono began) {
  for (std::size_t i = 0; i < workers_.size(); ++i)
    workers_[i]->notify_at_watermark(progress_[i].watermark > began ? Mono::max() : began);
}

std::optional<TrafficReading> WorkerPool::read_traffic_after(const TrafficKey& key) const {
  return traffic_.read_after(key, shards());
}

std::optional<TargetReading> WorkerPool::read_target_after(const TargetKey& key) const {
  return targets_.read_after(key);
}

TrafficCounters WorkerPool::read_traffic(const TrafficKey& key) const {
  return traffic_.read(key, shards());
}

StageReading WorkerPool::read_stage(const TrafficKey& key, Stage stage) const {
  return traffic_.read(key, stage, {shards(), censuses()});
}

std::uint64_t WorkerPool::read_requests(const TrafficKey& key) const {
  return traffic_.read_requests(key, shards());
}

std::uint64_t WorkerPool::read_activity(ServiceId service) const {
  std::uint64_t sum = 0;
  for (const Shard* const shard : shards()) sum += shard->read_activity(service);
  return sum;
}

Tallies WorkerPool::read_tallies(const TrafficKey& key, std::uint64_t deployment) const {
  return traffic_.read_tallies(key, deployment, shards());
}

GroupInFlight WorkerPool::read_in_flight(const std::string& service, Colour colour) const {
  return traffic_.read_in_flight(service, colour, {shards(), censuses()});
}

std::vector<MetricSample> WorkerPool::read_stats() const {
  const std::vector<const Shard*> all = shards();
  std::vector<MetricSample> samples = proxy::read_stats(all);
  const std::vector<ListenerView>& listeners = builder_.index().listeners;
  for (ListenerId id = 0; id < listeners.size(); ++id) {
    std::vector<const ListenerShard*> of_listener;
    for (const Shard* shard : all)
      if (const ListenerShard* const found = shard->find_listener(id)) of_listener.push_back(found);
    std::ranges::move(proxy::read_stats(*listeners[id].spec, of_listener),
                      std::back_inserter(samples));
  }
  samples.push_back({.name = "teal_traffic_slots_shared_total",
                     .help = "Times that a group's numbers had to share their place.",
                     .type = MetricSample::Type::counter,
                     .labels = {},
                     .value = static_cast<double>(traffic_.slots().crowded())});
  samples.push_back({.name = "teal_upstream_connections_idle_limit",
                     .help = "How many idle connections to targets are kept at most.",
                     .type = MetricSample::Type::gauge,
                     .labels = {},
                     .value = static_cast<double>(shared_.idle_budget->limit())});
  const std::optional<AccessLogHealth> log = logs_.health();
  if (!log) return samples;
  using Type = MetricSample::Type;
  const auto add = [&](const char* name, const char* help, Type type, std::uint64_t value) {
    samples.push_back({name, help, type, {}, static_cast<double>(value)});
  };
  add("teal_access_log_write_errors_total",
      "Times that the access log's file refused a write or a reopening.", Type::counter,
      log->errors);
  add("teal_access_log_lost_lines_total", "Lines that the access log's file did not take.",
      Type::counter, log->lost);
  add("teal_access_log_failing", "1: the access log's file refused the last write.", Type::gauge,
      log->failing != 0 ? 1 : 0);
  return samples;
}

std::vector<MetricSample> WorkerPool::read_service_stats(const config::Service& service) const {
  std::vector<const ServiceShard*> of_service;
  if (const std::optional<ServiceId> id = builder_.service_id(service.name))
    for (const Shard* shard : shards())
      if (const ServiceShard* const found = shard->find_service(*id)) of_service.push_back(found);
  return proxy::read_stats(service, of_service);
}

void WorkerPool::take_reports() {
  // What the last requests leave behind is nobody's business any more: control may have closed.
  if (is_stopped_) return;
  std::vector<BadOutcome> outcomes;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    std::optional<ReportBatch> reports = workers_[i]->take_reports();
    if (!reports) continue;
    for (const ReportBatch::Judged& each : reports->judged)
      options_.on_judged_event(each.service, each.event);
    WorkerProgress& progress = progress_[i];
    progress.events += reports->judged.size();
    progress.watermark = std::max(progress.watermark, reports->watermark);
    if (!reports->judged.empty() || reports->is_settled) options_.on_judged(reports->at);
    std::ranges::move(reports->outcomes, std::back_inserter(outcomes));
  }
  // The comparison first: it needs the fewest events, and nobody should wait for the others.
  for (const BadOutcome& each : outcomes) options_.on_bad_outcome(each);
}

void WorkerPool::ask_all(std::function<void(Mono at)> answered) {
  if (workers_.empty()) return;
  const auto latch =
      std::make_shared<Latch>(control_, *options_.clock, workers_.size(), std::move(answered));
  for (const auto& worker : workers_) worker->post([latch] { latch->arrive(); });
}

void WorkerPool::drain(std::function<void()> idle) {
  if (workers_.empty()) {
    boost::asio::post(control_, std::move(idle));
    return;
  }
  shared_.is_draining.store(true, std::memory_order_relaxed);
  const auto latch = std::make_shared<Latch>(control_, *options_.clock, workers_.size(),
                                             [idle = std::move(idle)](Mono) { idle(); });
  for (const auto& worker : workers_)
    worker->post([&worker = *worker, latch] { worker.drain([latch] { latch->arrive(); }); });
}

void WorkerPool::stop() {
  if (std::exchange(is_stopped_, true)) return;
  logins_.stop();
  for (const auto& worker : workers_) worker->post([&worker = *worker] { worker.stop(); });
  for (const auto& worker : workers_) worker->join();
  sockets_.close();
}

}  // namespace teal::proxy
