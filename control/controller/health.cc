// What probes and workers say of targets and of the release, on its way to the engines
// (control/services/health_policy.h decides what becomes of a target), and exposure.
#include "control/controller/state.h"

namespace teal::control {

void Controller::on_health(TargetId target, Health health, const std::string& reason) {
  state_->health_policy.on_health(target, health, reason);
}

void Controller::on_bad_outcome(const BadOutcome& outcome) {
  State& state = *state_;
  const std::optional<FoundTarget> found = state.registry.find_target(outcome.target);
  if (!found) return;
  const ServiceEntry& entry = *found->entry;
  state.health_policy.on_bad_outcome(outcome);
  DeploymentRunner* const runner = state.deployments.active(entry.state().name);
  if (runner == nullptr || state.clock.mono() - runner->judged < State::kJudgePause) return;
  state.figures.cache.renew();
  state.judge(*runner);
}

void Controller::on_tallies(const std::vector<TargetTally>& tallies) {
  for (const TargetTally& tally : tallies) state_->health_policy.on_tally(tally);
}

/// Tells the engine how its targets are, and those that traffic would go back to: where it makes a
/// difference, or, `exactly`, at once and where any number changed.
void Controller::State::check_health(ServiceEntry& entry, bool exactly) {
  serving.note_live(entry);
  deliver_baseline(entry, exactly);
  DeploymentRunner* runner = deployments.active(entry.state().name);
  if (runner == nullptr) return;
  const event::HealthChanged counts = serving.release_of(*runner);
  const event::HealthChanged& told_before = runner->engine().facts().health;
  const std::uint32_t minimum = runner->engine().minimum();
  const Fitness fit = fitness(counts, minimum);
  const bool differs = fit != fitness(told_before, minimum);
  if (differs && fit == Fitness::fit && !exactly) return deliver_fitness_when_applied(*runner);
  if (differs || (exactly && counts != told_before)) deliver(*runner, counts);
}

/// A release that is fit may reach a gate at once, and whoever waits there asks the preview
/// listener: the workers must know its targets for healthy before the engine does.
void Controller::State::deliver_fitness_when_applied(const DeploymentRunner& fit) {
  publisher.publish(*registry.find(fit.spec().service));
  publisher.when_applied([this, service = fit.spec().service, number = fit.number] {
    DeploymentRunner* runner = deployments.active(service);
    if (runner == nullptr || runner->number != number) return;
    const event::HealthChanged counts = serving.release_of(*runner);
    if (counts != runner->engine().facts().health) deliver(*runner, counts);
  });
}

// ---- exposure -----------------------------------------------------------------------------------

void Controller::State::open_exposure(const DeploymentRunner& runner) {
  ServiceEntry& entry = *registry.find(runner.spec().service);
  const DeploymentSpec& spec = runner.spec();
  if (entry.state().exposure) entry.edit().exposure = nullptr;
  if (runner.engine().is_watching()) return;  // Nothing limits what is live.
  // Without a baseline there is nobody else to send the requests to.
  if (spec.kind != Kind::deploy || spec.deploy.exposure_budget == 0 || !spec.has_baseline) return;
  entry.exposure_of = runner.number;
  exposed.insert(entry.id());
  entry.edit().exposure =
      std::make_shared<Exposure>(spec.deploy.exposure_budget, runner.engine().facts().exposed);
}

void Controller::on_exposed() {
  const std::vector<ServiceId> exposed(state_->exposed.begin(), state_->exposed.end());
  for (const ServiceId id : exposed) {
    const ServiceEntry* const entry = state_->registry.at(id);
    // The turn may end the deployment and with it the entry's hold.
    const std::shared_ptr<Exposure> exposure = entry == nullptr ? nullptr : entry->state().exposure;
    if (exposure == nullptr) {
      state_->exposed.erase(id);
      continue;
    }
    DeploymentRunner* const runner = state_->deployments.find(entry->exposure_of);
    if (runner == nullptr) continue;
    const std::uint32_t spent = exposure->take_news();
    if (spent > runner->engine().facts().exposed) state_->deliver(*runner, event::Exposed{spent});
  }
}

}  // namespace teal::control
