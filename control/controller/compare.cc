// Comparisons: what the workers are to tell while one runs, single bad events on their way to the
// judges, and the evidence on its way to the store.
#include <algorithm>
#include <utility>

#include "control/controller/state.h"

namespace teal::control {
namespace {

/// The usual errors are told in any case: a person may look for their samples.
MeaningSet compared_in(const std::vector<config::Alarm>& alarms) {
  MeaningSet compared = kUsualMeaning;
  for (const config::Alarm& alarm : alarms)
    if (std::holds_alternative<config::CompareAlarm>(alarm.condition))
      compared |= meaning_bit(config::meaning_number(alarms, alarm));
  return compared;
}

}  // namespace

// ---- events -------------------------------------------------------------------------------------

void Controller::on_judged_event(std::uint32_t service, const JudgedEvent& event) {
  State& state = *state_;
  if (service >= state.book.entries().size()) return;
  DeploymentRunner* runner = state.deployments.active(state.book.entries()[service].state.name);
  if (runner == nullptr || runner->spec().kind != Kind::deploy) return;
  runner->on_event(event, state.clock.mono());
}

bool Controller::check_breach(Mono completed) {
  State& state = *state_;
  Mono waits_for = Mono::max();
  for (const DeploymentNumber number : state.deployments.running()) {
    DeploymentRunner* const found = state.deployments.find(number);
    if (found == nullptr) continue;
    DeploymentRunner& runner = *found;
    if (runner.spec().kind != Kind::deploy || runner.is_over() || !runner.compares()) continue;
    const auto breach = runner.check_breach(state.read_counts(runner));
    state.tell_breach(runner, breach, completed);
    if (!breach) waits_for = std::min(waits_for, runner.waits_for());
  }
  state.ports.notify_at_watermark(waits_for);
  return waits_for != Mono::max();
}

/// By this age a request has ended badly, or it is not going to for a reason that its group has.
Millis Controller::State::patience_of(const DeploymentRunner& runner) const {
  constexpr Millis kSlack{3000};
  const config::ServiceTimeouts& timeouts = book.find(runner.spec().service)->config->timeouts;
  return timeouts.connect + timeouts.response_header + kSlack;
}

// ---- steps --------------------------------------------------------------------------------------

void Controller::State::set_judging(ServiceEntry& entry, DeploymentRunner& runner,
                                    const action::Publish& publish) {
  const DeploymentSpec& spec = runner.spec();
  const Weight weight = publish.split.of(spec.colour);
  // After the cut-over there is nobody to compare with; comparisons with a limit for that time go
  // on by it.
  const bool is_cut_over = publish.live == spec.colour;
  const bool is_compared = spec.kind == Kind::deploy && runner.compares() && !runner.is_over() &&
                           weight > Weight::none() &&
                           (!is_cut_over || runner.engine().is_to_be_watched());
  if (!is_compared) {
    entry.state.judging.reset();
    return;
  }
  const auto& steps = runner.evidence().steps();
  // After a restart this process has seen no traffic yet; the step is the one that it was.
  const bool is_resumed = !entry.state.judging && !steps.empty() && steps.back().weight == weight;
  EvidenceStep step =
      baselines.freeze(spec, traffic.counters(spec.service, other(spec.colour), spec.replaces));
  if (is_cut_over) {
    step.slower_than.clear();
    step.slower_shares.clear();
  }
  if (is_resumed) {
    step.slower_than = steps.back().slower_than;
    step.slower_shares = steps.back().slower_shares;
    step.overdue = steps.back().overdue;
    step.restarts = steps.back().restarts;
  } else if (!entry.state.judging) {
    // Whatever is not recorded of the step is a loss, and may have been looked at before.
    step.restarts = runner.evidence().losses();
  }
  step.step = runner.engine().facts().step;
  step.weight = weight;
  step.table = publisher.count() + 1;
  if (is_cut_over && !runner.compares_alone())
    entry.state.judging.reset();
  else
    entry.state.judging = Judging{step.slower_than, step.overdue, compared_in(spec.deploy.alarms)};
  runner.plan_step(publish.shift, std::move(step));
}

// ---- evidence -----------------------------------------------------------------------------------

void Controller::State::save_evidence(DeploymentRunner& runner) {
  for (EvidenceRow& row : runner.take_evidence_rows()) ledger.set(std::move(row));
}

Result<Evidence> Controller::State::evidence_of(const DeploymentRunner& runner) const {
  if (!runner.evidence().empty()) return runner.evidence();
  const Result<std::vector<EvidenceRow>> rows = ledger.evidence(runner.number);
  if (!rows) return rows.error();
  Evidence evidence;
  for (const EvidenceRow& row : *rows) {
    const Result<void> restored =
        row.part == 0 ? evidence.restore_account(row.text) : evidence.restore_page(row.text);
    if (!restored) return restored.error();
  }
  return evidence;
}

/// What the comparisons knew before the restart, as far as it was written: they go on from there
/// with the events that come. What was lost is lost whatever group it was of, so no verdict becomes
/// less true by it.
Result<void> Controller::State::restore_evidence(DeploymentRunner& runner) {
  if (!runner.compares()) return {};
  Result<Evidence> evidence = evidence_of(runner);
  if (!evidence) return evidence.error();
  // Where the release had traffic and nothing is recorded, that was judged and is lost.
  if (evidence->empty() && runner.engine().facts().weight == Weight::none()) return {};
  runner.restore(*std::move(evidence), clock.mono());
  // Before anything is judged: another end of the process must not find what was closed unopened.
  save_evidence(runner);
  ledger.wait_for_disk();
  flush();
  return {};
}

void Controller::State::tell_kept_alarms(const DeploymentRunner& runner, const Evidence& kept,
                                         DeploymentReport& report) const {
  if (runner.is_watched()) return;
  for (AlarmReport& alarm : report.alarms) {
    const auto found = std::ranges::find(kept.alarms(), alarm.name, &AlarmReport::name);
    if (found == kept.alarms().end()) continue;
    std::optional<ErrorMeaning> counts = std::move(alarm.counts);
    alarm = *found;
    alarm.counts = std::move(counts);
  }
}

void Controller::close() {
  State& state = *state_;
  const Mono now = state.clock.mono();
  for (const DeploymentNumber number : state.deployments.running()) {
    DeploymentRunner& runner = *state.deployments.find(number);
    state.ledger.set(ClockRow{number, runner.age(now)});
    if (!runner.compares()) continue;
    runner.close_evidence();
    state.save_evidence(runner);
  }
  for (ServiceEntry& entry : state.book.entries()) entry.unsaved |= entry.kept.has_value();
  // Whoever has seen the last event has missed none when the next process begins. Should the store
  // recover by this very write, one more is told of.
  const std::uint64_t last = state.announcer.last_id().number + (state.ledger.healthy() ? 0 : 1);
  state.flush();
  state.ledger.reserve_events(last);
  state.ledger.flush();
}

ApiResult<EvidenceReport> Controller::evidence(const DeploymentId& id) const {
  const DeploymentRunner* runner = state_->deployments.find(id);
  if (runner == nullptr) return unknown_deployment(id);
  Result<Evidence> evidence = state_->evidence_of(*runner);
  if (!evidence)
    return ApiError{503, "store-failing", "The evidence cannot be read", evidence.error().message(),
                    "repair the store"};
  EvidenceReport report{state_->report(*runner), *std::move(evidence)};
  state_->tell_kept_alarms(*runner, report.evidence, report.deployment);
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
  report.alarms = replay_evidence(runner.spec(), evidence->evidence, settings,
                                  state_->patience_of(runner), state_->make_source);
  return report;
}

}  // namespace teal::control
