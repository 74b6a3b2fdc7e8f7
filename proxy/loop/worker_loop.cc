#include "proxy/loop/worker_loop.h"

#include <algorithm>
#include <utility>

#include "proxy/headers/rewrite.h"

namespace teal::proxy {
namespace {

constexpr std::size_t kScratch = std::size_t{64} * 1024;

/// How long clients' connections may be idle under overload, at the least, and by how much shorter.
constexpr Millis kMinIdle{1000};
constexpr int kShorterIdle = 8;

}  // namespace

WorkerLoop::WorkerLoop(const Options& options, const RouteUpdate& first, net::Reactor::Hooks hooks)
    : worker_(options.worker),
      shared_(options.shared),
      control_(options.control),
      peers_(options.peers),
      rng_(options.seed),
      now_(shared_.clock->mono()),
      wheel_(now_),
      counters_(std::make_unique<Shard>()),
      idle_pool_(*shared_.idle_budget),
      scratch_(kScratch),
      access_log_(shared_.access_format, shared_.access_query, shared_.access_log),
      reports_({*shared_.clock, *counters_, control_}, worker_, rng_.next()),
      runtimes_(worker_, shared_.draws, rng_, *counters_),
      queues_(worker_, peers_, routes_),
      logins_(worker_, shared_.logins, shared_.login_key),
      reactor_(std::move(hooks)) {
  begin_turn();
  take_routes(first);
}

WorkerLoop::~WorkerLoop() = default;

std::span<char> WorkerLoop::scratch(std::size_t size) {
  if (scratch_.size() < size) scratch_.resize(size);
  return scratch_;
}

void WorkerLoop::resume_soon(Channel& channel) {
  if (channel.mark_resume()) resume_queue_.emplace_back(&channel);
}

void WorkerLoop::resume_next_turn(Channel& channel) {
  next_turn_queue_.emplace_back(&channel);
}

std::unique_ptr<Compressor> WorkerLoop::take_compressor(Coding coding) {
  if (compressors_ >= kMaxCompressors) return nullptr;
  std::unique_ptr<Compressor> made = Compressor::make(coding);
  if (made) ++compressors_;
  return made;
}

void WorkerLoop::give_back(std::unique_ptr<Compressor> compressor) {
  compressor.reset();
  --compressors_;
}

Millis WorkerLoop::short_idle_limit(Millis keep_alive) const {
  const bool is_last = overload_ >= OverloadLevel::no_keep_alive;
  return std::min(keep_alive, is_last ? kMinIdle : std::max(keep_alive / kShorterIdle, kMinIdle));
}

// ---- turns --------------------------------------------------------------------------------------

void WorkerLoop::begin_turn() {
  reports_.watermark().before_turn(now_);
  now_ = shared_.clock->mono();
  reports_.watermark().on_turn(now_);
  overload_ = shared_.overload.load(std::memory_order_relaxed);
  wall_ = shared_.clock->wall();
  const std::int64_t second = wall_.time_since_epoch().count() / 1000;
  if (second == date_second_) return;
  date_second_ = second;
  date_ = format_http_date(wall_);
}

void WorkerLoop::finish_callback() {
  reports_.send_urgent(now_);
  writes_.flush();
  while (!resume_queue_.empty() || queues_.has_woken()) {
    if (!resume_queue_.empty()) {
      const boost::intrusive_ptr<Channel> channel = std::move(resume_queue_.back());
      resume_queue_.pop_back();
      channel->unmark_resume();
      channel->resume();
    } else {
      queues_.serve_next();
    }
    writes_.flush();
  }
  reports_.send_urgent(now_);
}

bool WorkerLoop::resume_next() {
  if (next_turn_queue_.empty()) return false;
  for (const auto& each : std::exchange(next_turn_queue_, {})) resume_soon(*each);
  return true;
}

bool WorkerLoop::finish_turns() {
  if (finish_turn_queue_.empty()) return false;
  const auto channels = std::exchange(finish_turn_queue_, {});
  for (const auto& each : channels) each->finish_turn();
  return true;
}

void WorkerLoop::tick() {
  idle_pool_.tick();
  wheel_.advance(now_);
}

void WorkerLoop::follow_overload() {
  ends_connections_ = is_draining_ || overload_ >= OverloadLevel::no_keep_alive;
}

void WorkerLoop::take_routes(const RouteUpdate& update) {
  runtimes_.take(update, routes_, now_);
  for (const auto& group : runtimes_.taken_groups())
    if (!group->waiting.empty()) queues_.wake_soon(group);
}

void WorkerLoop::clear() {
  writes_.flush();
  resume_queue_.clear();
  next_turn_queue_.clear();
  finish_turn_queue_.clear();
}

}  // namespace teal::proxy
