// The part of the Controller that feeds and asks the judges at each tick.
#include <algorithm>
#include <utility>

#include "control/controller/state.h"

namespace teal::control {
namespace {

/// Some alarm's verdict depends on how old the requests in flight are.
bool asks_for_ages(const std::vector<config::Alarm>& alarms) {
  return std::ranges::any_of(alarms, [](const config::Alarm& alarm) {
    const auto* latency = std::get_if<config::LatencyAlarm>(&alarm.condition);
    return latency != nullptr && latency->threshold.op == config::Threshold::Op::above;
  });
}

}  // namespace

void Controller::tick() {
  State& state = *state_;
  state.traffic.renew();
  state.feed_windows();
  state.feed_baselines();
  state.advance_outside();
  state.judge_all();
  state.return_ejected();
  state.compare_targets();
  state.watch_panic();
  on_exposed();
  state.run_timers();
  state.tick_sticky();
  if (state.health_unpublished) state.publish_health();
  const Mono now = state.clock.mono();
  if (now - state.store_tried < State::kStoreRetry) return;
  state.store_tried = now;
  if (!state.ledger.healthy() || state.announcer.wants_room())
    state.flush();
  else
    state.ledger.check();
}

health::Reading Controller::State::reading_of(const DeploymentRunner& runner) const {
  const DeploymentSpec& spec = runner.spec();
  const Stage stage{runner.number, book.find(spec.service)->state.step};
  StageReading release =
      ports.read_stage({spec.service, spec.colour, spec.revision, Audience::split}, stage);
  StageReading live =
      ports.read_stage({spec.service, other(spec.colour), spec.replaces, Audience::split}, stage);
  return {clock.mono(),
          release.deployment.ended,
          live.deployment.ended,
          ports.watermark(),
          release.deployment.reached,
          health::InStep{stage.step, release.step, live.step.ended}};
}

health::CountsReading Controller::State::read_counts(const DeploymentRunner& runner) const {
  const DeploymentSpec& spec = runner.spec();
  const Colour live = other(spec.colour);
  const auto counts = [&](Colour colour, const std::string& revision) {
    return ports.read_tallies({spec.service, colour, revision, Audience::split}, runner.number);
  };
  return {clock.mono(), counts(spec.colour, spec.revision), counts(live, spec.replaces),
          ports.watermark()};
}

/// With a publication of the deployment's: what begins under it is evidence of the present step.
void Controller::State::set_stage(ServiceEntry& entry, const DeploymentRunner& runner) {
  const DeploymentFacts& facts = runner.engine().facts();
  const bool is_judged = runner.spec().kind == Kind::deploy && !runner.is_over();
  if (is_judged) entry.state.step = facts.step;
  entry.state.watches_ages =
      is_judged && facts.weight > Weight::none() && asks_for_ages(runner.spec().deploy.alarms);
  entry.state.meanings = is_judged ? runner.meanings() : nullptr;
}

/// A bake that does not follow on a shift of its own begins to gather its evidence now. True: the
/// workers must know.
bool Controller::State::begins_own_stage(const DeploymentRunner& runner) const {
  if (!std::holds_alternative<state::Baking>(runner.engine().state())) return false;
  const std::size_t step = runner.engine().facts().step;
  const std::uint64_t gathered = book.find(runner.spec().service)->state.step;
  if (gathered == step) return false;
  const auto& steps = runner.spec().deploy.plan.steps;
  return gathered + 1 != step || !std::holds_alternative<config::SetWeight>(steps[gathered]);
}

void Controller::State::begin_own_stage(DeploymentRunner& runner) {
  ServiceEntry& entry = *book.find(runner.spec().service);
  const PublicationNumber shift = runner.engine().facts().shift;
  set_stage(entry, runner);
  set_judging(entry, runner, {shift, entry.state.live, entry.state.split});
  publish();
  publisher.when_applied([this, number = runner.number, shift] {
    if (DeploymentRunner* found = deployments.find(number)) found->begin_step(shift, clock.mono());
  });
}

void Controller::State::tell_breach(DeploymentRunner& runner,
                                    const std::optional<event::AlarmBreached>& breach,
                                    Mono completed) {
  if (breach) tell(runner, *breach, completed);
  for (const std::string& why : runner.take_observed())
    say(Level::warning, "alarm.observed", runner.spec().service,
        "alarm " + why + "; it only observes", runner.spec().id);
}

/// Asks the deployment's judges. A breach is told at once; that evidence came or went only where
/// the engine would act on it, so that the journal follows decisions and not traffic.
void Controller::State::judge(DeploymentRunner& runner) {
  if (runner.spec().kind != Kind::deploy || runner.is_over()) return;
  const auto breach = runner.judge(reading_of(runner));
  tell_breach(runner, breach, clock.mono());
  if (!breach) tell_evidence(runner, false);
}

/// `exactly`: in the present words, because somebody is going to read them.
void Controller::State::tell_evidence(DeploymentRunner& runner, bool exactly) {
  const Deployment& engine = runner.engine();
  if (!engine.wants_evidence(runner.age(clock.mono()))) return;
  const std::string missing = runner.missing_evidence();
  const std::string& known = engine.facts().missing_evidence;
  const bool matters =
      missing.empty() != known.empty() || (!missing.empty() && known == kNothingJudged);
  if (matters || (exactly && missing != known)) tell(runner, event::Evidence{missing});
}

void Controller::State::judge_all() {
  judged = clock.mono();
  for (const DeploymentNumber number : deployments.running())
    if (DeploymentRunner* runner = deployments.find(number)) judge(*runner);
}

/// The group that is kept warm, until that is over. Never while it has a share of the traffic, or
/// may be given all of it.
void Controller::State::run_kept(ServiceEntry& entry, Mono now) {
  if (!entry.kept) return;
  entry.count_kept(now);
  if (entry.state.split.of(entry.kept->colour) > Weight::none()) return;
  // The watch may go back to the old group at any time.
  const DeploymentRunner* runner = deployments.active(entry.state.name);
  const bool is_watching = runner != nullptr && runner->engine().is_watching();
  if (entry.kept->left == Millis{0} && !is_watching) {
    say(Level::info, "group.retiring", entry.state.name,
        std::string(to_string(entry.kept->colour)) + " was kept long enough");
    return retire(entry.state.name, entry.kept->colour);
  }
  if (now - entry.kept_saved < kKeptSaved) return;
  entry.kept_saved = now;
  entry.unsaved = true;
  flush();
}

void Controller::State::run_timers() {
  const Mono now = clock.mono();
  for (ServiceEntry& entry : book.entries()) {
    run_kept(entry, now);
    watch_fallback(entry);
    DeploymentRunner* runner = deployments.active(entry.state.name);
    if (runner == nullptr) continue;
    if (runner->take_wake(now)) {
      // A deadline's sentence should name the present numbers.
      check_health(entry, true);
      if (deployments.active(entry.state.name) == runner) tell_evidence(*runner, true);
      if (deployments.active(entry.state.name) == runner) tell(*runner, event::Wake{});
      continue;
    }
    const Age age = runner->age(now);
    if (age - runner->clock_saved < kClockSaved) continue;
    runner->clock_saved = age;
    ledger.set(ClockRow{runner->number, age});
    save_evidence(*runner);
    flush();
  }
}

void Controller::State::feed_windows() {
  const Mono now = clock.mono();
  for (const ServiceEntry& entry : book.entries()) {
    for (const Colour colour : kColours) {
      const std::string& revision = entry.state.groups[colour].revision;
      windows.feed(entry.state.name, colour, revision, now,
                   traffic.counters(entry.state.name, colour, revision));
    }
  }
}

void Controller::State::feed_baselines() {
  const Mono now = clock.mono();
  for (const ServiceEntry& entry : book.entries()) {
    const std::string& revision = entry.state.groups[entry.state.live].revision;
    baselines.feed(entry.state.name, revision, now,
                   traffic.counters(entry.state.name, entry.state.live, revision));
  }
}

}  // namespace teal::control
