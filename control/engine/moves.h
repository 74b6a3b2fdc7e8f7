// What the engine does (control/engine/deployment.h): its moves forward, back, and beside a dead
// baseline, and what a state makes of a general event. Which (state, event) calls for which of them
// is control/engine/transition.h. Bodies are in engine/moves.cc; what has to do with the health of
// the group that traffic goes back to is in engine/baseline.cc.
//
// Lives for one step. Included by the engine alone.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "control/engine/states.h"

namespace teal::control::engine {

enum class Trigger : std::uint8_t { failure, alarm, request };

/// The moves of one step: each changes the facts, notes actions and gives the next state.
class Moves {
 public:
  Moves(const DeploymentSpec& spec, DeploymentFacts& facts, Age now)
      : spec_(spec), facts_(facts), now_(now) {}

  std::vector<Action> take_actions() { return std::move(actions_); }

 protected:
  // ---- the way forward ------------------------------------------------------------------------
  DeploymentState begin();
  DeploymentState advance();
  /// Does the plan's present step.
  DeploymentState arrive();
  DeploymentState shift_to(Weight weight);
  DeploymentState start_bake(Millis duration);
  DeploymentState end_of_bake();
  DeploymentState wait_at(const config::Gate& gate);
  DeploymentState wait_for_health(bool skips_plan);
  DeploymentState promote();
  DeploymentState start_watch(Millis left);
  /// `unjudged`: what the alarms lack.
  DeploymentState succeed(std::string unjudged);

  // ---- what a state does with a general event -------------------------------------------------
  template <class S>
  requires(!OneOf<S, AwaitingEvidence, RollingBack>)
  DeploymentState with_baseline(const S& at) {
    return at;  // It matters when they end.
  }
  DeploymentState with_baseline(AwaitingEvidence at);
  DeploymentState with_baseline(const RollingBack& at) { return applied(at); }

  template <class S>
  requires OneOf<S, Preparing, Baking, Gated, AwaitingEvidence, Paused, Watching, Reinstalling>
  DeploymentState applied(const S& at) {
    return at;
  }
  DeploymentState applied(const Shifting& at) {
    if (facts_.applied < at.shift) return at;
    if (const auto* bake = std::get_if<BakeOn>(&at.then)) return start_bake(bake->left);
    return advance();
  }
  DeploymentState applied(const Promoting& at) {
    if (facts_.applied < at.shift) return at;
    if (const auto* watch = std::get_if<WatchOn>(&at.then)) return start_watch(watch->left);
    if (spec_.has_baseline) act(action::KeepOld{other(spec_.colour), spec_.deploy.keep_old});
    return is_to_be_watched(spec_, facts_) ? start_watch(spec_.watch) : succeed({});
  }
  DeploymentState applied(const RollingBack& at);

  DeploymentState healthy_enough(const Preparing& at) {
    if (at.skips_plan) return promote();
    return facts_.weight == Weight::none() && outage_is_older() ? skip_plan() : arrive();
  }
  DeploymentState healthy_enough(const Reinstalling& /*at*/) { return go_back(); }
  template <class S>
  requires OneOf<S, Shifting, Baking, Gated, AwaitingEvidence, Paused, Promoting, Watching,
                 RollingBack>
  DeploymentState healthy_enough(const S& at) {
    return at;
  }

  DeploymentState resume(AwaitingEvidence interrupted, Age since);
  template <class S>
  requires OneOf<S, Baking, Gated>
  DeploymentState resume(S interrupted, Age since) {
    if (interrupted.until != kNever) {
      interrupted.until += now_ - since;
      if constexpr (std::same_as<S, Baking>) {
        // A restart during the pause: the bake must not run before the workers are back on it.
        if (facts_.applied < facts_.shift)
          return Shifting{facts_.shift, BakeOn{interrupted.until - now_}};
      }
      act(action::WakeAt{interrupted.until});
    }
    return interrupted;
  }
  DeploymentState resume(Preparing interrupted, Age since) {
    if (is_fit()) return healthy_enough(interrupted);
    interrupted.deadline += now_ - since;
    act(action::WakeAt{interrupted.deadline});
    return interrupted;
  }
  DeploymentState resume(Shifting interrupted, Age /*since*/) {
    interrupted.shift = facts_.shift;
    return applied(interrupted);
  }

  // ---- the way back ---------------------------------------------------------------------------
  DeploymentState trigger(Trigger trigger, std::string code, std::string why);
  DeploymentState give_back(Trigger trigger, std::string code, std::string why);
  DeploymentState finish(Trigger trigger, std::string code, std::string why);
  /// Kind rollback: everything to the old release.
  DeploymentState go_back();

  // ---- the group that traffic goes back to (engine/baseline.cc) ----------------------------
  void note(const BaselineHealth& e);
  /// Nobody has probed anything since the restart.
  void forget_health();
  Colour baseline() const {
    return spec_.kind == Kind::deploy ? other(spec_.colour) : spec_.colour;
  }
  std::string baseline_text() const;  ///< "blue (v1)"
  /// It has been dead for long, since before the start.
  bool outage_is_older() const;
  DeploymentState skip_plan();
  /// Weights rise only by a person's word while the baseline is dead.
  bool must_hold() const;
  DeploymentState hold(bool before_step);
  DeploymentState go_on_without_baseline(const AwaitingEvidence& at);
  void keep_fallback();
  /// Ends with NO_HEALTHY_BASELINE; the release stays as fallback.
  DeploymentState end_with_fallback(Trigger trigger, const std::string& why);

  // ---- small parts ----------------------------------------------------------------------------
  PublicationNumber publish() {
    const Colour live = facts_.is_live ? spec_.colour : other(spec_.colour);
    act(action::Publish{++facts_.shift, live, Split::with(spec_.colour, facts_.weight)});
    return facts_.shift;
  }
  PublicationNumber republish() {
    forget_health();
    const PublicationNumber shift = publish();
    say("deployment.resumed", "resumed after a restart at " + to_string(facts_.weight));
    return shift;
  }

  std::uint32_t minimum() const {
    return facts_.minimum > 0 ? facts_.minimum : spec_.minimum_healthy;
  }
  bool is_fit() const { return fitness(facts_.health, minimum()) == Fitness::fit; }
  std::string health_text() const;

  template <class A>
  void act(A action) {
    actions_.emplace_back(std::in_place_type<A>, std::move(action));
  }
  void say(std::string type, std::string text) {
    act(action::Announce{std::move(type), std::move(text)});
  }
  DeploymentState refuse(DeploymentState at, std::string detail, std::string remedy) {
    act(action::Refuse{std::move(detail), std::move(remedy)});
    return at;
  }
  DeploymentState refuse_rollback_of_rollback(DeploymentState at) {
    return refuse(std::move(at), "a rollback is not rolled back",
                  "deploy the release again that you want to have");
  }
  DeploymentState refuse_without_baseline(DeploymentState at) {
    return refuse(std::move(at), "there is no older release to return to",
                  "deploy another release");
  }

  const DeploymentSpec& spec_;
  DeploymentFacts& facts_;
  Age now_;
  bool is_commanded_ = false;  ///< A person goes on although the baseline is dead.
  std::vector<Action> actions_;
};

}  // namespace teal::control::engine
