#include "health/probe/probe_loop.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "health/probe/schedule.h"

namespace teal::health {
namespace {

/// Before it is tried again whether there are descriptors.
constexpr Millis kLackPause{50};

/// So much longer than it meant to wait: this thread did not run.
constexpr Millis kPaused{20};

/// Of the one thread that writes it.
void add(std::atomic<std::uint64_t>& figure) {
  figure.store(figure.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

ProbeLoop::ProbeLoop(const Clock& clock, std::uint64_t seed, Report report,
                     std::function<void()> woken)
    : clock_(clock),
      rng_(seed),
      report_(std::move(report)),
      reactor_({.before_turn = [this] { now_ = clock_.mono(); },
                .after_each = [] {},
                .woken = std::move(woken),
                .after_turn = [] {}}),
      now_(clock.mono()) {}

ProbeLoop::~ProbeLoop() {
  forget_all();
}

void ProbeLoop::watch(Owner owner, std::shared_ptr<const ProbePlan> plan,
                      std::vector<ProbedTarget> wanted) {
  std::ranges::sort(wanted, {}, &ProbedTarget::id);
  TEAL_ASSERT(std::ranges::adjacent_find(wanted, {}, &ProbedTarget::id) == wanted.end());
  TargetWatch& watch = owners_[owner];
  watch.id = owner;
  const std::shared_ptr<const ProbePlan> before = std::exchange(watch.plan, std::move(plan));
  const bool is_other_check = before && before->check != watch.plan->check;
  auto former = std::exchange(watch.targets, {});
  watched_ += wanted.size() - former.size();
  watch.targets.reserve(wanted.size());
  std::vector<WatchedTarget*> added;
  auto known = former.begin();
  for (ProbedTarget& target : wanted) {
    for (; known != former.end() && (*known)->what.id < target.id; ++known) leave(**known);
    const bool is_known = known != former.end() && (*known)->what.id == target.id &&
                          (*known)->what.address == target.address;
    if (is_known) {
      watch.targets.push_back(std::move(*known++));
      if (is_other_check) take_up(*watch.targets.back());
    } else {
      watch.targets.push_back(
          std::make_unique<WatchedTarget>(std::move(target), watch, watch.plan->check));
      added.push_back(watch.targets.back().get());
    }
  }
  for (; known != former.end(); ++known) leave(**known);
  if (wanted.empty()) owners_.erase(owner);
  await_first(added);
}

void ProbeLoop::forget_all() {
  for (auto& [id, watch] : owners_)
    for (const auto& target : watch.targets) leave(*target);
  owners_.clear();
  watched_ = 0;
}

/// The old interval may have been a long one.
void ProbeLoop::take_up(WatchedTarget& target) {
  const config::HealthCheck& check = target.owner->plan->check;
  target.rise_fall.set_thresholds(check.rise, check.fall);
  if (!target.prober && target.has_deadline()) {
    deadlines_.erase(target);
    enqueue(target, now_);
  }
}

void ProbeLoop::leave(WatchedTarget& target) {
  deadlines_.erase(target);
  target.unlink();
  if (!target.prober) return;
  end(target);
}

void ProbeLoop::await_first(const std::vector<WatchedTarget*>& added) {
  const Mono now = clock_.mono();
  for (std::size_t i = 0; i < added.size(); ++i)
    deadlines_.set(*added[i],
                   now + first_probe_delay(added[i]->owner->plan->check, i, added.size()));
}

void ProbeLoop::enqueue(WatchedTarget& target, Mono due) {
  target.due = due;
  (target.rise_fall.health() == Health::unknown ? new_ : due_).push_back(target);
}

void ProbeLoop::turn(Millis at_most) {
  const Millis wait = time_to_wait(at_most);
  const Mono began = clock_.mono();
  reactor_.turn(wait);
  // Where this thread did not run for a while, what came meanwhile has come in time.
  if (now_ - began > wait + kPaused) reactor_.turn(Millis{0});
  wake_due();
  start_queued();
}

bool ProbeLoop::may_start() const {
  return running_ < limit_ && !(new_.empty() && due_.empty());
}

Millis ProbeLoop::time_to_wait(Millis at_most) const {
  Mono until = Mono::max();
  if (!deadlines_.empty()) until = deadlines_.earliest();
  if (may_start()) until = std::min(until, lacking_until_);
  if (until == Mono::max()) return at_most;
  // Rounded up: who wakes before something is due does so twice.
  const Millis wait = std::max(std::chrono::ceil<Millis>(until - clock_.mono()), Millis{0});
  return at_most == kForever ? wait : std::min(wait, at_most);
}

void ProbeLoop::wake_due() {
  while (!deadlines_.empty() && deadlines_.earliest() <= now_) {
    const Mono due = deadlines_.earliest();
    WatchedTarget& target = deadlines_.take();
    if (target.prober)
      target.prober->time_out();
    else
      enqueue(target, due);
  }
}

void ProbeLoop::start_queued() {
  for (std::size_t begun = 0; begun < kBurst && now_ >= lacking_until_ && may_start(); ++begun) {
    TargetQueue& queue = new_.empty() ? due_ : new_;
    WatchedTarget& target = queue.front();
    target.unlink();
    if (start(target)) continue;
    queue.push_front(target);
    lacking_until_ = now_ + kLackPause;
  }
}

/// False: we lack what it takes, and it keeps its turn.
bool ProbeLoop::start(WatchedTarget& target) {
  const std::shared_ptr<const ProbePlan>& plan = target.owner->plan;
  target.prober = new Prober(reactor_, scratch_, target.what.address, plan,
                             [this, &target] { on_result(target); });
  const Prober::Start started = target.prober->start();
  if (started == Prober::Start::lacking) {
    target.prober = nullptr;
    return false;
  }
  add(figures_.begun);
  if (now_ - target.due > kLate) add(figures_.late);
  target.started = now_;
  figures_.running.store(++running_, std::memory_order_relaxed);
  if (started == Prober::Start::over)
    on_result(target);
  else
    deadlines_.set(target, now_ + plan->check.timeout);
  return true;
}

void ProbeLoop::end(WatchedTarget& target) {
  const auto prober = std::exchange(target.prober, nullptr);
  prober->cancel();
  figures_.running.store(--running_, std::memory_order_relaxed);
}

void ProbeLoop::on_result(WatchedTarget& target) {
  const boost::intrusive_ptr<Prober> prober = target.prober;
  end(target);
  const config::HealthCheck& check = target.owner->plan->check;
  const bool is_first = target.rise_fall.health() == Health::unknown;
  const bool changed = target.rise_fall.add(prober->passed());
  Micros delay = next_probe_delay(check, target.rise_fall.is_in_transition(), rng_);
  if (is_first) delay = spread_delay(delay, watched_, rng_);
  // A probe that took longer than that is not late: the next one is due now.
  deadlines_.set(target, std::max(Mono{target.started + delay}, now_));
  if (changed)
    report_(target.owner->id, target.what.id, target.rise_fall.health(),
            "probe: " + prober->reason());
}

}  // namespace teal::health
