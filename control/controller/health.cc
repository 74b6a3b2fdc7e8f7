// What probes and workers say of targets and of the release: health, ejections, exposure, panic.
#include <utility>

#include "control/controller/state.h"

namespace teal::control {
namespace {

std::string target_text(Colour colour, const Address& address) {
  return std::string(to_string(colour)) + " " + to_string(address);
}

}  // namespace

void Controller::on_health(TargetId target, Health health, const std::string& reason) {
  State& state = *state_;
  const std::optional<FoundTarget> found = state.book.find(target);
  if (!found || found->target->health == health) return;
  ServiceEntry& entry = *found->entry;
  TargetState& changed = *found->target;
  const bool accepted = changed.accepts_requests();
  changed.health = health;
  changed.reason = reason;
  entry.since[target] = state.clock.wall();
  if (health == Health::healthy) {
    // The probe's word ends an ejection; what follows counts from nothing.
    entry.outlier.forget(target);
    changed.ejected = false;
  }
  if (!accepted && changed.accepts_requests()) changed.accepts_since = state.clock.mono();
  const std::string text = target_text(found->colour, changed.address) + ": " + reason;
  state.publish_health();
  state.say(health == Health::unhealthy ? Level::warning : Level::info,
            "target." + std::string(to_string(health)), entry.state.name, text);
  state.check_health(entry, false);
}

void Controller::on_bad_outcome(const BadOutcome& outcome) {
  State& state = *state_;
  const std::optional<FoundTarget> found = state.book.find(outcome.target);
  if (!found) return;
  ServiceEntry& entry = *found->entry;
  const auto reason =
      entry.outlier.on_failures(outcome.target, {outcome.consecutive, outcome.consecutive_gateway},
                                entry.state.groups[found->colour].targets, state.clock.mono());
  if (reason) state.eject(entry, outcome.target, *reason);
  if (!state.deployments.is_any_running() || state.clock.mono() - state.judged < State::kJudgePause)
    return;
  state.traffic.renew();
  state.judge_all();
}

void Controller::on_tallies(const std::vector<TargetTally>& tallies) {
  for (const TargetTally& tally : tallies)
    if (const std::optional<FoundTarget> found = state_->book.find(tally.target))
      found->entry->outlier.on_tally(tally);
}

event::HealthChanged Controller::State::release_health(const DeploymentRunner& runner) const {
  return health_of(book.find(runner.spec().service)->state.groups[runner.spec().colour]);
}

/// Tells the engine how its targets are, and those that traffic would go back to: where it makes a
/// difference, or, `exactly`, at once and where any number changed.
void Controller::State::check_health(ServiceEntry& entry, bool exactly) {
  note_live(entry);
  tell_baseline(entry, exactly);
  DeploymentRunner* runner = deployments.active(entry.state.name);
  if (runner == nullptr) return;
  const event::HealthChanged counts = release_health(*runner);
  const event::HealthChanged& told_before = runner->engine().facts().health;
  const std::uint32_t minimum = runner->engine().minimum();
  const Fitness fit = fitness(counts, minimum);
  const bool differs = fit != fitness(told_before, minimum);
  if (differs && fit == Fitness::fit && !exactly) return tell_fitness_when_applied(*runner);
  if (differs || (exactly && counts != told_before)) tell(*runner, counts);
}

/// A release that is fit may reach a gate at once, and whoever waits there asks the preview
/// listener: the workers must know its targets for healthy before the engine does.
void Controller::State::tell_fitness_when_applied(const DeploymentRunner& fit) {
  if (health_unpublished) publish();
  publisher.when_applied([this, service = fit.spec().service, number = fit.number] {
    DeploymentRunner* runner = deployments.active(service);
    if (runner == nullptr || runner->number != number) return;
    const event::HealthChanged counts = release_health(*runner);
    if (counts != runner->engine().facts().health) tell(*runner, counts);
  });
}

void Controller::State::eject(ServiceEntry& entry, TargetId id, const std::string& reason) {
  const std::optional<FoundTarget> found = book.find(id);
  if (!found || found->target->ejected) return;
  found->target->ejected = true;
  found->target->reason = reason;
  stats.count_ejection(entry.state.name, found->colour);
  publish_health();
  say(Level::warning, "target.ejected", entry.state.name,
      target_text(found->colour, found->target->address) + ": " + reason);
  check_health(entry, false);
}

/// Outlier detection by success rate, once in an interval.
void Controller::State::compare_targets() {
  const Mono now = clock.mono();
  for (ServiceEntry& entry : book.entries()) {
    if (!entry.outlier.take_interval(now)) continue;
    for (const Colour colour : kColours)
      // Each ejection changes what is allowed to the next one.
      while (const auto outlier =
                 entry.outlier.next_outlier(entry.state.groups[colour].targets, now))
        eject(entry, outlier->target, outlier->reason);
    entry.outlier.end_interval();
  }
}

void Controller::State::return_ejected() {
  const Mono now = clock.mono();
  for (ServiceEntry& entry : book.entries()) {
    for (const TargetId id : entry.outlier.returns(now)) {
      const std::optional<FoundTarget> found = book.find(id);
      if (!found) continue;
      found->target->ejected = false;
      found->target->reason = "back after an ejection";
      found->target->accepts_since = now;
      publish_health();
      say(Level::info, "target.returned", entry.state.name,
          std::string(to_string(found->colour)) + " " + to_string(found->target->address));
      check_health(entry, false);
    }
  }
}

/// Says when a live group's health begins and ceases to be ignored; the workers see for themselves.
void Controller::State::watch_panic() {
  for (ServiceEntry& entry : book.entries()) {
    const std::uint32_t below = entry.config->panic_percent;
    if (below == 0) continue;
    const GroupState& live = entry.state.groups[entry.state.live];
    const bool panicking = is_panicking(entry.state, below);
    // What it answers while its health is not believed is news of its own.
    note_live(entry);
    tell_baseline(entry, false);
    if (std::exchange(entry.panicking, panicking) == panicking) continue;
    const std::string group(to_string(entry.state.live));
    say(panicking ? Level::warning : Level::info, panicking ? "group.panicking" : "group.calm",
        entry.state.name,
        panicking ? std::to_string(accepting(live)) + " of " + std::to_string(live.targets.size()) +
                        " targets of " + group + " are healthy: all of them are asked"
                  : "health of " + group + " counts again");
  }
}

// ---- exposure
// -----------------------------------------------------------------------------------

void Controller::State::open_exposure(const DeploymentRunner& runner) {
  ServiceEntry& entry = *book.find(runner.spec().service);
  const DeploymentSpec& spec = runner.spec();
  entry.state.exposure = nullptr;
  if (runner.engine().is_watching()) return;  // Nothing limits what is live.
  // Without a baseline there is nobody else to send the requests to.
  if (spec.kind != Kind::deploy || spec.deploy.exposure_budget == 0 || !spec.has_baseline) return;
  entry.exposure_of = runner.number;
  entry.state.exposure =
      std::make_shared<Exposure>(spec.deploy.exposure_budget, runner.engine().facts().exposed);
}

void Controller::on_exposed() {
  for (ServiceEntry& entry : state_->book.entries()) {
    // The turn may end the deployment and with it the entry's hold.
    const std::shared_ptr<Exposure> exposure = entry.state.exposure;
    if (exposure == nullptr) continue;
    DeploymentRunner* const runner = state_->deployments.find(entry.exposure_of);
    if (runner == nullptr) continue;
    const std::uint32_t spent = exposure->take_news();
    if (spent > runner->engine().facts().exposed) state_->tell(*runner, event::Exposed{spent});
  }
}

}  // namespace teal::control
