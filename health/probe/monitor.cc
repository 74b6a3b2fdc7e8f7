#include "health/probe/monitor.h"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/assert.h"
#include "base/rng.h"
#include "health/probe/rise_fall.h"
#include "health/probe/schedule.h"

namespace teal::health {

namespace asio = boost::asio;

namespace {

enum class Phase : std::uint8_t {
  waiting,  ///< For its timer.
  queued,   ///< For one of the kMaxConcurrent places.
  running,
};

struct Target {
  Target(asio::io_context& io, ProbedTarget what)
      : watched(std::move(what)), rise_fall(watched.check.rise, watched.check.fall), timer(io) {}

  ProbedTarget watched;
  RiseFall rise_fall;
  Phase phase = Phase::waiting;
  asio::steady_timer timer;
  Mono started;  ///< Of the last probe.
  std::unique_ptr<Prober> prober;
};

}  // namespace

/// Targets are shared only with the handlers of their timers, which hold them weakly: a handler
/// that comes too late finds nobody. A living target implies a living State.
struct Monitor::State {
  State(asio::io_context& context, const Clock& time, std::uint64_t seed, Report whom)
      : io(context), clock(time), rng(seed), report(std::move(whom)) {}

  void watch(Owner owner, std::vector<ProbedTarget> wanted);
  void forget_all();
  void keep(Target& target, ProbedTarget& wanted);
  void leave(Target& target);
  void wait(const std::shared_ptr<Target>& target, Micros delay);
  void enqueue(Target& target);
  void start_queued();
  void start(Target& target);
  void on_result(TargetId id, const ProbeResult& result);

  asio::io_context& io;
  const Clock& clock;
  Rng rng;
  Report report;
  bool stopped = false;
  std::unordered_map<TargetId, std::shared_ptr<Target>> targets;
  std::unordered_map<Owner, std::vector<TargetId>> owned;
  std::deque<TargetId> queue;
  std::size_t running = 0;
};

void Monitor::State::watch(Owner owner, std::vector<ProbedTarget> wanted) {
  std::map<TargetId, std::shared_ptr<Target>> former;
  std::vector<TargetId>& own = owned[owner];
  for (const TargetId id : own) {
    const auto known = targets.find(id);
    former.emplace(id, std::move(known->second));
    targets.erase(known);
  }
  own.clear();
  std::vector<std::shared_ptr<Target>> added;
  for (ProbedTarget& watched : wanted) {
    const TargetId id = watched.id;
    const auto known = former.find(id);
    std::shared_ptr<Target> target;
    if (known != former.end() && known->second->watched.address == watched.address) {
      target = std::move(known->second);
      former.erase(known);
      keep(*target, watched);
    } else {
      target = std::make_shared<Target>(io, std::move(watched));
      added.push_back(target);
    }
    const bool is_new = targets.emplace(id, std::move(target)).second;
    TEAL_ASSERT(is_new);
    own.push_back(id);
  }
  if (own.empty()) owned.erase(owner);
  for (const auto& [id, target] : former) leave(*target);
  for (std::size_t i = 0; i < added.size(); ++i)
    wait(added[i], first_probe_delay(added[i]->watched.check, i, added.size()));
  start_queued();
}

void Monitor::State::forget_all() {
  std::vector<Owner> owners;
  for (const auto& [owner, ids] : owned) owners.push_back(owner);
  for (const Owner owner : owners) watch(owner, {});
}

void Monitor::State::keep(Target& target, ProbedTarget& wanted) {
  if (target.watched.check == wanted.check) return;
  target.watched.check = std::move(wanted.check);
  target.rise_fall.set_thresholds(target.watched.check.rise, target.watched.check.fall);
  // The old interval may have been a long one.
  if (target.phase == Phase::waiting) enqueue(target);
}

void Monitor::State::leave(Target& target) {
  if (target.phase == Phase::running) --running;
  if (target.phase == Phase::queued) std::erase(queue, target.watched.id);
}

void Monitor::State::wait(const std::shared_ptr<Target>& target, Micros delay) {
  target->phase = Phase::waiting;
  target->timer.expires_after(delay);
  const std::weak_ptr<Target> weak = target;
  target->timer.async_wait([this, weak](const boost::system::error_code& error) {
    const std::shared_ptr<Target> woken = weak.lock();
    if (error || !woken || woken->phase != Phase::waiting) return;
    enqueue(*woken);
    start_queued();
  });
}

void Monitor::State::enqueue(Target& target) {
  target.timer.cancel();
  target.phase = Phase::queued;
  queue.push_back(target.watched.id);
}

void Monitor::State::start_queued() {
  while (running < kMaxConcurrent && !queue.empty()) {
    const TargetId id = queue.front();
    queue.pop_front();
    start(*targets.at(id));
  }
}

void Monitor::State::start(Target& target) {
  ++running;
  target.phase = Phase::running;
  target.started = clock.mono();
  const TargetId id = target.watched.id;
  target.prober = std::make_unique<Prober>(
      io, target.watched.address, target.watched.check,
      [this, id](const ProbeResult& result) { on_result(id, result); }, target.watched.preamble);
}

void Monitor::State::on_result(TargetId id, const ProbeResult& result) {
  const std::shared_ptr<Target> target = targets.at(id);
  target->prober.reset();
  --running;
  const bool changed = target->rise_fall.add(result.passed);
  const Mono next = target->started + next_probe_delay(target->watched.check,
                                                       target->rise_fall.is_in_transition(), rng);
  wait(target, std::max(std::chrono::duration_cast<Micros>(next - clock.mono()), Micros{0}));
  start_queued();
  if (!changed) return;
  // Last, and from copies: the listener may watch others, or destroy the Monitor.
  const Health health = target->rise_fall.health();
  const Report listener = report;
  listener(id, health, "probe: " + result.reason);
}

Monitor::Monitor(asio::io_context& io, const Clock& clock, std::uint64_t seed, Report report)
    : state_(std::make_unique<State>(io, clock, seed, std::move(report))) {}

Monitor::~Monitor() = default;

void Monitor::watch(Owner owner, std::vector<ProbedTarget> targets) {
  if (!state_->stopped) state_->watch(owner, std::move(targets));
}

void Monitor::stop() {
  state_->stopped = true;
  state_->forget_all();
}

}  // namespace teal::health
