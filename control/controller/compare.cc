// Comparisons: single bad events on their way to the judges, and the evidence before and behind a
// restart, and when a person asks for it.
#include <algorithm>
#include <utility>

#include "control/controller/state.h"

namespace teal::control {

// ---- events -------------------------------------------------------------------------------------

void Controller::on_judged_event(ServiceId service, const JudgedEvent& event) {
  State& state = *state_;
  const ServiceEntry* const entry = state.registry.at(service);
  if (entry == nullptr) return;
  DeploymentRunner* const runner = state.deployments.active(entry->state().name);
  if (runner == nullptr || runner->spec().kind != Kind::deploy) return;
  runner->on_judged_event(event, state.clock.mono());
}

bool Controller::check_breach(Mono completed) {
  State& state = *state_;
  Mono waits_for = Mono::max();
  for (const DeploymentNumber number : state.deployments.running()) {
    DeploymentRunner* const found = state.deployments.find(number);
    if (found == nullptr) continue;
    DeploymentRunner& runner = *found;
    if (runner.spec().kind != Kind::deploy || runner.is_over() || !runner.compares()) continue;
    const auto breach = runner.check_breach(state.stages.read_counts(runner));
    state.deliver_breach(runner, breach, completed);
    if (!breach) waits_for = std::min(waits_for, runner.waits_for());
  }
  state.ports.notify_at_watermark(waits_for);
  return waits_for != Mono::max();
}

// ---- evidence -----------------------------------------------------------------------------------

/// What the comparisons knew before the restart, as far as it was written: they go on from there
/// with the events that come. What was lost is lost whatever group it was of, so no verdict becomes
/// less true by it.
Result<void> Controller::State::restore_evidence(DeploymentRunner& runner) {
  if (!runner.compares()) return {};
  Result<Evidence> evidence = kept.of(runner);
  if (!evidence) return evidence.error();
  // Where the release had traffic and nothing is recorded, that was judged and is lost.
  if (evidence->empty() && runner.engine().facts().weight == Weight::none()) return {};
  runner.restore(*std::move(evidence), clock.mono());
  // Before anything is judged: another end of the process must not find what was closed unopened.
  kept.save(runner);
  writes.wait_for_disk();
  flush();
  return {};
}

void Controller::close() {
  State& state = *state_;
  const Mono now = state.clock.mono();
  for (const DeploymentNumber number : state.deployments.running()) {
    DeploymentRunner& runner = *state.deployments.find(number);
    state.writes.set(ClockRow{number, runner.age(now)});
    if (!runner.compares()) continue;
    runner.close_evidence();
    state.kept.save(runner);
  }
  for (const config::Service& service : state.config->services)
    if (ServiceEntry& entry = *state.registry.find(service.name); entry.kept) entry.note_unsaved();
  // Whoever has seen the last event has missed none when the next process begins. Should the store
  // recover by this very write, one more is told of.
  const std::uint64_t last = state.announcer.last_id().number + (state.writes.is_healthy() ? 0 : 1);
  state.flush();
  state.writes.reserve_events(last);
  state.writes.flush();
}

ApiResult<EvidenceReport> Controller::evidence(const DeploymentId& id) const {
  const DeploymentRunner* runner = find_served(state_->deployments, state_->registry, id);
  if (runner == nullptr) return unknown_deployment(id);
  Result<Evidence> evidence = state_->kept.of(*runner);
  if (!evidence)
    return ApiError{503, "store-failing", "The evidence cannot be read", evidence.error().message(),
                    "repair the store"};
  EvidenceReport report{state_->reporter.deployment(*runner), *std::move(evidence)};
  report_kept_alarms(*runner, report.evidence, report.deployment);
  return report;
}

ApiResult<ReplayReport> Controller::replay(const DeploymentId& id,
                                           const ReplaySettings& settings) const {
  ApiResult<EvidenceReport> evidence = this->evidence(id);
  if (!evidence) return evidence.error();
  const DeploymentRunner& runner = *state_->deployments.find(id);
  if (evidence->evidence.empty())
    return ApiError{409, "no-evidence", "There is nothing to judge again",
                    id + " was not compared, or never reached a weight",
                    "deploy with an alarm of kind `compare`"};
  ReplayReport report{std::move(evidence->deployment), settings, {}, 0, 0};
  report.events = evidence->evidence.events().size();
  report.events_dropped = evidence->evidence.dropped();
  report.alarms = replay_evidence(
      runner.spec(), evidence->evidence, settings,
      patience_of(*state_->registry.find(runner.spec().service)->config), state_->make_source);
  return report;
}

}  // namespace teal::control
