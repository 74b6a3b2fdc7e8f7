// What the engine does about the health of the group that traffic would go back to: nobody is sent
// from a release that serves to a group that does not (docs/adr/0021-fallback.md).
#include "control/engine/moves.h"

namespace teal::control::engine {

void Moves::note(const BaselineHealth& e) {
  facts_.baseline = e;
  // Unknown, as after a restart, is no reason to forget since when.
  facts_.lost_since = standing(facts_.baseline) == Baseline::fine
                          ? kNever
                          : std::min(facts_.lost_since, now_ - e.lost_for);
}

void Moves::forget_health() {
  facts_.health = {0, 0, static_cast<std::uint32_t>(spec_.targets.size())};
  if (auto& known = facts_.baseline)
    known = BaselineHealth{0, 0, known->healthy + known->unhealthy + known->unknown};
}

std::string Moves::baseline_text() const {
  return std::string(to_string(baseline())) + " (" +
         (spec_.kind == Kind::deploy ? spec_.replaces : spec_.revision) + ")";
}

// ---- the way forward ----------------------------------------------------------------------------

bool Moves::outage_is_older() const {
  return spec_.has_baseline && standing(facts_.baseline) == Baseline::dead &&
         facts_.lost_since <= Age{0} && now_ - facts_.lost_since >= kLongDead;
}

DeploymentState Moves::skip_plan() {
  const Millis before = Age{0} - facts_.lost_since;
  const std::string since = before > Millis{0}
                                ? format_duration(before) + " of them before the start"
                                : std::string("since the start");
  say("deployment.plan_skipped", "no target of " + baseline_text() + " has been healthy for " +
                                     format_duration(now_ - facts_.lost_since) + ", " + since +
                                     ": everything at once");
  return promote();
}

bool Moves::must_hold() const {
  return spec_.has_baseline && !is_commanded_ && facts_.weight > Weight::none() &&
         standing(facts_.baseline) == Baseline::dead;
}

DeploymentState Moves::hold(bool before_step) {
  if (outage_is_older()) return skip_plan();
  say("deployment.holding", "no target of " + baseline_text() + " is healthy: " + spec_.revision +
                                " serves in its place and stays at " + to_string(facts_.weight) +
                                " until one is; promote does not wait");
  return with_baseline(AwaitingEvidence{kNever, before_step});
}

DeploymentState Moves::with_baseline(AwaitingEvidence at) {
  const bool held = at.until == kNever;
  const Baseline baseline = standing(facts_.baseline);
  if (spec_.has_baseline && baseline == Baseline::dead) {
    if (!held) return hold(at.before_step);
    if (outage_is_older()) return skip_plan();
    if (facts_.lost_since <= Age{0}) act(action::WakeAt{facts_.lost_since + kLongDead});
    return at;
  }
  if (!held || baseline == Baseline::unclear) return at;
  say("deployment.continued", baseline_text() + " has healthy targets again");
  if (at.before_step) return arrive();
  if (facts_.missing_evidence.empty()) return advance();
  if (spec_.deploy.not_enough_evidence == config::NotEnoughEvidence::hold) return end_of_bake();
  // There was none to be had: it gets its chance before its want is held against anybody.
  return start_bake(std::get<config::Bake>(spec_.deploy.plan.steps[facts_.step]).duration);
}

DeploymentState Moves::resume(AwaitingEvidence interrupted, Age since) {
  if (interrupted.until != kNever) {
    interrupted.until += now_ - since;
    act(action::WakeAt{interrupted.until});
  }
  return with_baseline(interrupted);
}

DeploymentState Moves::go_on_without_baseline(const AwaitingEvidence& at) {
  say("deployment.continued",
      "continued on request although no target of " + baseline_text() + " is healthy");
  is_commanded_ = true;
  return at.before_step ? arrive() : advance();
}

// ---- the way back -------------------------------------------------------------------------------

DeploymentState Moves::applied(const RollingBack& at) {
  const Baseline baseline = standing(facts_.baseline);
  if (facts_.applied < at.shift || baseline == Baseline::unclear) return at;
  if (baseline == Baseline::dead) return end_with_fallback(Trigger::failure, spec_.why);
  act(action::RetireGroup{other(spec_.colour)});
  say("deployment.succeeded", "all traffic is back on " + spec_.revision);
  return Succeeded{};
}

void Moves::keep_fallback() {
  act(action::KeepFallback{other(baseline()), spec_.deploy.keep_old});
}

DeploymentState Moves::end_with_fallback(Trigger trigger, const std::string& why) {
  keep_fallback();
  const std::string release = spec_.kind == Kind::deploy ? spec_.revision : spec_.replaces;
  const std::string colour(to_string(other(baseline())));
  say("deployment.fallback", release + " in " + colour + " serves what " + baseline_text() +
                                 " cannot, until that has " + "served for " +
                                 format_duration(spec_.deploy.keep_old) + "; `teal rollback " +
                                 spec_.id + " --force` retires it at once");
  return finish(trigger, std::string(kNoHealthyBaseline),
                why + "; no target of " + baseline_text() + " is healthy: " + release +
                    " was kept in " + colour + " as fallback");
}

}  // namespace teal::control::engine
