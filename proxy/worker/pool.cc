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
#include "proxy/routing/sticky.h"

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

}  // namespace

WorkerPool::WorkerPool(boost::asio::io_context& control, Options options)
    : control_(control), options_(std::move(options)) {
  const config::Config& config = *options_.config;
  if (!options_.tls) {
    auto plain = std::make_shared<TlsTable>();
    plain->listeners.resize(config.listeners.size());
    plain->services.resize(config.services.size());
    options_.tls = std::move(plain);
  }
  shared_.clock = options_.clock;
  shared_.log = options_.log;
  shared_.hop = Hop(options_.hop_id);
  shared_.access_format = config.access_log.format;
  shared_.access_query = config.access_log.query;
  shared_.workers =
      config.workers != 0 ? config.workers : std::max(1U, std::thread::hardware_concurrency());
  limits_ = std::make_unique<LimitTable>(shared_.workers);
  targets_ = std::make_unique<TargetCountsTable>(shared_.workers);
  shared_.idle_budget = std::make_unique<IdleBudget>(
      config.limits.idle_upstream.value_or(kIdleUpstream), shared_.workers);
  for (std::size_t i = 0; i < config.listeners.size(); ++i)
    shared_.gauges.push_back(std::make_unique<ListenerGauge>());
  for (const config::Listener& listener : config.listeners) {
    const std::uint32_t most = listener.limits.connections_per_client;
    shared_.client_limiters.push_back(most == 0 ? nullptr
                                                : std::make_unique<ClientConnectionLimiter>(most));
  }
  make_rate_limits();
  shared_.error_pages = std::make_shared<const ErrorPages>();
  shared_.draws = options_.draws;
  sticky_.resize(config.services.size());
  shared_.loads = std::make_unique<ConnectionLoads>(shared_.workers);
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

void WorkerPool::make_rate_limits() {
  const auto make = [this](const std::optional<config::RateLimit>& limit) {
    if (limit && limit->index == shared_.rate_limits.size())
      shared_.rate_limits.push_back(
          std::make_unique<RateLimiter>(*limit, mix64(options_.seed ^ limit->index)));
  };
  for (const config::Service& service : options_.config->services) {
    make(service.actions.rate_limit);
    for (const config::Route& route : service.routes) make(route.actions.rate_limit);
  }
}

PoolLoad WorkerPool::load() const {
  PoolLoad load;
  for (const auto& gauge : shared_.gauges)
    load.connections += gauge->connections.load(std::memory_order_relaxed);
  for (const Shard* shard : shards())
    for (std::size_t i = 0; i < options_.config->services.size(); ++i)
      load.upstream += shard->service(i).read(ServiceStat::upstream_active_connections) +
                       shard->service(i).read(ServiceStat::upstream_idle_connections);
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
    access_log_ = std::move(*opened);
    shared_.access_log = access_log_.get();
  }
  if (const Result<void> made = make_threads(); !made) return made.error();
  Result<ListenerSockets> sockets = ListenerSockets::open(config, shared_.workers);
  if (!sockets) return sockets.error();
  sockets_ = std::move(*sockets);
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

void WorkerPool::start_workers(const RouteTable& first) {
  TEAL_ASSERT(!sockets_.empty());
  for (std::uint32_t i = 0; i < shared_.workers; ++i) {
    const WorkerLoop::Options options{.worker = i,
                                      .seed = mix64(options_.seed + i),
                                      .shared = shared_,
                                      .control = *this,
                                      .peers = *this};
    workers_.push_back(std::make_unique<Worker>(options, first, options_.tls, sockets_.take(i)));
  }
  progress_.resize(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->start(std::move(threads_[i]));
  threads_.clear();
}

void WorkerPool::publish(std::uint64_t version, const std::vector<ServiceState>& states,
                         std::function<void(Mono)> applied) {
  RouteTable built = traffic_.build(version, options_.config, states);
  applied = [this, version, applied = std::move(applied)](Mono at) {
    traffic_.on_applied(version, shards());
    applied(at);
  };
  for (ServiceView& service : built.services) service.sticky = sticky_[service.index];
  limits_->attach(built);
  targets_->attach(built);
  const auto table = std::make_shared<const RouteTable>(std::move(built));
  if (workers_.empty()) {
    start_workers(*table);
    boost::asio::post(control_,
                      [applied = std::move(applied), at = options_.clock->mono()] { applied(at); });
    return;
  }
  const auto latch =
      std::make_shared<Latch>(control_, *options_.clock, workers_.size(), std::move(applied));
  for (const auto& worker : workers_)
    worker->post([&worker = *worker, table, latch] {
      worker.take_table(*table);
      latch->arrive();
    });
  // With fewer cores than threads a worker may be waiting for this one, and what control does next
  // (the journal, the log) is less urgent than what the worker does with the table. Not by
  // yield(): that forfeits a whole slice, and whatever fails next on the release finds control
  // waiting for its turn.
  latch->wait(kHandOver);
}

void WorkerPool::set_tls(std::shared_ptr<const TlsTable> tls) {
  options_.tls = std::move(tls);
  for (const auto& worker : workers_)
    worker->post([&worker = *worker, tls = options_.tls] { worker.take_tls(tls); });
}

void WorkerPool::set_sticky_secrets(const StickySecrets& secrets) {
  const std::vector<config::Service>& services = options_.config->services;
  for (std::size_t i = 0; i < services.size(); ++i)
    if (services[i].sticky)
      sticky_[i] = std::make_shared<const StickyCookies>(secrets, services[i].name);
}

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
  return targets_->read_after(key);
}

TrafficCounters WorkerPool::read_traffic(const TrafficKey& key) const {
  return traffic_.read(key, shards());
}

StageReading WorkerPool::read_stage(const TrafficKey& key, Stage stage) const {
  return traffic_.read(key, stage, {shards(), censuses()});
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
  for (std::size_t i = 0; i < options_.config->listeners.size(); ++i) {
    std::vector<const ListenerShard*> of_listener;
    for (const Shard* shard : all) of_listener.push_back(&shard->listener(i));
    std::ranges::move(proxy::read_stats(options_.config->listeners[i], of_listener),
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
  const std::optional<AccessLogHealth> log = access_log_health();
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

std::vector<MetricSample> WorkerPool::read_service_stats(std::size_t index) const {
  std::vector<const ServiceShard*> of_service;
  for (const Shard* shard : shards()) of_service.push_back(&shard->service(index));
  return proxy::read_stats(options_.config->services[index], of_service);
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

std::optional<AccessLogHealth> WorkerPool::access_log_health() const {
  if (!access_log_) return std::nullopt;
  return access_log_->health();
}

void WorkerPool::reopen_access_log() {
  if (access_log_) access_log_->reopen();
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
  for (const auto& worker : workers_) worker->post([&worker = *worker] { worker.stop(); });
  for (const auto& worker : workers_) worker->join();
  sockets_.close();
}

}  // namespace teal::proxy
