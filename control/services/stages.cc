#include "control/services/stages.h"

#include <algorithm>
#include <utility>

namespace teal::control {
namespace {

/// Some alarm's verdict depends on how old the requests in flight are.
bool asks_for_ages(const std::vector<config::Alarm>& alarms) {
  return std::ranges::any_of(alarms, [](const config::Alarm& alarm) {
    const auto* latency = std::get_if<config::LatencyAlarm>(&alarm.condition);
    return latency != nullptr && latency->threshold.op == config::Threshold::Op::above;
  });
}

/// The usual errors are told in any case: a person may look for their samples.
MeaningSet compared_in(const std::vector<config::Alarm>& alarms) {
  MeaningSet compared = kUsualMeaning;
  for (const config::Alarm& alarm : alarms)
    if (std::holds_alternative<config::CompareAlarm>(alarm.condition))
      compared |= meaning_bit(config::meaning_number(alarms, alarm));
  return compared;
}

}  // namespace

Millis patience_of(const config::Service& service) {
  constexpr Millis kSlack{3000};
  return service.timeouts.connect + service.timeouts.response_header + kSlack;
}

health::Reading Stages::reading_of(const DeploymentRunner& runner) const {
  const DeploymentSpec& spec = runner.spec();
  const Stage stage{runner.number, services_.find(spec.service)->state().step};
  StageReading release =
      ports_.read_stage({spec.service, spec.colour, spec.revision, Audience::split}, stage);
  StageReading live =
      ports_.read_stage({spec.service, other(spec.colour), spec.replaces, Audience::split}, stage);
  return {clock_.mono(),
          release.deployment.ended,
          live.deployment.ended,
          ports_.watermark(),
          release.deployment.reached,
          health::InStep{stage.step, release.step, live.step.ended}};
}

health::CountsReading Stages::read_counts(const DeploymentRunner& runner) const {
  const DeploymentSpec& spec = runner.spec();
  const Colour live = other(spec.colour);
  const auto counts = [&](Colour colour, const std::string& revision) {
    return ports_.read_tallies({spec.service, colour, revision, Audience::split}, runner.number);
  };
  return {clock_.mono(), counts(spec.colour, spec.revision), counts(live, spec.replaces),
          ports_.watermark()};
}

void Stages::set_stage(ServiceEntry& entry, const DeploymentRunner& runner) const {
  const DeploymentFacts& facts = runner.engine().facts();
  const bool is_judged = runner.spec().kind == Kind::deploy && !runner.is_over();
  ServiceState& state = entry.edit();
  if (is_judged) state.step = facts.step;
  state.watches_ages =
      is_judged && facts.weight > Weight::none() && asks_for_ages(runner.spec().deploy.alarms);
  state.meanings = is_judged ? runner.meanings() : nullptr;
}

bool Stages::begins_own(const DeploymentRunner& runner) const {
  if (!std::holds_alternative<state::Baking>(runner.engine().state())) return false;
  const std::size_t step = runner.engine().facts().step;
  const std::uint64_t gathered = services_.find(runner.spec().service)->state().step;
  if (gathered == step) return false;
  const auto& steps = runner.spec().deploy.plan.steps;
  return gathered + 1 != step || !std::holds_alternative<config::SetWeight>(steps[gathered]);
}

void Stages::set_judging(ServiceEntry& entry, DeploymentRunner& runner,
                         const action::Publish& publish) const {
  const DeploymentSpec& spec = runner.spec();
  const Weight weight = publish.split.of(spec.colour);
  // After the cut-over there is nobody to compare with; comparisons with a limit for that time go
  // on by it.
  const bool is_cut_over = publish.live == spec.colour;
  const bool is_compared = spec.kind == Kind::deploy && runner.compares() && !runner.is_over() &&
                           weight > Weight::none() &&
                           (!is_cut_over || runner.engine().is_to_be_watched());
  if (!is_compared) {
    entry.edit().judging.reset();
    return;
  }
  const auto& steps = runner.evidence().steps();
  // After a restart this process has seen no traffic yet; the step is the one that it was.
  const bool is_resumed = !entry.state().judging && !steps.empty() && steps.back().weight == weight;
  EvidenceStep step = figures_.baselines.freeze(
      spec, figures_.read(spec.service, other(spec.colour), spec.replaces));
  if (is_cut_over) {
    step.slower_than.clear();
    step.slower_shares.clear();
  }
  if (is_resumed) {
    step.slower_than = steps.back().slower_than;
    step.slower_shares = steps.back().slower_shares;
    step.overdue = steps.back().overdue;
    step.restarts = steps.back().restarts;
  } else if (!entry.state().judging) {
    // Whatever is not recorded of the step is a loss, and may have been looked at before.
    step.restarts = runner.evidence().losses();
  }
  step.step = runner.engine().facts().step;
  step.weight = weight;
  step.table = publisher_.count() + 1;
  if (is_cut_over && !runner.compares_alone())
    entry.edit().judging.reset();
  else
    entry.edit().judging = Judging{step.slower_than, step.overdue, compared_in(spec.deploy.alarms)};
  runner.plan_step(publish.shift, std::move(step));
}

}  // namespace teal::control
