// Thousands of deployments with random plans, events, lost acknowledgements and crashes, and after
// every step the invariants of control/engine/deployment.h. SIM_SEED and SIM_RUNS override the
// defaults; a failure prints the seed that repeats it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <string>

#include "base/rng.h"
#include "control/engine/deployment.h"
#include "control/engine/protocol_json.h"

namespace teal::control {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

config::Plan random_plan(Rng& rng) {
  config::Plan plan{"custom", {}};
  std::uint32_t weight = 0;
  for (std::uint32_t i = rng.below(8); i > 0; --i) {
    switch (rng.below(3)) {
      case 0:
        weight = std::min<std::uint32_t>(10'000, weight + rng.below(4000));
        plan.steps.push_back(config::SetWeight{Weight{weight}});
        break;
      case 1: plan.steps.push_back(config::Bake{Millis{rng.below(10) * 1000}}); break;
      default: {
        config::Gate gate{"g", std::nullopt, config::Gate::OnTimeout::stop};
        if (rng.below(2) == 0) gate.timeout = Millis{rng.below(20'000)};
        if (rng.below(2) == 0) gate.on_timeout = config::Gate::OnTimeout::proceed;
        plan.steps.push_back(gate);
      }
    }
  }
  return plan;
}

DeploymentSpec random_spec(Rng& rng) {
  DeploymentSpec spec;
  spec.id = "d-1";
  spec.service = "shop";
  spec.kind = rng.below(5) == 0 ? Kind::rollback : Kind::deploy;
  spec.colour = rng.below(2) == 0 ? Colour::blue : Colour::green;
  spec.revision = "v2";
  spec.replaces = "v1";
  spec.way = static_cast<RollbackMethod>(rng.below(3));
  spec.has_baseline = spec.kind == Kind::rollback || rng.below(10) != 0;
  for (std::uint32_t i = 0; i <= rng.below(5); ++i)
    spec.targets.push_back({Address::Kind::ip4, "10.0.0.1", static_cast<std::uint16_t>(80 + i)});
  spec.minimum_healthy = 1 + rng.below(static_cast<std::uint32_t>(spec.targets.size()));
  spec.deploy.plan = random_plan(rng);
  spec.deploy.rollback_on = {rng.below(4) != 0, rng.below(4) != 0, rng.below(4) != 0};
  spec.deploy.not_enough_evidence = static_cast<config::NotEnoughEvidence>(rng.below(3));
  spec.deploy.healthy_deadline = Millis{1000 + rng.below(30'000)};
  spec.deploy.evidence_deadline = Millis{1000 + rng.below(30'000)};
  if (rng.below(2) == 0) spec.deploy.alarms.push_back({"errors", {}, {}, 0});
  if (rng.below(2) == 0) spec.deploy.exposure_budget = 1 + rng.below(10);
  if (rng.below(2) == 0) spec.watch = Millis{1 + rng.below(20'000)};
  return spec;
}

/// The world around one deployment: workers that acknowledge late or never, targets, people.
class World {
 public:
  explicit World(std::uint64_t seed) : rng_(seed), deployment_(random_spec(rng_)) {
    live_ =
        deployment_.spec().kind == Kind::deploy || deployment_.spec().way == RollbackMethod::undo
            ? old_group()
            : other(old_group());
    // A rollback is opened where a release has traffic: a part of it, or all.
    if (deployment_.spec().kind == Kind::rollback)
      split_ = Split::with(other(old_group()), deployment_.spec().way == RollbackMethod::undo
                                                   ? Weight::percent(50)
                                                   : Weight::all());
    split_after_ = split_;
  }

  void run() {
    if (rng_.below(4) == 0) tell(random_baseline());
    tell(event::Begin{});
    for (int i = 0; i < 120 && !testing::Test::HasFatalFailure(); ++i) {
      now_ += Millis{rng_.below(3000)};
      if (rng_.below(8) == 0) tell(random_baseline());
      tell_consistently(random_event());
      if (rng_.below(12) == 0) crash();
      if (deployment_.is_terminal() && ++after_end_ > 8) return;
    }
  }

  const Deployment& deployment() const { return deployment_; }
  std::uint64_t spent_budgets = 0;  ///< How often a running deployment's budget was.
  std::uint64_t watches = 0;        ///< How often a cut-over was watched.
  std::uint64_t watched_back = 0;   ///< How often a watch took the release back.
  std::uint64_t fallbacks = 0;      ///< Ends with nobody to go back to.

 private:
  struct Told {
    Event event;
    Age age;
  };

  Colour old_group() const {
    const DeploymentSpec& spec = deployment_.spec();
    return spec.kind == Kind::deploy ? other(spec.colour) : spec.colour;
  }

  /// How the old group is: well, dead, or in part not probed yet.
  event::BaselineHealth random_baseline() {
    if (rng_.below(2) == 0) return {2, 0, 0};
    const std::uint32_t unknown = rng_.below(4) == 0 ? 1 + rng_.below(2) : 0;
    return {0, 2 - unknown, unknown, Millis{rng_.below(2) * rng_.below(60'000)}};
  }

  /// A rollback's targets are those that traffic goes back to: both words about them agree.
  void tell_consistently(const Event& event) {
    const auto* health = std::get_if<event::HealthChanged>(&event);
    if (health != nullptr && deployment_.spec().kind == Kind::rollback)
      tell(event::BaselineHealth{health->healthy, health->unhealthy, health->unknown});
    tell(event);
  }

  /// By the rule of Exchange::choose_group.
  bool answers() const {
    const Colour release = other(old_group());
    const bool is_reached = live_ == release || fallback_ || split_.of(release) > Weight::none();
    return baseline_accepts_ || (release_accepts_ && is_reached && !retired_);
  }

  void take_health(const Event& event) {
    if (const auto* health = std::get_if<event::BaselineHealth>(&event))
      baseline_accepts_ = health->healthy > 0;
    if (const auto* health = std::get_if<event::HealthChanged>(&event);
        health != nullptr && deployment_.spec().kind == Kind::deploy)
      release_accepts_ = health->healthy > 0;
  }

  void carry_out(const Action& action) {
    if (const auto* publish = std::get_if<action::Publish>(&action)) {
      live_ = publish->live;
      split_ = publish->split;
      unacknowledged_.push_back(publish->shift);
    }
    if (const auto* gone = std::get_if<action::RetireGroup>(&action); gone != nullptr) {
      ASSERT_EQ(gone->colour, other(old_group()));
      retired_ = true;
    }
    if (const auto* stays = std::get_if<action::KeepFallback>(&action); stays != nullptr) {
      ASSERT_EQ(stays->colour, other(old_group()));
      ASSERT_EQ(split_.of(stays->colour), Weight::none());
      fallback_ = true;
    }
  }

  Event random_event() {
    const auto targets = static_cast<std::uint32_t>(deployment_.spec().targets.size());
    switch (rng_.below(22)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const std::uint32_t healthy = rng_.below(4) == 0 ? rng_.below(targets + 1) : targets;
        const std::uint32_t unknown = rng_.below(targets - healthy + 1);
        return event::HealthChanged{healthy, targets - healthy - unknown, unknown};
      }
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
        // Workers apply in order, but a word may be old, or lost with a crash.
        if (!unacknowledged_.empty()) {
          acknowledged_ = unacknowledged_.front();
          unacknowledged_.pop_front();
          return event::SplitApplied{acknowledged_, Micros{rng_.below(500)}};
        }
        return event::SplitApplied{acknowledged_, Micros{0}};
      case 9:
      case 10:
      case 11:
      case 12: return event::Wake{};
      case 13: return event::Evidence{rng_.below(2) == 0 ? "" : "3 of 50"};
      case 14: return event::Pause{};
      case 15:
      case 16: return event::Proceed{};
      case 17:
        if (rng_.below(3) == 0) return event::Promote{};
        return event::Wake{};
      case 18:
        if (rng_.below(4) == 0) return event::AlarmBreached{"errors", "4% > 1%"};
        return event::Wake{};
      case 19: return expose();
      case 20: return event::ConfigChanged{rng_.below(100), "sha256:3f"};
      default:
        if (rng_.below(4) == 0) return event::Stop{};
        if (rng_.below(4) == 0) return event::Rollback{"asked"};
        return event::Wake{};
    }
  }

  /// Clients have seen failures of the release: as control reads it, the sum of all so far. What
  /// was spent is not forgotten by a crash of the engine: the workers' count may be ahead of the
  /// journal, and beyond the budget where nobody else could be asked.
  Event expose() {
    const std::uint32_t budget = deployment_.spec().deploy.exposure_budget;
    if (budget == 0 || deployment_.spec().kind != Kind::deploy) return event::Wake{};
    exposed_ += 1 + rng_.below(2);
    return event::Exposed{exposed_};
  }

  void tell(const Event& event) {
    const Deployment before = deployment_;
    const std::vector<Action> actions = deployment_.step(event, now_);
    journal_.push_back({event, now_});
    split_after_ = split_;
    for (const Action& action : actions)
      if (const auto* publish = std::get_if<action::Publish>(&action))
        split_after_ = publish->split;
    check(before, event, actions);
    take_health(event);
    const bool answered = answers();
    for (const Action& action : actions) carry_out(action);
    ASSERT_TRUE(!answered || answers())
        << "nobody serves any more after '" << to_string(event) << "' in " << before.phase();
    if (!before.is_terminal() && ends_without_baseline()) ++fallbacks;
  }

  bool ends_without_baseline() const {
    const auto* stopped = std::get_if<state::Stopped>(&deployment_.state());
    const auto* failed = std::get_if<state::Failed>(&deployment_.state());
    const std::string code = stopped != nullptr  ? stopped->code
                             : failed != nullptr ? failed->code
                                                 : "";
    return code == "NO_HEALTHY_BASELINE";
  }

  /// Everything in memory is gone; the journal is not, or all of it but the last event.
  void crash() {
    if (journal_.size() > 1 && rng_.below(3) == 0) {
      // The last event had not reached the disk: the engine is one step younger, which is a state
      // it was in. It must go on from there like from any other.
      journal_.pop_back();
      rewind();
      forget_publications();
    } else {
      const Deployment before = deployment_;
      rewind();
      ASSERT_EQ(deployment_, before) << "equal journals must give equal states";
    }
    unacknowledged_.clear();
    acknowledged_ = 0;
    after_breach_ = deployment_.is_terminal() && after_breach_;
    tell(event::Resumed{});
    tell(baseline_accepts_ ? event::BaselineHealth{1, 1, 0} : event::BaselineHealth{0, 2, 0});
  }

  /// No worker of the new process has seen what the lost event led to, and what waits for the disk
  /// had not been done.
  void forget_publications() {
    retired_ = false;
    const DeploymentFacts& facts = deployment_.facts();
    const Colour colour = deployment_.spec().colour;
    if (deployment_.spec().kind == Kind::rollback && facts.shift == 0) return;
    live_ = facts.is_live ? colour : other(colour);
    split_ = Split::with(colour, facts.weight);
  }

  void rewind() {
    deployment_ = Deployment{deployment_.spec()};
    was_kept_ = false;
    for (const Told& told : journal_) {
      const Result<Event> read = event_from_json(to_json(told.event));
      ASSERT_TRUE(read);
      was_kept_ |= keeps_old(deployment_.step(*read, told.age));
    }
  }

  void check(const Deployment& before, const Event& event, const std::vector<Action>& actions) {
    SCOPED_TRACE("at event '" + to_string(event) + "' in " + std::string(before.phase()));
    const Colour release =
        before.spec().kind == Kind::deploy ? before.spec().colour : other(before.spec().colour);
    std::size_t publications = 0;
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const auto* publish = std::get_if<action::Publish>(&actions[i]);
      if (publish == nullptr) continue;
      ++publications;
      const Split& split = publish->split;
      ASSERT_EQ(split.of(Colour::blue).basis_points() + split.of(Colour::green).basis_points(),
                Weight::kWhole);
      ASSERT_FALSE(before.is_terminal()) << "terminal states publish nothing";
      const bool rises = split.of(release) > split_.of(release);
      ASSERT_FALSE(after_breach_ && rises) << "the release's weight rose after a breach";
      if (rises && !std::holds_alternative<event::Resumed>(event) &&
          before.spec().kind == Kind::deploy) {
        check_rise(before, event);
        ASSERT_EQ(fitness(deployment_.facts().health, before.spec().minimum_healthy), Fitness::fit);
      }
      if (split.of(release) < split_.of(release)) {
        ASSERT_EQ(i, 0U) << "taking traffic away comes before everything else";
      }
    }
    ASSERT_LE(publications, 1U);
    check_transition(before, event, actions);
    check_exposure(before, event);
    if (breaches(before, event)) after_breach_ = true;
  }

  /// While the old group is dead only a person raises a weight that is above 0, or, at once to all,
  /// an outage that is older than the deployment.
  void check_rise(const Deployment& before, const Event& event) {
    const DeploymentFacts& facts = deployment_.facts();
    const bool asked = std::holds_alternative<event::Promote>(event) ||
                       std::holds_alternative<event::Proceed>(event);
    const auto* waits = std::get_if<state::Preparing>(&before.state());
    const bool was_promoted = waits != nullptr && waits->skips_plan;
    if (!before.spec().has_baseline || standing(facts.baseline) != Baseline::dead || asked ||
        was_promoted || before.facts().weight == Weight::none())
      return;
    ASSERT_TRUE(facts.is_live && facts.lost_since <= Age{0});
  }

  /// What was spent is never forgotten; a spent budget ends every running deployment, with its
  /// traffic taken back unless the spec says that alarms roll nothing back.
  void check_exposure(const Deployment& before, const Event& event) {
    ASSERT_GE(deployment_.facts().exposed, before.facts().exposed);
    const auto* exposed = std::get_if<event::Exposed>(&event);
    if (exposed == nullptr) return;
    if (before.status() == Status::created) return;
    ASSERT_EQ(deployment_.facts().exposed, exposed->spent);
    if (before.is_terminal()) return;
    if (before.is_watching()) {
      ASSERT_EQ(deployment_.state(), before.state()) << "what is live has no budget";
      return;
    }
    if (exposed->spent < before.spec().deploy.exposure_budget) {
      ASSERT_EQ(deployment_.state(), before.state()) << "there is budget left";
      return;
    }
    ASSERT_TRUE(deployment_.is_terminal()) << "the budget is spent";
    const bool gives_back =
        before.spec().deploy.rollback_on.deployment_stop_on_alarm && before.spec().has_baseline;
    if (gives_back) {
      ASSERT_EQ(deployment_.status(), Status::stopped);
      ASSERT_EQ(split_after_, Split::all_to(old_group()));
    }
    ++spent_budgets;
  }

  void check_transition(const Deployment& before, const Event& event,
                        const std::vector<Action>& actions) {
    if (before.is_terminal()) {
      ASSERT_EQ(deployment_.state(), before.state());
    }
    const bool refused = std::any_of(actions.begin(), actions.end(), [](const Action& action) {
      return std::holds_alternative<action::Refuse>(action);
    });
    if (refused) {
      ASSERT_EQ(actions.size(), 1U);
      ASSERT_EQ(deployment_, before) << "a refused command changed something";
    }
    if (std::holds_alternative<state::Baking>(deployment_.state())) {
      ASSERT_EQ(deployment_.facts().applied, deployment_.facts().shift)
          << "a bake runs only on a split that every worker has applied";
    }
    check_watch(before, actions);
    const bool deploys = before.spec().kind == Kind::deploy;
    const bool steered = deploys && !before.is_terminal() && before.status() != Status::created;
    if (steered && std::holds_alternative<event::AlarmBreached>(event)) {
      ASSERT_TRUE(deployment_.is_terminal()) << "a breach ends every running deployment";
    }
    if (steered && std::holds_alternative<event::Rollback>(event) && before.spec().has_baseline) {
      ASSERT_EQ(deployment_.status(), Status::stopped) << "a rollback always wins";
      const auto* publish = std::get_if<action::Publish>(&actions.front());
      ASSERT_NE(publish, nullptr);
      ASSERT_EQ(publish->split, Split::all_to(old_group()));
      ASSERT_EQ(publish->live, old_group());
    }
  }

  static bool keeps_old(const std::vector<Action>& actions) {
    return std::any_of(actions.begin(), actions.end(), [](const Action& action) {
      return std::holds_alternative<action::KeepOld>(action);
    });
  }

  /// A watch is over a release that is live, has everything and that every worker runs on; beyond
  /// it the old group is warm, kept since the cut-over and from nothing else.
  void check_watch(const Deployment& before, const std::vector<Action>& actions) {
    const DeploymentSpec& spec = before.spec();
    if (keeps_old(actions)) {
      ASSERT_FALSE(was_kept_) << "kept from the cut-over on";
      was_kept_ = true;
    }
    if (deployment_.is_watching()) {
      ASSERT_EQ(spec.kind, Kind::deploy);
      ASSERT_TRUE(spec.has_baseline && spec.watch > Millis{0} && was_kept_);
      ASSERT_TRUE(deployment_.facts().is_live);
      ASSERT_EQ(split_after_, Split::all_to(spec.colour));
      ASSERT_EQ(deployment_.facts().applied, deployment_.facts().shift);
      ASSERT_LE(*deployment_.wait_ends(), now_ + spec.watch);
      if (!before.is_watching()) ++watches;
    } else if (before.is_watching() && deployment_.is_terminal() &&
               split_after_ == Split::all_to(old_group())) {
      ++watched_back;
      ASSERT_TRUE(ends_without_baseline() ||
                  std::any_of(actions.begin(), actions.end(), [](const Action& action) {
                    return std::holds_alternative<action::OpenRollback>(action);
                  }));
    }
    const bool is_promoted = std::holds_alternative<state::Promoting>(before.state()) &&
                             deployment_.status() == Status::succeeded;
    ASSERT_FALSE(is_promoted && before.is_to_be_watched()) << "a watch was left out";
  }

  static bool breaches(const Deployment& before, const Event& event) {
    if (before.spec().kind != Kind::deploy || before.is_terminal()) return false;
    const auto* exposed = std::get_if<event::Exposed>(&event);
    if (exposed != nullptr && before.status() != Status::created && !before.is_watching())
      return exposed->spent >= before.spec().deploy.exposure_budget;
    return std::holds_alternative<event::AlarmBreached>(event) ||
           std::holds_alternative<event::Stop>(event);
  }

  Rng rng_;
  Deployment deployment_;
  std::vector<Told> journal_;
  std::deque<PublicationNumber> unacknowledged_;
  PublicationNumber acknowledged_ = 0;
  Age now_{0};
  Colour live_ = Colour::blue;
  Split split_ = Split::all_to(old_group());
  Split split_after_ = split_;  ///< With what the present event publishes.
  std::uint32_t exposed_ = 0;
  bool baseline_accepts_ = true;
  bool release_accepts_ = deployment_.spec().kind == Kind::rollback;  ///< Somebody of it.
  bool retired_ = false;
  bool fallback_ = false;
  bool after_breach_ = false;
  bool was_kept_ = false;
  int after_end_ = 0;
};

TEST(DeploymentSimulator, KeepsTheInvariantsThroughThousandsOfDeployments) {
  const std::uint64_t seed = number_from("SIM_SEED", 20'261'123);
  const std::uint64_t runs = number_from("SIM_RUNS", 20'000);
  std::array<std::uint64_t, 8> outcomes{};
  std::uint64_t spent_budgets = 0;
  std::uint64_t watches = 0;
  std::uint64_t watched_back = 0;
  std::uint64_t fallbacks = 0;
  for (std::uint64_t run = 0; run < runs; ++run) {
    SCOPED_TRACE("repeat with SIM_SEED=" + std::to_string(seed + run) + " SIM_RUNS=1");
    World world{seed + run};
    world.run();
    ++outcomes[static_cast<std::size_t>(world.deployment().status())];
    spent_budgets += world.spent_budgets;
    watches += world.watches;
    watched_back += world.watched_back;
    fallbacks += world.fallbacks;
    if (HasFailure()) FAIL() << "seed " << seed + run;
  }
  if (runs < 1000) return;
  // The simulator is only worth its name while it reaches every end.
  for (const Status end : {Status::succeeded, Status::failed, Status::stopped})
    EXPECT_GT(outcomes[static_cast<std::size_t>(end)], runs / 50) << to_string(end);
  EXPECT_GT(spent_budgets, runs / 50);
  EXPECT_GT(watches, runs / 50);
  EXPECT_GT(watched_back, runs / 200);
  EXPECT_GT(fallbacks, runs / 50);
}

}  // namespace
}  // namespace teal::control
