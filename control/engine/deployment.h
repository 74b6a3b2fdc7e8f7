// Deployment: the engine. A pure state machine for one deployment: events and commands in, actions
// out. No clock, no I/O, no randomness; equal journals give equal states. Recovery is replaying the
// journal through this same step() and then telling it event::Resumed.
//
// Control thread (any one thread). Does not count requests, probe targets, or know the store; who
// carries the actions out is control/deploy/deployment_runner.h.
//
// Invariants (ARCHITECTURE.md)
//  (1) The parts of a split sum to 10000 (by its type).
//  (2) The release's weight never rises after a breach, a stop or a rollback.
//  (3) A bake's clock runs only when every worker has applied the split it judges.
//  (4) A weight rises only while minimum_healthy targets of the release are healthy.
//  (5) Terminal states publish nothing and never change again.
//  (6) Equal journals give equal states and equal actions.
//  (7) Judging never rests: a breach ends Paused, Gated, AwaitingEvidence, Promoting and Watching
//      as well.
//  (8) A publication that takes traffic from the release is the first action of its list.
//  (9) A release is not retired while nobody of the group that traffic goes back to accepts
//      requests: it stays as a fallback (docs/adr/0021-fallback.md).
// (10) No weight that is above 0 rises by itself while the group that it is compared with is dead.
//
// kind deploy                                        kind rollback
//
//   Created                                            Created ──(old group gone)── Reinstalling
//      │                                                  │                           │      │
//   Preparing <───(too few healthy)───────┐            (warm, or never left)       healthy deadline
//      │ minimum healthy                  │               │                           │      │
//      ├──────────> Shifting ─┐           │            RollingBack <──────────────────┘    Failed
//      ├──────────> Baking   ─┤ next step │               │ applied
//      ├──────────> Gated    ─┤───────────┘            Succeeded
//      │   AwaitingEvidence  ─┘
//      │ end of plan, promote                    Any of Preparing to AwaitingEvidence <──> Paused
//   Promoting ──applied──> Succeeded             Any of them, Paused, Promoting or Watching
//      │ applied, to be watched  │                     ──failure──> Failed
//   Watching ──time, continue────┘                     ──alarm, stop, rollback──> Stopped
//
// List of transitions and who makes them (engine/transition.h says when, engine/moves.h what)
//   Created          -> Preparing | RollingBack | Reinstalling     begin()
//   Preparing        -> the plan's present step, or Promoting      arrive(), promote()
//   Shifting         -> the next step, or Baking                   on(SplitApplied)
//   Baking           -> the next step, or AwaitingEvidence         end_of_bake()
//   Gated            -> the next step, or Stopped                  on(Proceed), on(Wake)
//   AwaitingEvidence -> the next step, or Failed       on(Evidence), on(Proceed), on(Wake)
//   a step that is over -> AwaitingEvidence while the live group is dead          arrive(), hold()
//   the start, and that -> Promoting where it was dead before the start     outage_is_older()
//   pausable         -> Paused -> the same with its time left      on(Pause), resume()
//   Promoting        -> Watching | Succeeded                       on(SplitApplied)
//   Watching         -> Succeeded                                  on(Wake), on(Proceed)
//   Watching         -> Promoting -> Watching with its time left   on(Resumed)
//   steered          -> Failed | Stopped                           end(), give_back()
//   Reinstalling     -> RollingBack | Failed | Stopped  on(HealthChanged), on(Wake), on(Stop)
//   RollingBack      -> Succeeded | Failed             on(SplitApplied), on(BaselineHealth)
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"
#include "control/engine/protocol.h"
#include "control/engine/status.h"

namespace teal::control {

/// How a rollback gets the old release back.
enum class RollbackMethod : std::uint8_t {
  undo,       ///< It is still the live one: all traffic to it.
  swap,       ///< It waits warm: make it live again, in one publication.
  reinstall,  ///< It is gone: register its targets, wait until they are healthy, then swap.
};

/// What a deployment is to do. Fixed for its life, stored with it.
struct DeploymentSpec {
  DeploymentId id;
  std::string service;
  Kind kind = Kind::deploy;
  /// The group that gets the release; for a rollback the one that traffic goes back to.
  Colour colour = Colour::green;
  std::string revision;
  std::string replaces;
  std::vector<Address> targets;
  /// What the other group held at the start, for the day it is wanted back.
  std::vector<Address> replaced_targets;
  config::Deploy deploy;
  std::uint32_t minimum_healthy = 1;  ///< deploy.minimum_healthy for these targets.
  /// False: nothing serves yet, so there is nothing to compare with or to return to.
  bool has_baseline = true;
  /// The alarms go on judging for so long after the cut-over, unless the plan has had a bake at
  /// 100 %; 0: they do not. Not above deploy.keep_old.
  Millis watch{0};
  RollbackMethod way = RollbackMethod::undo;  ///< Kind rollback only.
  DeploymentId rollback_of;                   ///< Kind rollback only.
  std::string why;                            ///< Kind rollback: the reason. Else empty.
  bool operator==(const DeploymentSpec&) const = default;
};

namespace state {

struct Created {
  bool operator==(const Created&) const = default;
};

/// Waiting for minimum_healthy. At the start, or later where the next step needs it.
struct Preparing {
  Age deadline{0};
  bool skips_plan = false;  ///< Everything at once afterwards: promoted, or the first release.
  bool operator==(const Preparing&) const = default;
};

/// Waiting for every worker to apply; afterwards comes the next step...
struct NextStep {
  bool operator==(const NextStep&) const = default;
};
/// ...or the rest of a bake that a restart interrupted.
struct BakeOn {
  Millis left{0};
  bool operator==(const BakeOn&) const = default;
};

struct Shifting {
  PublicationNumber shift = 0;
  std::variant<NextStep, BakeOn> then;
  bool operator==(const Shifting&) const = default;
};

struct Baking {
  Age until{0};
  bool operator==(const Baking&) const = default;
};

struct Gated {
  Age until{0};  ///< kNever without a timeout.
  bool operator==(const Gated&) const = default;
};

/// A bake is over and an alarm still lacks its minimum of requests; or a step is over and the live
/// group, which what comes next would be measured by, has no healthy target.
struct AwaitingEvidence {
  Age until{0};  ///< kNever: it waits for the live group.
  /// The present step has not begun; else it is over.
  bool before_step = false;
  bool operator==(const AwaitingEvidence&) const = default;
};

using Pausable = std::variant<Preparing, Shifting, Baking, Gated, AwaitingEvidence>;

struct Paused {
  Pausable interrupted;
  Age since{0};
  bool operator==(const Paused&) const = default;
};

/// After the workers' word comes the end, or the watch...
struct CutOver {
  bool operator==(const CutOver&) const = default;
};
/// ...or the rest of a watch that a restart interrupted.
struct WatchOn {
  Millis left{0};
  bool operator==(const WatchOn&) const = default;
};

/// The release is live and has all traffic; the workers' word is awaited.
struct Promoting {
  PublicationNumber shift = 0;
  std::variant<CutOver, WatchOn> then;
  bool operator==(const Promoting&) const = default;
};

/// The release is live, the old group warm, and the alarms still judge.
struct Watching {
  Age until{0};
  bool operator==(const Watching&) const = default;
};

struct Reinstalling {
  Age deadline{0};
  bool operator==(const Reinstalling&) const = default;
};

struct RollingBack {
  PublicationNumber shift = 0;
  bool operator==(const RollingBack&) const = default;
};

struct Succeeded {
  std::string unjudged;  ///< What the alarms lacked at the end of the watch.
  bool operator==(const Succeeded&) const = default;
};

struct Failed {
  std::string code;
  std::string why;
  bool operator==(const Failed&) const = default;
};

struct Stopped {
  std::string code;
  std::string why;
  bool operator==(const Stopped&) const = default;
};

}  // namespace state

using DeploymentState =
    std::variant<state::Created, state::Preparing, state::Shifting, state::Baking, state::Gated,
                 state::AwaitingEvidence, state::Paused, state::Promoting, state::Watching,
                 state::Reinstalling, state::RollingBack, state::Succeeded, state::Failed,
                 state::Stopped>;

/// What a count of healthy targets means for `minimum`. An unknown target is not an unhealthy one.
enum class Fitness : std::uint8_t { unclear, fit, breached };
Fitness fitness(const event::HealthChanged& health, std::uint32_t minimum);

/// What is known of the group that traffic would go back to.
enum class Baseline : std::uint8_t {
  fine,     ///< Somebody accepts requests, or nobody has said otherwise.
  unclear,  ///< Nobody does, but somebody may: not all have been probed.
  dead,     ///< Nobody does.
};
Baseline standing(const std::optional<event::BaselineHealth>& health);

/// With a live group that has been dead for so long, since before the start, there is nothing to
/// be careful for.
inline constexpr Millis kLongDead{30'000};

/// The error code of what ended beside a dead baseline: its release was kept as fallback.
inline constexpr std::string_view kNoHealthyBaseline = "NO_HEALTHY_BASELINE";

/// DeploymentFacts::missing_evidence before the judges have said what they lack.
inline constexpr std::string_view kNothingJudged = "nothing was judged yet";

/// What the engine remembers whatever state it is in.
struct DeploymentFacts {
  std::size_t step = 0;           ///< Present step of the plan; its size at the end.
  Weight weight;                  ///< The release's share as last published.
  bool is_live = false;           ///< The release's group was published as the live one.
  PublicationNumber shift = 0;    ///< Last publication asked for.
  PublicationNumber applied = 0;  ///< Last one that every worker runs on.
  event::HealthChanged health;
  std::uint32_t minimum = 0;  ///< As counted anew on request; 0: the spec's minimum_healthy.
  /// Of the group that traffic would go back to; nothing, as in journals of older Teals: not told.
  std::optional<event::BaselineHealth> baseline;
  /// Since when nobody of it has been known to accept requests: 0 or less from before the start;
  /// kNever: somebody does.
  Age lost_since = kNever;
  std::string missing_evidence;
  std::uint32_t exposed = 0;     ///< Spent of the exposure budget.
  bool was_baked_whole = false;  ///< A bake with all traffic on the release has ended.
  bool operator==(const DeploymentFacts&) const = default;
};

/// Whether a watch follows the cut-over.
bool is_to_be_watched(const DeploymentSpec& spec, const DeploymentFacts& facts);

class Deployment {
 public:
  explicit Deployment(DeploymentSpec spec);

  /// Requires: `now` is not before the `now` of the step before.
  std::vector<Action> step(const Event& event, Age now);

  const DeploymentSpec& spec() const { return spec_; }
  const DeploymentState& state() const { return state_; }
  const DeploymentFacts& facts() const { return facts_; }
  /// So many targets must be healthy.
  std::uint32_t minimum() const {
    return facts_.minimum > 0 ? facts_.minimum : spec_.minimum_healthy;
  }
  Status status() const;
  /// "Preparing", "Baking"...
  std::string_view phase() const;
  /// The cut-over is, or will be, followed by a watch.
  bool is_to_be_watched() const;
  bool is_watching() const { return std::holds_alternative<state::Watching>(state_); }
  bool is_terminal() const { return control::is_terminal(status()); }
  /// When the present wait ends by itself.
  std::optional<Age> wait_ends() const;
  /// A change in what the alarms lack would matter now; before a Wake it must have been told.
  bool wants_evidence(Age now) const;

  bool operator==(const Deployment&) const = default;

 private:
  DeploymentSpec spec_;
  DeploymentFacts facts_;
  DeploymentState state_;
};

}  // namespace teal::control
