// The part of the Controller that feeds and asks the judges at each tick.
#include <algorithm>

#include "control/controller/state.h"
#include "control/services/visit_rules.h"

namespace teal::control {

void Controller::tick() {
  State& state = *state_;
  const std::vector<ServiceId> visited = state.registry.take_visits(state.clock.mono());
  state.figures.tick(state.registry, visited, state.clock.mono());
  if (state.outside.advance(visited)) state.flush();
  for (const DeploymentNumber number : state.deployments.running())
    if (DeploymentRunner* runner = state.deployments.find(number)) state.judge(*runner);
  state.health_policy.return_ejected(visited);
  state.health_policy.compare_targets(visited);
  state.health_policy.watch_panic(visited);
  on_exposed();
  state.run_timers(visited);
  state.run_deadlines();
  state.tick_sticky();
  const Mono now = state.clock.mono();
  state.publisher.publish_changed(now);
  for (const ServiceEntry& entry : state.registry.visited(visited))
    state.registry.settle(
        entry, next_visit(entry, state.deployments.active(entry.state().name) != nullptr, now));
  if (now - state.last_store_retry < State::kStoreRetry) return;
  state.last_store_retry = now;
  if (!state.writes.is_healthy() || state.announcer.wants_room())
    state.flush();
  else
    state.writes.check();
}

void Controller::State::begin_own_stage(DeploymentRunner& runner) {
  ServiceEntry& entry = *registry.find(runner.spec().service);
  const PublicationNumber shift = runner.engine().facts().shift;
  stages.set_stage(entry, runner);
  stages.set_judging(entry, runner, {shift, entry.state().live, entry.state().split});
  publisher.publish(entry);
  publisher.when_applied([this, number = runner.number, shift] {
    if (DeploymentRunner* found = deployments.find(number)) found->begin_step(shift, clock.mono());
  });
}

void Controller::State::deliver_breach(DeploymentRunner& runner,
                                       const std::optional<event::AlarmBreached>& breach,
                                       Mono completed) {
  if (breach) deliver(runner, *breach, completed);
  for (const std::string& why : runner.take_observed())
    say(Level::warning, "alarm.observed", runner.spec().service,
        "alarm " + why + "; it only observes", runner.spec().id);
}

/// Asks the deployment's judges. A breach is told at once; that evidence came or went only where
/// the engine would act on it, so that the journal follows decisions and not traffic.
void Controller::State::judge(DeploymentRunner& runner) {
  if (runner.spec().kind != Kind::deploy || runner.is_over()) return;
  runner.judged = clock.mono();
  const auto breach = runner.judge(stages.reading_of(runner));
  deliver_breach(runner, breach, clock.mono());
  if (!breach) deliver_evidence(runner, false);
}

/// `exactly`: in the present words, because somebody is going to read them.
void Controller::State::deliver_evidence(DeploymentRunner& runner, bool exactly) {
  const Deployment& engine = runner.engine();
  if (!engine.wants_evidence(runner.age(clock.mono()))) return;
  const std::string missing = runner.missing_evidence();
  const std::string& known = engine.facts().missing_evidence;
  const bool matters =
      missing.empty() != known.empty() || (!missing.empty() && known == kNothingJudged);
  if (matters || (exactly && missing != known)) deliver(runner, event::Evidence{missing});
}

/// The group that is kept warm, until that is over. Never while it has a share of the traffic, or
/// may be given all of it.
void Controller::State::run_kept(ServiceEntry& entry, Mono now) {
  if (!entry.kept) return;
  entry.count_kept(now);
  if (entry.state().split.of(entry.kept->colour) > Weight::none()) return;
  // The watch may go back to the old group at any time.
  const DeploymentRunner* runner = deployments.active(entry.state().name);
  const bool is_watching = runner != nullptr && runner->engine().is_watching();
  if (entry.kept->left == Millis{0} && !is_watching) {
    say(Level::info, "group.retiring", entry.state().name,
        std::string(to_string(entry.kept->colour)) + " was kept long enough");
    return retire(entry.state().name, entry.kept->colour);
  }
  if (now - entry.kept_saved < ServiceEntry::kKeptSaved) return;
  entry.kept_saved = now;
  entry.note_unsaved();
  flush();
}

void Controller::State::run_timers(std::span<const ServiceId> visited) {
  const Mono now = clock.mono();
  for (ServiceEntry& entry : registry.visited(visited)) {
    follow_sets(entry);
    save_found(entry);
    run_kept(entry, now);
    watch_fallback(entry);
    DeploymentRunner* const runner = deployments.active(entry.state().name);
    if (runner == nullptr) continue;
    const Age age = runner->age(now);
    if (age - runner->clock_saved < kClockSaved) continue;
    runner->clock_saved = age;
    writes.set(ClockRow{runner->number, age});
    kept.save(*runner);
    flush();
  }
}

/// Of the deployments that are due: so that no bake lasts until the next tick.
void Controller::State::run_deadlines() {
  bool has_run = false;
  for (const DeploymentNumber number : deployments.running()) {
    DeploymentRunner* const runner = deployments.find(number);
    if (runner == nullptr || !runner->take_wake(clock.mono())) continue;
    const std::string service = runner->spec().service;
    ServiceEntry* const entry = registry.find(service);
    if (entry == nullptr) continue;
    has_run = true;
    const auto still_runs = [&] { return deployments.active(service) == runner; };
    judge(*runner);  // No share is raised on a verdict of the last tick.
    if (!still_runs()) continue;
    // A deadline's sentence should name the present numbers.
    check_health(*entry, true);
    if (still_runs()) deliver_evidence(*runner, true);
    if (still_runs()) deliver(*runner, event::Wake{});
  }
  if (has_run) publisher.publish_changed(clock.mono());
  if (const std::optional<Mono> due = deployments.next_deadline())
    ports.call_at(*due, [this] { run_deadlines(); });
}

}  // namespace teal::control
