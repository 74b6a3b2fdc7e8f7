// The step of control/engine/deployment.h: the overload set on(state, event) -> next state. A pair
// that is missing does not compile. What a pair does is said in words of control/engine/moves.h.
//
// Lives for one step. Included by the engine alone.
#pragma once

#include <algorithm>
#include <concepts>
#include <string>
#include <utility>

#include "control/engine/moves.h"

namespace teal::control::engine {

/// One step: the overload set on(state, event) -> next state. A missing pair does not compile.
class Transition : public Moves {
 public:
  using Moves::Moves;

  // ---- Created ------------------------------------------------------------------------------
  DeploymentState on(const Created& /*at*/, const Begin& /*e*/) { return begin(); }
  DeploymentState on(const Created& /*at*/, const Resumed& /*e*/) { return begin(); }
  DeploymentState on(const Created& at, const BaselineHealth& e) {
    note(e);
    return at;
  }
  template <class E>
  requires OneOf<E, HealthChanged, Recounted, ConfigChanged, SplitApplied, AlarmBreached, Evidence,
                 Exposed, Wake>
  DeploymentState on(const Created& at, const E& /*e*/) {
    return at;
  }
  template <class E>
  requires OperatorCommand<E> || std::same_as<E, Rollback>
  DeploymentState on(const Created& at, const E& /*e*/) {
    return refuse(at, "the deployment has not begun", "try again in a moment");
  }

  // ---- terminal -----------------------------------------------------------------------------
  /// What was under way at the end still fails for the record.
  template <Terminal S>
  DeploymentState on(const S& at, const Exposed& e) {
    facts_.exposed = e.spent;
    return at;
  }
  template <Terminal S, class E>
  requires OneOf<E, Begin, HealthChanged, Recounted, ConfigChanged, BaselineHealth, SplitApplied,
                 AlarmBreached, Evidence, Wake, Resumed>
  DeploymentState on(const S& at, const E& /*e*/) {
    return at;
  }
  template <Terminal S, OperatorCommand E>
  DeploymentState on(const S& at, const E& /*e*/) {
    return refuse(at, "the deployment is over", "start a new one, or roll this one back");
  }
  template <Terminal S>
  DeploymentState on(const S& at, const Rollback& e) {
    if (spec_.kind == Kind::rollback) return refuse_rollback_of_rollback(at);
    if (!spec_.has_baseline) return refuse_without_baseline(at);
    // The rollback's own deployment publishes; this one is history.
    act(action::OpenRollback{"MANUAL_STOP", e.why});
    return at;
  }

  // ---- what is the same in every running state ------------------------------------------------
  template <Running S>
  DeploymentState on(const S& at, const Begin& /*e*/) {
    return at;
  }
  template <Running S>
  DeploymentState on(const S& at, const SplitApplied& e) {
    facts_.applied = std::max(facts_.applied, std::min(e.shift, facts_.shift));
    return applied(at);
  }
  template <Running S>
  DeploymentState on(const S& at, const Recounted& e) {
    facts_.minimum = e.minimum;
    say("deployment.recounted",
        "counted anew on request: " + std::to_string(e.minimum) + " must be healthy");
    return at;
  }
  template <Running S>
  DeploymentState on(const S& at, const ConfigChanged& e) {
    say("deployment.config_changed", "the service's configuration is that of generation " +
                                         std::to_string(e.generation) + " from now on");
    return at;
  }
  template <Running S>
  DeploymentState on(const S& at, const HealthChanged& e) {
    facts_.health = e;
    const Fitness fit = fitness(e, minimum());
    if constexpr (Steered<S>) {
      const bool carries_traffic = facts_.weight > Weight::none();
      if (fit == Fitness::breached && carries_traffic)
        return trigger(Trigger::failure, "HEALTH_CONSTRAINTS", health_text());
    }
    if (fit == Fitness::fit) return healthy_enough(at);
    return at;
  }
  template <Running S>
  DeploymentState on(const S& at, const BaselineHealth& e) {
    note(e);
    return with_baseline(at);
  }
  template <Steered S>
  DeploymentState on(const S& /*at*/, const AlarmBreached& e) {
    return trigger(Trigger::alarm, "ALARM_ACTIVE", "alarm " + e.name + ": " + e.why);
  }
  /// Nothing shields or limits a release that is live.
  DeploymentState on(const Watching& at, const Exposed& e) {
    facts_.exposed = e.spent;
    return at;
  }
  template <Steered S>
  requires(!OneOf<S, Watching>)
  DeploymentState on(const S& at, const Exposed& e) {
    facts_.exposed = e.spent;
    const std::uint32_t budget = spec_.deploy.exposure_budget;
    if (budget == 0 || e.spent < budget) return at;
    return trigger(Trigger::alarm, "ALARM_ACTIVE",
                   "exposure budget: " + std::to_string(e.spent) + " of " + std::to_string(budget) +
                       " failures were visible to clients");
  }
  template <Steered S>
  DeploymentState on(const S& /*at*/, const Stop& /*e*/) {
    return trigger(Trigger::request, "MANUAL_STOP", "stopped on request");
  }
  template <Steered S>
  DeploymentState on(const S& at, const Rollback& e) {
    if (spec_.has_baseline) return give_back(Trigger::request, "MANUAL_STOP", e.why);
    if (facts_.weight > Weight::none()) return refuse_without_baseline(at);
    act(action::RetireGroup{spec_.colour});
    return finish(Trigger::request, "MANUAL_STOP", e.why);
  }
  template <Steered S>
  requires(!OneOf<S, AwaitingEvidence>)
  DeploymentState on(const S& at, const Evidence& e) {
    facts_.missing_evidence = e.missing;
    return at;
  }
  DeploymentState on(const AwaitingEvidence& at, const Evidence& e) {
    facts_.missing_evidence = e.missing;
    if (!e.missing.empty() || at.until == kNever) return at;
    say("deployment.continued", "the missing evidence came in");
    return advance();
  }

  // ---- time -----------------------------------------------------------------------------------
  DeploymentState on(const Preparing& at, const Wake& /*e*/) {
    if (now_ < at.deadline) return at;
    return trigger(Trigger::failure, "HEALTH_CONSTRAINTS", health_text() + " in time");
  }
  DeploymentState on(const Baking& at, const Wake& /*e*/) {
    return now_ < at.until ? at : end_of_bake();
  }
  DeploymentState on(const Gated& at, const Wake& /*e*/) {
    if (now_ < at.until) return at;
    const auto& gate = std::get<config::Gate>(spec_.deploy.plan.steps[facts_.step]);
    if (gate.on_timeout == config::Gate::OnTimeout::stop)
      return trigger(Trigger::request, "TIMEOUT", "nobody continued at gate " + gate.name);
    say("deployment.continued", "nobody spoke at gate " + gate.name + " in time, going on");
    return advance();
  }
  DeploymentState on(const AwaitingEvidence& at, const Wake& /*e*/) {
    if (at.until == kNever) return with_baseline(at);
    if (now_ < at.until) return at;
    return trigger(Trigger::failure, "TIMEOUT",
                   "the evidence did not come in time: " + facts_.missing_evidence);
  }
  DeploymentState on(const Watching& at, const Wake& /*e*/) {
    return now_ < at.until ? at : succeed(facts_.missing_evidence);
  }
  template <class S>
  requires OneOf<S, Shifting, Paused, Promoting, RollingBack>
  DeploymentState on(const S& at, const Wake& /*e*/) {
    return at;  // They wait for workers or people.
  }
  DeploymentState on(const Reinstalling& at, const Wake& /*e*/) {
    if (now_ < at.deadline) return at;
    return finish(Trigger::failure, "HEALTH_CONSTRAINTS",
                  health_text() + " in time; traffic stays where it is");
  }

  // ---- commands -------------------------------------------------------------------------------
  DeploymentState on(const Gated& /*at*/, const Proceed& /*e*/) {
    say("deployment.continued", "continued on request");
    return advance();
  }
  DeploymentState on(const AwaitingEvidence& at, const Proceed& /*e*/) {
    if (at.until == kNever) return go_on_without_baseline(at);
    say("deployment.continued", "continued on request without: " + facts_.missing_evidence);
    return advance();
  }
  DeploymentState on(const Paused& at, const Proceed& /*e*/) {
    say("deployment.continued", "continued on request");
    return std::visit([&](const auto& interrupted) { return resume(interrupted, at.since); },
                      at.interrupted);
  }
  DeploymentState on(const Watching& /*at*/, const Proceed& e) {
    say("deployment.continued", e.why.empty() ? "the watch was ended on request" : e.why);
    return succeed({});
  }
  template <class S>
  requires OneOf<S, Preparing, Shifting, Baking, Promoting>
  DeploymentState on(const S& at, const Proceed& /*e*/) {
    return refuse(at, "the deployment waits for nobody",
                  "it goes on by itself; promote skips the rest of the plan");
  }

  template <Waiting S>
  DeploymentState on(const S& at, const Pause& /*e*/) {
    say("deployment.paused", "paused at " + to_string(facts_.weight));
    return Paused{at, now_};
  }
  DeploymentState on(const Paused& at, const Pause& /*e*/) { return at; }
  DeploymentState on(const Promoting& at, const Pause& /*e*/) {
    return refuse(at, "the release is being made live already",
                  "wait until it has succeeded, or roll it back");
  }
  DeploymentState on(const Watching& at, const Pause& /*e*/) {
    return refuse(at, "the release is live already, there is nothing to hold back",
                  "`teal continue " + spec_.service + "` ends the watch, `teal rollback " +
                      spec_.service + "` takes the release back");
  }

  DeploymentState on(const Preparing& at, const Promote& /*e*/) {
    Preparing next = at;
    next.skips_plan = true;
    say("deployment.promoted", "promoted on request; waiting for healthy targets");
    return next;
  }
  template <class S>
  requires OneOf<S, Shifting, Baking, Gated, AwaitingEvidence, Paused>
  DeploymentState on(const S& /*at*/, const Promote& /*e*/) {
    say("deployment.promoted", "promoted on request");
    return promote();
  }
  template <class S>
  requires OneOf<S, Promoting, Watching>
  DeploymentState on(const S& at, const Promote& /*e*/) {
    return at;
  }

  // ---- restart --------------------------------------------------------------------------------
  DeploymentState on(const Preparing& at, const Resumed& /*e*/) {
    republish();
    act(action::RegisterTargets{spec_.colour, spec_.revision, spec_.targets});
    act(action::WakeAt{at.deadline});
    return at;
  }
  DeploymentState on(const Shifting& at, const Resumed& /*e*/) {
    return Shifting{republish(), at.then};
  }
  DeploymentState on(const Baking& at, const Resumed& /*e*/) {
    return Shifting{republish(), BakeOn{std::max(Millis{0}, at.until - now_)}};
  }
  template <class S>
  requires OneOf<S, Gated, AwaitingEvidence>
  DeploymentState on(const S& at, const Resumed& /*e*/) {
    republish();
    if (at.until != kNever) act(action::WakeAt{at.until});
    return at;
  }
  DeploymentState on(const Paused& at, const Resumed& /*e*/) {
    republish();
    return at;
  }
  DeploymentState on(const Promoting& at, const Resumed& /*e*/) {
    return Promoting{republish(), at.then};
  }
  DeploymentState on(const Watching& at, const Resumed& /*e*/) {
    return Promoting{republish(), WatchOn{std::max(Millis{0}, at.until - now_)}};
  }
  DeploymentState on(const RollingBack& /*at*/, const Resumed& /*e*/) {
    return RollingBack{republish()};
  }
  DeploymentState on(const Reinstalling& at, const Resumed& /*e*/) {
    forget_health();
    act(action::RegisterTargets{spec_.colour, spec_.revision, spec_.targets});
    act(action::WakeAt{at.deadline});
    return at;
  }

  // ---- rollbacks listen to little -------------------------------------------------------------
  template <GoingBack S, class E>
  requires OneOf<E, AlarmBreached, Evidence, Exposed>
  DeploymentState on(const S& at, const E& /*e*/) {
    return at;
  }
  DeploymentState on(const Reinstalling& /*at*/, const Stop& /*e*/) {
    return finish(Trigger::request, "MANUAL_STOP", "stopped on request; traffic stays where it is");
  }
  template <GoingBack S, OperatorCommand E>
  requires(!(std::same_as<S, Reinstalling> && std::same_as<E, Stop>))
  DeploymentState on(const S& at, const E& /*e*/) {
    return refuse(at, "a rollback takes no such command", "wait until it is over");
  }
  template <GoingBack S>
  DeploymentState on(const S& at, const Rollback& /*e*/) {
    return refuse_rollback_of_rollback(at);
  }
};

}  // namespace teal::control::engine
