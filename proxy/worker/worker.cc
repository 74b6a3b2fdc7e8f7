#include "proxy/worker/worker.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/smart_ptr/make_local_shared.hpp>

#include "base/assert.h"
#include "proxy/downstream/acceptor.h"
#include "proxy/downstream/downstream.h"
#include "proxy/exchange/exchange.h"
#include "proxy/headers/rewrite.h"
#include "proxy/upstream/http1_upstream.h"
#include "proxy/upstream/http2_upstream.h"

namespace teal::proxy {
namespace {

constexpr std::size_t kScratch = 64 * 1024;
constexpr std::size_t kLogBatch = 32 * 1024;
constexpr std::size_t kSpareExchanges = 1024;
constexpr Millis kSecond{1000};

}  // namespace

Worker::Worker(std::uint32_t index, const WorkerShared& shared, std::uint64_t seed,
               std::shared_ptr<const RouteTable> first, std::shared_ptr<const TlsTable> tls,
               std::vector<ListenerSocket> sockets)
    : index_(index),
      shared_(shared),
      io_(1),
      rng_(seed),
      now_(shared.clock->mono()),
      wheel_(now_),
      shard_(
          std::make_unique<Shard>(first->config->services.size(), first->config->listeners.size())),
      idle_pool_(*shared.idle_budget),
      scratch_(kScratch),
      numbers_from_(rng_.next() & kNumbers),
      tls_(std::move(tls)),
      reactor_({.before_turn = [this] { read_clock(); },
                .after_each = [this] { after_each(); },
                .woken = [this] { run_posted(); },
                .after_turn = [this] { after_turn(); }}) {
  read_clock();
  take_table(*first);
  for (ListenerSocket& each : sockets)
    listenings_.emplace_back(
        new Acceptor(*this, std::move(each.socket), each.listener, each.shared));
}

Worker::~Worker() {
  TEAL_ASSERT(!thread_);
}

void Worker::start(ParkedThread thread) {
  for (const auto& listening : listenings_)
    if (const Result<void> opened = listening->open(); !opened)
      shared_.log->error("cannot watch a listener", {{"reason", opened.error().message()}});
  thread_ = std::move(thread);
  thread_.run([this] { run(); });
}

void Worker::run() {
  pthread_setname_np(pthread_self(), ("teal-w" + std::to_string(index_)).c_str());
  overload_ = shared_.overload.load(std::memory_order_relaxed);
  if (overload_ != followed_) follow_overload();  // It may have begun before the worker did.
  while (!stopping_) reactor_.turn(until_next_turn());
  // Whatever is left is let go of on its own thread.
  for (const auto& listening : listenings_) listening->close();
  listenings_.clear();
  for (auto& [id, target] : targets_) close_idle_of(*target);
  gather_.flush();
  resume_.clear();
  resume_later_.clear();
  late_.clear();
  hand_over_log();
}

void Worker::join() {
  thread_ = {};
}

void Worker::read_clock() {
  watermark_.before_turn(now_);
  now_ = shared_.clock->mono();
  watermark_.on_turn(now_);
  overload_ = shared_.overload.load(std::memory_order_relaxed);
  wall_ = shared_.clock->wall();
  const std::int64_t second = wall_.time_since_epoch().count() / 1000;
  if (second == date_second_) return;
  date_second_ = second;
  date_ = format_http_date(wall_);
}

void Worker::after_each() {
  send_urgent_reports();
  gather_.flush();
  while (!resume_.empty() || !wake_.empty()) {
    if (!resume_.empty()) {
      const boost::intrusive_ptr<Channel> channel = std::move(resume_.back());
      resume_.pop_back();
      channel->unmark_resume();
      channel->resume();
    } else {
      const boost::local_shared_ptr<GroupRuntime> group = std::move(wake_.back());
      wake_.pop_back();
      group->wake_pending = false;
      serve_waiting(group);
    }
    gather_.flush();
  }
  send_urgent_reports();
  dead_exchanges_.clear();
  if (has_pending_tables_.load(std::memory_order_relaxed)) apply_tables();
}

void Worker::after_turn() {
  if (!resume_later_.empty()) {
    for (const auto& each : std::exchange(resume_later_, {})) resume_soon(*each);
    after_each();
  }
  if (now_ >= next_tick_) tick();
  if (overload_ != followed_) [[unlikely]]
    follow_overload();
  if (!late_.empty()) resume_late();
  watermark_.on_idle();
  send_urgent_reports();
  if (log_buffer_.size() >= kLogBatch) hand_over_log();
}

void Worker::resume_late() {
  // What they say may make others have something to say; those come next.
  while (!late_.empty()) {
    const auto channels = std::exchange(late_, {});
    for (const auto& each : channels) each->finish_turn();
    after_each();
  }
}

/// Until something is due, if no event comes before.
Millis Worker::until_next_turn() const {
  if (!resume_later_.empty()) return Millis(0);
  return std::max(std::chrono::ceil<Millis>(next_tick_ - now_), Millis(0));
}

void Worker::tick() {
  next_tick_ = now_ + net::TimerWheel::kTick;
  slow_this_tick_ = 0;
  idle_pool_.tick();
  wheel_.advance(now_);
  after_each();
  take_census();
  urgent_batches_ = 0;
  if (has_reports() && !report_mailbox_.is_full()) send_reports();
  if (now_ - second_ >= kSecond) each_second();
  hand_over_log();
}

std::span<char> Worker::scratch(std::size_t size) {
  if (scratch_.size() < size) scratch_.resize(size);
  return scratch_;
}

void Worker::resume_soon(Channel& channel) {
  if (channel.mark_resume()) resume_.emplace_back(&channel);
}

void Worker::resume_next_turn(Channel& channel) {
  resume_later_.emplace_back(&channel);
}

void Worker::post(std::function<void()> work) {
  boost::asio::post(io_, std::move(work));
  reactor_.wake();
}

void Worker::run_posted() {
  io_.restart();
  io_.poll();
}

std::unique_ptr<Compressor> Worker::take_compressor(Coding coding) {
  if (compressors_ >= kMostCompressors) return nullptr;
  std::unique_ptr<Compressor> made = Compressor::make(coding);
  if (made) ++compressors_;
  return made;
}

void Worker::give_back(std::unique_ptr<Compressor> compressor) {
  compressor.reset();
  --compressors_;
}

std::unique_ptr<Exchange> Worker::take_exchange() {
  if (spare_exchanges_.empty()) return std::make_unique<Exchange>(*this);
  std::unique_ptr<Exchange> exchange = std::move(spare_exchanges_.back());
  spare_exchanges_.pop_back();
  return exchange;
}

void Worker::give_back(std::unique_ptr<Exchange> exchange) {
  // It may be one of its own functions that calls: it lives on to the end of the callback.
  if (spare_exchanges_.size() < kSpareExchanges) {
    spare_exchanges_.push_back(std::move(exchange));
  } else {
    dead_exchanges_.push_back(std::move(exchange));
  }
}

void Worker::welcome(AcceptedConnection accepted) {
  const bool draining = shared_.draining.load(std::memory_order_relaxed);
  const std::size_t chosen = draining ? shared_.loads->keep(index_) : shared_.loads->place(index_);
  if (chosen != index_) {
    counters().listener(accepted.listener)[ListenerStat::connections_handed_over].add();
    shared_.hand_over(chosen, std::move(accepted));
    return;
  }
  Downstream::open(*this, std::move(accepted));
}

void Worker::adopt(AcceptedConnection accepted) {
  if (stopping_) {
    release_place(accepted.listener);
    return;
  }
  Downstream::open(*this, std::move(accepted));
  after_each();
}

void Worker::release_place(std::size_t listener) {
  shared_.loads->closed(index_);
  shared_.gauges[listener]->connections.fetch_sub(1, std::memory_order_relaxed);
}

void Worker::opened(Downstream& downstream, std::size_t listener) {
  downstreams_.insert(&downstream);
  counters().listener(listener)[ListenerStat::connections_active].add();
}

void Worker::replaced(Downstream& old, Downstream& by) {
  downstreams_.erase(&old);
  downstreams_.insert(&by);
}

void Worker::closed(Downstream& downstream, std::size_t listener) {
  release_place(listener);
  downstreams_.erase(&downstream);
  counters().listener(listener)[ListenerStat::connections_active].subtract();
  tell_idle();
}

/// Connections on their way here count: they have been accepted.
void Worker::tell_idle() {
  if (draining_ && shared_.loads->open(index_) == 0 && on_idle_) std::exchange(on_idle_, nullptr)();
}

// ---- tables -------------------------------------------------------------------------------------

boost::local_shared_ptr<TargetRuntime> Worker::target_runtime(
    const GroupView& view, std::size_t index, const config::Service& service,
    const boost::local_shared_ptr<GroupRuntime>& group) {
  const TargetState& target = view.targets[index];
  auto& runtime = targets_[target.id];
  if (!runtime) {
    runtime = boost::make_local_shared<TargetRuntime>();
    runtime->id = target.id;
    runtime->address = to_string(target.address);
    runtime->endpoint = net::to_endpoint(target.address);
    runtime->where = target.address;
    runtime->limits = view.target_limits[index];
  }
  runtime->service = group->service;
  runtime->stats = &shard_->service(group->service);
  runtime->counted_in = view.target_counts.empty() ? nullptr : view.target_counts[index];
  runtime->counts = runtime->counted_in ? &(*runtime->counted_in)[index_] : nullptr;
  runtime->group = group;
  runtime->retired = false;
  // When it comes back it begins anew, or its first failure would eject it again.
  if (target.ejected) runtime->consecutive_failures = runtime->consecutive_gateway = 0;
  runtime->in_flight_limit = service.limits.in_flight_per_target;
  runtime->idle_limit = service.limits.idle_per_target;
  runtime->idle_timeout = service.timeouts.upstream_idle;
  runtime->upstream_settings = service.upstream;
  return runtime;
}

PinnedTable Worker::pin(const RouteTable& routes) {
  auto table = boost::make_local_shared<WorkerTable>();
  table->routes = routes;
  table->services.reserve(routes.services.size());
  for (ServiceView& view : table->routes.services) {
    const config::Service& spec = *view.spec;
    WorkerTable::Service service;
    auto& service_runtime = services_[spec.name];
    // Whoever has seen the ids of a few requests knows what rng_ gave and gives, but not this.
    if (!service_runtime)
      service_runtime =
          boost::make_local_shared<ServiceRuntime>(siphash(shared_.draws, rng_.next(), index_));
    service.runtime = service_runtime;
    for (const Colour colour : kColours) {
      GroupView& group = view.groups[colour];
      auto& group_runtime = groups_[spec.name + '/' + std::string(to_string(colour))];
      if (!group_runtime) {
        group_runtime = boost::make_local_shared<GroupRuntime>(rng_.next());
        group_runtime->limits = group.limits;
        groups_by_limits_[group.limits.get()] = group_runtime;
      }
      group_runtime->service = view.index;
      group_runtime->colour = colour;
      group_runtime->pending_limit = spec.limits.pending;
      group_runtime->in_flight_limit = spec.limits.in_flight_per_group;
      group_runtime->is_limited =
          spec.limits.in_flight_per_group > 0 || spec.limits.in_flight_per_target > 0;
      group_runtime->is_compared =
          spec.outlier.success_rate && group.targets.size() >= spec.outlier.success_rate_targets;
      WorkerTable::Group& mine = service.groups[colour];
      mine.runtime = group_runtime;
      for (std::size_t i = 0; i < group.targets.size(); ++i)
        mine.targets.push_back(target_runtime(group, i, spec, group_runtime));
      for (const Audience audience : {Audience::split, Audience::preview})
        shard_->traffic(group.slots[audience]);
    }
    table->services.push_back(std::move(service));
  }
  return table;
}

void Worker::publish_table(PendingTable news) {
  {
    const std::scoped_lock lock(pending_tables_mutex_);
    pending_tables_.push_back(std::move(news));
  }
  has_pending_tables_.store(true, std::memory_order_release);
  reactor_.wake();
}

/// Taking a table lets requests go on, after which there may be news again: those wait for what
/// came before them.
void Worker::apply_tables() {
  if (std::exchange(is_taking_news_, true)) return;
  while (has_pending_tables_.exchange(false, std::memory_order_acquire)) {
    std::deque<PendingTable> news;
    {
      const std::scoped_lock lock(pending_tables_mutex_);
      news.swap(pending_tables_);
    }
    for (const PendingTable& each : news) {
      take_table(*each.table);
      each.applied();
    }
  }
  is_taking_news_ = false;
}

void Worker::take_table(const RouteTable& routes) {
  for (auto& [id, target] : targets_) target->retired = true;
  table_ = pin(routes);
  watches_ages_ = std::ranges::any_of(routes.services, &ServiceView::watches_ages);
  for (auto it = targets_.begin(); it != targets_.end();) {
    if (it->second->retired) {
      close_idle_of(*it->second);
      for (Exchange* tunnel : it->second->tunnels) tunnel->on_target_retired();
      it = targets_.erase(it);
    } else {
      ++it;
    }
  }
  for (auto& [name, group] : groups_)
    if (!group->waiting.empty()) wake_soon(group);
  after_each();
}

void Worker::close_idle_of(TargetRuntime& target) {
  while (!target.idle_http1.empty()) target.idle_http1.oldest()->close_idle();
  while (!target.discarding.empty()) {
    const boost::intrusive_ptr<Http1Upstream> upstream = target.discarding.back();
    upstream->close_idle();
  }
  const auto http2 = std::exchange(target.http2, {});
  for (const auto& upstream : http2) upstream->retire();
}

// ---- ends ---------------------------------------------------------------------------------------

void Worker::drain(std::function<void()> idle) {
  draining_ = ends_connections_ = true;
  for (const auto& listening : listenings_) listening->close();
  const std::vector<Downstream*> open(downstreams_.begin(), downstreams_.end());
  for (Downstream* each : open) each->drain();
  on_idle_ = std::move(idle);
  after_each();
  tell_idle();
}

void Worker::stop() {
  stopping_ = true;
  on_idle_ = nullptr;
  for (const auto& listening : listenings_) listening->close();
  while (!downstreams_.empty()) (*downstreams_.begin())->cut();
  after_each();
  for (auto& [id, target] : targets_) close_idle_of(*target);
}

}  // namespace teal::proxy
