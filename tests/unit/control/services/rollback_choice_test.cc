#include "control/services/rollback_choice.h"

#include "tests/support/one_service.h"

namespace teal::control {
namespace {

class RollbackChoiceTest : public OneService {
 protected:
  std::string refusal(const DeploymentRunner& runner, bool force = false) const {
    const std::optional<ApiError> refused = choice.refuse_late(runner, force);
    return refused ? refused->type : "";
  }

  RollbackChoice choice{deployments, services, serving};
};

TEST_F(RollbackChoiceTest, NothingIsOlderThanWhatTheFileSays) {
  EXPECT_EQ(choice.made_live(shop()), nullptr);
  const ApiResult<DeploymentId> id = choice.of(shop());
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().type, "no-older-release");
}

TEST_F(RollbackChoiceTest, TheRunningDeploymentIsTakenBackFirst) {
  install("v2");
  const DeploymentRunner& runner = begin();
  EXPECT_EQ(choice.of(shop()).value(), runner.spec().id);
}

TEST_F(RollbackChoiceTest, ElseTheOneThatMadeTheLiveRevisionLive) {
  install("v2");
  const DeploymentRunner& runner = make_live();
  ASSERT_TRUE(runner.is_over());
  EXPECT_EQ(choice.made_live(shop()), &runner);
  EXPECT_EQ(choice.of(shop()).value(), runner.spec().id);
  EXPECT_EQ(refusal(runner), "");
}

TEST_F(RollbackChoiceTest, WhatHasNoTrafficAnyMoreIsHistory) {
  install("v2");
  const DeploymentRunner& runner = make_live();
  group(Colour::green).revision = "v3";
  EXPECT_EQ(choice.made_live(shop()), nullptr);
  EXPECT_EQ(refusal(runner), "not-serving");
}

TEST_F(RollbackChoiceTest, NothingIsTakenBackTwice) {
  install("v2");
  DeploymentRunner& runner = make_live();
  DeploymentSpec back = spec();
  back.kind = Kind::rollback;
  back.colour = Colour::blue;
  back.revision = "v1";
  back.replaces = "v2";
  back.rollback_of = runner.spec().id;
  const DeploymentRunner& rollback = begin(back);
  runner.rolled_back_by = rollback.spec().id;
  EXPECT_EQ(choice.running(runner), &rollback);
  EXPECT_EQ(choice.running(rollback), &rollback);
  EXPECT_EQ(refusal(runner), "already-rolled-back");
}

TEST_F(RollbackChoiceTest, WaitsForAnotherThatRuns) {
  install("v2");
  const DeploymentRunner& runner = make_live();
  EXPECT_EQ(choice.running(runner), nullptr);
  begin();
  EXPECT_EQ(refusal(runner), "deployment-running");
}

TEST_F(RollbackChoiceTest, AFallbackIsGivenUpOnlyByForce) {
  install("v2");
  DeploymentRunner& runner = begin();
  step(runner, event::HealthChanged{2, 0, 0, 0});
  step(runner, event::Rollback{"test"});
  deployments.end(runner);
  services.keep_fallback(shop(), {Colour::green, Millis{1000}, runner.spec().id});
  const ApiResult<DeploymentId> id = choice.of(shop());
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().type, "is-fallback");
  EXPECT_EQ(refusal(runner), "is-fallback");
}

TEST_F(RollbackChoiceTest, TheOnlyOneThatServesKeepsItsPlaceUnlessForced) {
  install("v2");
  const DeploymentRunner& runner = make_live();
  set_health(Colour::green, Health::unhealthy);
  group(Colour::blue).revision = "v0";
  group(Colour::blue).fallback = true;
  EXPECT_EQ(refusal(runner), "fallback-serves");
  EXPECT_EQ(refusal(runner, true), "");
}

}  // namespace
}  // namespace teal::control
