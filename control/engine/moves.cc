#include "control/engine/moves.h"

namespace teal::control::engine {

// ---- the way forward ----------------------------------------------------------------------------

DeploymentState Moves::begin() {
  if (spec_.kind == Kind::rollback && spec_.way != RollbackMethod::reinstall) {
    const DeploymentState next = go_back();
    say("deployment.started", "rollback to " + spec_.revision + ": " + spec_.why);
    return next;
  }
  act(action::RegisterTargets{spec_.colour, spec_.revision, spec_.targets});
  const Age deadline = now_ + spec_.deploy.healthy_deadline;
  act(action::WakeAt{deadline});
  const std::string needed = std::to_string(spec_.minimum_healthy) + " of " +
                             std::to_string(spec_.targets.size()) + " targets";
  if (spec_.kind == Kind::rollback) {
    say("deployment.started",
        "rollback to " + spec_.revision + ": waiting for " + needed + " to be healthy again");
    return Reinstalling{deadline};
  }
  say("deployment.started", "release " + spec_.revision + " in " +
                                std::string(to_string(spec_.colour)) + ": waiting for " + needed +
                                " to be healthy");
  // Without a baseline there is nothing to be careful for: a canary would starve the public.
  return Preparing{deadline, !spec_.has_baseline};
}

DeploymentState Moves::advance() {
  ++facts_.step;
  return arrive();
}

DeploymentState Moves::arrive() {
  const auto& steps = spec_.deploy.plan.steps;
  while (facts_.step < steps.size()) {
    if (const auto* shift = std::get_if<config::SetWeight>(&steps[facts_.step])) {
      if (shift->weight > facts_.weight) return must_hold() ? hold(true) : shift_to(shift->weight);
      ++facts_.step;  // There already.
      continue;
    }
    if (const auto* bake = std::get_if<config::Bake>(&steps[facts_.step]))
      return start_bake(bake->duration);
    return wait_at(std::get<config::Gate>(steps[facts_.step]));
  }
  return must_hold() ? hold(true) : promote();
}

DeploymentState Moves::shift_to(Weight weight) {
  if (!is_fit()) return wait_for_health(false);
  facts_.weight = weight;
  const PublicationNumber shift = publish();
  say("deployment.shifting", "shift to " + to_string(weight));
  return Shifting{shift, NextStep{}};
}

DeploymentState Moves::start_bake(Millis duration) {
  if (facts_.applied < facts_.shift) return Shifting{facts_.shift, BakeOn{duration}};
  const auto& alarms = spec_.deploy.alarms;
  if (!std::ranges::all_of(alarms, &config::Alarm::observe))
    facts_.missing_evidence = kNothingJudged;
  act(action::WakeAt{now_ + duration});
  say("deployment.baking", "bake " + format_duration(duration) + " at " + to_string(facts_.weight));
  return Baking{now_ + duration};
}

DeploymentState Moves::end_of_bake() {
  facts_.was_baked_whole |= facts_.weight == Weight::all();
  // Without traffic there can be no evidence, and nobody is hurt for want of it.
  if (facts_.missing_evidence.empty() || facts_.weight == Weight::none()) return advance();
  // Who is compared with the dead gets no evidence, and it would be a bad reason to throw out what
  // serves.
  if (must_hold()) return hold(false);
  const std::string lack = "not enough evidence: " + facts_.missing_evidence;
  switch (spec_.deploy.not_enough_evidence) {
    case config::NotEnoughEvidence::proceed:
      say("deployment.continued", lack + "; going on as configured");
      return advance();
    case config::NotEnoughEvidence::rollback: return trigger(Trigger::failure, "TIMEOUT", lack);
    case config::NotEnoughEvidence::hold: break;
  }
  const Age until = now_ + spec_.deploy.evidence_deadline;
  act(action::WakeAt{until});
  say("deployment.holding", lack);
  return AwaitingEvidence{until};
}

DeploymentState Moves::wait_at(const config::Gate& gate) {
  const Age until = gate.timeout ? now_ + *gate.timeout : kNever;
  if (gate.timeout) act(action::WakeAt{until});
  say("deployment.ready", "gate " + gate.name + " at " + to_string(facts_.weight));
  return Gated{until};
}

DeploymentState Moves::wait_for_health(bool skips_plan) {
  const Age deadline = now_ + spec_.deploy.healthy_deadline;
  act(action::WakeAt{deadline});
  say("deployment.waiting", health_text());
  return Preparing{deadline, skips_plan};
}

DeploymentState Moves::promote() {
  facts_.step = spec_.deploy.plan.steps.size();
  if (!is_fit()) return wait_for_health(true);
  facts_.weight = Weight::all();
  facts_.is_live = true;
  const PublicationNumber shift = publish();
  say("deployment.promoting", std::string(to_string(spec_.colour)) + " becomes live");
  return Promoting{shift, CutOver{}};
}

DeploymentState Moves::start_watch(Millis left) {
  std::string by;
  facts_.missing_evidence.clear();
  for (const config::Alarm& alarm : spec_.deploy.alarms) {
    if (!config::judges_alone(alarm)) continue;
    by += alarm.name + ", ";
    if (!alarm.observe) facts_.missing_evidence = kNothingJudged;
  }
  act(action::WakeAt{now_ + left});
  say("deployment.watching",
      spec_.revision + " is live; watch it for " + format_duration(left) + ": " + by + "health");
  return Watching{now_ + left};
}

DeploymentState Moves::succeed(std::string unjudged) {
  std::string text = spec_.revision + " is live";
  if (!unjudged.empty()) text += "; not judged since the cut-over: " + unjudged;
  say("deployment.succeeded", std::move(text));
  return Succeeded{std::move(unjudged)};
}

// ---- the way back -------------------------------------------------------------------------------

DeploymentState Moves::trigger(Trigger trigger, std::string code, std::string why) {
  const config::RollbackOn& on = spec_.deploy.rollback_on;
  const bool listed = trigger == Trigger::failure ? on.deployment_failure
                      : trigger == Trigger::alarm ? on.deployment_stop_on_alarm
                                                  : on.deployment_stop_on_request;
  if (listed && spec_.has_baseline) return give_back(trigger, std::move(code), std::move(why));
  why += listed ? "; there is no older release to return to" : "; traffic stays where it is";
  return finish(trigger, std::move(code), std::move(why));
}

DeploymentState Moves::give_back(Trigger trigger, std::string code, std::string why) {
  const bool has_served = facts_.weight > Weight::none();
  const Baseline back = standing(facts_.baseline);
  facts_.weight = Weight::none();
  facts_.is_live = false;
  publish();
  if (back != Baseline::fine && !has_served) {
    // Nobody was sent to the release, and nobody is now.
    act(action::RetireGroup{spec_.colour});
    return finish(trigger, std::move(code), std::move(why));
  }
  if (back == Baseline::unclear) keep_fallback();  // Until the rollback knows more.
  if (back == Baseline::dead) return end_with_fallback(trigger, code + ": " + why);
  act(action::OpenRollback{code, why});
  return finish(trigger, std::move(code), std::move(why));
}

DeploymentState Moves::finish(Trigger trigger, std::string code, std::string why) {
  if (trigger == Trigger::failure) {
    say("deployment.failed", code + ": " + why);
    return Failed{std::move(code), std::move(why)};
  }
  say("deployment.stopped", code + ": " + why);
  return Stopped{std::move(code), std::move(why)};
}

std::string Moves::health_text() const {
  const event::HealthChanged& health = facts_.health;
  const std::size_t there = std::size_t{health.healthy} + health.unhealthy + health.unknown;
  const std::size_t all = std::max(spec_.targets.size(), there);
  std::string text = std::to_string(health.healthy) + " of " + std::to_string(all) +
                     " targets are healthy, " + std::to_string(minimum()) + " must be";
  // Those that nobody calls ill.
  std::string others;
  if (health.ejected > 0) others += std::to_string(health.ejected) + " ejected";
  if (all > there)
    others += (others.empty() ? "" : ", ") + std::to_string(all - there) + " drained";
  return others.empty() ? text : text + " (" + others + ")";
}

DeploymentState Moves::go_back() {
  facts_.weight = Weight::all();
  facts_.is_live = true;
  const PublicationNumber shift = publish();
  if (standing(facts_.baseline) != Baseline::fine) keep_fallback();
  say("deployment.shifting", "all traffic to " + std::string(to_string(spec_.colour)));
  return RollingBack{shift};
}

}  // namespace teal::control::engine
