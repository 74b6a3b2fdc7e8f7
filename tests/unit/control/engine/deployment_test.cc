// What the golden scenarios (tests/scenario) do not show: the questions one can ask an engine.
#include "control/engine/deployment.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

using namespace std::chrono_literals;

DeploymentSpec canary() {
  DeploymentSpec spec;
  spec.id = "d-1";
  spec.targets.resize(2);
  spec.minimum_healthy = 2;
  spec.deploy.plan.steps = {config::SetWeight{Weight::percent(10)}, config::Bake{5min}};
  spec.deploy.alarms.resize(1);
  return spec;
}

TEST(Fitness, CountsAnUnknownTargetNeitherAsHealthyNorAsUnhealthy) {
  EXPECT_EQ(fitness({2, 0, 0}, 2), Fitness::fit);
  EXPECT_EQ(fitness({1, 0, 1}, 2), Fitness::unclear);
  EXPECT_EQ(fitness({1, 1, 0}, 2), Fitness::breached);
  EXPECT_EQ(fitness({0, 0, 0}, 1), Fitness::breached);
}

TEST(Deployment, SaysWhenItsWaitEndsAndWhenEvidenceMatters) {
  Deployment deployment{canary()};
  EXPECT_EQ(deployment.status(), Status::created);
  EXPECT_EQ(deployment.wait_ends(), std::nullopt);
  deployment.step(event::Begin{}, 0s);
  EXPECT_EQ(deployment.wait_ends(), 10min);
  deployment.step(event::HealthChanged{2, 0, 0}, 1s);
  EXPECT_EQ(deployment.wait_ends(), std::nullopt);
  deployment.step(event::SplitApplied{1, {}}, 2s);
  EXPECT_EQ(deployment.wait_ends(), 5min + 2s);
  EXPECT_FALSE(deployment.wants_evidence(5min));
  EXPECT_TRUE(deployment.wants_evidence(5min + 2s));
  deployment.step(event::Wake{}, 5min + 2s);
  EXPECT_TRUE(deployment.wants_evidence(6min));
  EXPECT_EQ(deployment.status(), Status::ready);
}

TEST(Deployment, IsWatchedByTheAlarmsThatCanJudgeWithoutALiveGroup) {
  DeploymentSpec spec = canary();
  spec.watch = 5min;
  config::CompareAlarm guarded;
  guarded.at_most = 0.01;
  spec.deploy.plan.steps.clear();
  spec.deploy.alarms = {{"worse", config::CompareAlarm{}}, {"limited", guarded}};
  Deployment deployment{spec};
  deployment.step(event::Begin{}, 0s);
  deployment.step(event::HealthChanged{2, 0, 0}, 1s);
  const std::vector<Action> actions = deployment.step(event::SplitApplied{1, {}}, 2s);
  EXPECT_EQ(to_string(actions.back()),
            "say deployment.watching:  is live; watch it for 5m: limited, health");
  EXPECT_EQ(deployment.facts().missing_evidence, kNothingJudged);
  EXPECT_EQ(deployment.wait_ends(), 5min + 2s);
  EXPECT_FALSE(deployment.wants_evidence(5min));
  EXPECT_TRUE(deployment.wants_evidence(5min + 2s));
  spec.deploy.alarms.pop_back();
  Deployment other{spec};
  other.step(event::Begin{}, 0s);
  other.step(event::HealthChanged{2, 0, 0}, 1s);
  other.step(event::SplitApplied{1, {}}, 2s);
  other.step(event::Wake{}, 5min + 2s);
  EXPECT_EQ(other.state(), DeploymentState{state::Succeeded{}})
      << "nothing is missing that could come";
}

TEST(Deployment, BelievesNoAcknowledgementOfWhatItHasNotPublished) {
  Deployment deployment{canary()};
  deployment.step(event::Begin{}, 0s);
  deployment.step(event::SplitApplied{99, {}}, 0s);
  EXPECT_EQ(deployment.facts().applied, 0U);
  deployment.step(event::HealthChanged{2, 0, 0}, 1s);
  EXPECT_EQ(deployment.phase(), "Shifting");
}

TEST(Deployment, ChangesNothingWhenItRefuses) {
  Deployment deployment{canary()};
  deployment.step(event::Begin{}, 0s);
  const Deployment before = deployment;
  const std::vector<Action> actions = deployment.step(event::Proceed{}, 1s);
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<action::Refuse>(actions[0]));
  EXPECT_EQ(deployment, before);
}

}  // namespace
}  // namespace teal::control
