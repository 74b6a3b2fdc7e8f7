// A rollback into a group that serves nobody: what a whole controller does about it
// (docs/adr/0021-fallback.md).
#include <gtest/gtest.h>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;

class FallbackTest : public ControllerTestBase {
 protected:
  std::optional<ApiResult<DeploymentReport>> forced(const DeploymentId& id, Command what) {
    auto answer = std::make_shared<std::optional<ApiResult<DeploymentReport>>>();
    controller->command(
        id, what, [answer](ApiResult<DeploymentReport> got) { *answer = got; }, true);
    ports->pump();
    return *answer;
  }

  const GroupState& green() { return ports->last().groups[Colour::green]; }
};

TEST_F(FallbackTest, AStopKeepsTheReleaseWhereNobodyOfTheOldGroupIsHealthy) {
  const DeploymentId id = bake_beside_the_dead();
  const auto answer = command(id, Command::stop);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->status, Status::stopped);
  EXPECT_EQ((*answer)->error_code, "NO_HEALTHY_BASELINE");
  EXPECT_NE((*answer)->reason.find("MANUAL_STOP: stopped on request"), std::string::npos);
  EXPECT_FALSE((*answer)->rolled_back_by);
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
  EXPECT_TRUE(green().fallback);
  EXPECT_TRUE(accepts_requests(green()));
  EXPECT_EQ(announced("deployment.fallback"), 1U);
  ASSERT_TRUE(shop().fallback);
  EXPECT_TRUE(shop().fallback->serves);
  EXPECT_EQ(shop().fallback->deployment, id);
}

/// Probes of the live group fail, and panic has it asked all the same.
class FallbackInPanicTest : public FallbackTest {
 protected:
  DeploymentId bake_in_panic() {
    config.services[0].panic_percent = 50;
    start();
    const DeploymentId id = bake();
    probe(Colour::blue, Health::unhealthy);
    answer(100, 0);
    return id;
  }

  /// So many answers of the live group in a second, and so many of them errors.
  void answer(std::uint64_t all, std::uint64_t errors) {
    TrafficReading& live = ports->traffic.emplace_back();
    live.key = {"shop", Colour::blue, "v1", Audience::split};
    advance(1s);
    live.counters.requests[0][1] = all - errors;
    live.counters.requests[0][4] = errors;
    advance(1s);
  }
};

TEST_F(FallbackInPanicTest, ALiveGroupThatAnswersIsGoneBackTo) {
  const DeploymentId id = bake_in_panic();
  const auto answer = command(id, Command::stop);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->error_code, "MANUAL_STOP");
  EXPECT_TRUE((*answer)->rolled_back_by);
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
  EXPECT_FALSE(green().fallback) << "it would end the panic, and serve what it was stopped for";
}

TEST_F(FallbackInPanicTest, ALiveGroupThatFailsIsNobodyToGoBackTo) {
  const DeploymentId id = bake_in_panic();
  answer(1000, 990);
  const auto answer = command(id, Command::stop);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->error_code, "NO_HEALTHY_BASELINE");
  EXPECT_TRUE(green().fallback);
}

TEST_F(FallbackInPanicTest, ALiveGroupThatAnswersSkipsNoPlanAndHoldsNoStep) {
  config.services[0].panic_percent = 50;
  start();
  probe(Colour::blue, Health::healthy);
  probe(Colour::blue, Health::unhealthy);
  answer(100, 0);
  for (int i = 0; i < 6; ++i) answer(100, 0);
  advance(31s);
  answer(100, 0);
  const DeploymentId id = deploy();
  probe(Colour::green, Health::healthy);
  ports->pump();
  EXPECT_EQ(status(id), Status::baking) << "at 10%";
  EXPECT_EQ(announced("deployment.plan_skipped"), 0U);
}

TEST_F(FallbackTest, AShareOfItByHandCanBeTakenBack) {
  stopped_beside_the_dead();
  const auto split = [&](Split wanted) {
    std::optional<int> refused;
    controller->set_split("shop", wanted, std::nullopt,
                          [&](const ApiResult<ServiceReport>& answer) {
                            refused = answer ? 0 : answer.error().status;
                          });
    ports->pump();
    return refused;
  };
  EXPECT_EQ(split(Split::with(Colour::green, Weight{2500})), 0);
  EXPECT_EQ(split(Split::all_to(Colour::blue)), 0) << "it serves without a share";
  EXPECT_TRUE(green().fallback);
}

TEST_F(FallbackTest, ItLeavesWhenTheLiveGroupHasServedForKeepOld) {
  stopped_beside_the_dead();
  advance(24h);
  EXPECT_TRUE(green().fallback);
  probe(Colour::blue, Health::healthy);
  advance(0ms);
  EXPECT_EQ(shop().fallback->leaves_in, config.services[0].deploy.keep_old);
  advance(config.services[0].deploy.keep_old - 1ms);
  EXPECT_TRUE(green().fallback);
  advance(1ms);
  EXPECT_FALSE(green().fallback);
  EXPECT_FALSE(shop().fallback);
  ports->pump();
  EXPECT_TRUE(green().targets.empty());
}

TEST_F(FallbackTest, ALiveGroupThatDiesAgainBeginsAnew) {
  stopped_beside_the_dead();
  const Millis keep_old = config.services[0].deploy.keep_old;
  probe(Colour::blue, Health::healthy);
  advance(0ms);
  advance(keep_old - 1ms);
  probe(Colour::blue, Health::unhealthy);
  advance(0ms);
  EXPECT_TRUE(shop().fallback->serves);
  probe(Colour::blue, Health::healthy);
  advance(0ms);
  advance(keep_old - 1ms);
  EXPECT_TRUE(green().fallback);
  advance(1ms);
  EXPECT_FALSE(green().fallback);
}

TEST_F(FallbackTest, ItSurvivesAKill) {
  const DeploymentId id = stopped_beside_the_dead();
  start();
  EXPECT_TRUE(green().fallback);
  EXPECT_EQ(shop().fallback->deployment, id);
  EXPECT_EQ(report(id).error_code, "NO_HEALTHY_BASELINE");
  advance(24h);
  EXPECT_TRUE(green().fallback) << "nobody knows yet whether the live group serves";
  probe(Colour::blue, Health::healthy);
  advance(0ms);
  advance(config.services[0].deploy.keep_old);
  EXPECT_FALSE(green().fallback);
  ports->pump();
  start();
  EXPECT_FALSE(shop().fallback);
}

TEST_F(FallbackTest, ForceRetiresItAtOnce) {
  const DeploymentId id = stopped_beside_the_dead();
  const auto answer = forced(id, Command::rollback);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->id, id);
  EXPECT_TRUE(green().targets.empty());
  EXPECT_FALSE(shop().fallback);
}

TEST_F(FallbackTest, ForceOfTheStopItselfLeavesNothing) {
  const DeploymentId id = bake_beside_the_dead();
  const auto answer = forced(id, Command::stop);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->error_code, "NO_HEALTHY_BASELINE") << "what it did is said all the same";
  EXPECT_TRUE(green().targets.empty());
}

TEST_F(FallbackTest, WithoutForceARollbackOfItSaysWhatToDo) {
  const DeploymentId id = stopped_beside_the_dead();
  const auto answer = command(id, Command::rollback);
  ASSERT_TRUE(answer && !*answer);
  EXPECT_EQ(answer->error().type, "is-fallback");
  EXPECT_NE(answer->error().remedy.find("teal rollback " + id + " --force"), std::string::npos);
  EXPECT_TRUE(green().fallback);
}

TEST_F(FallbackTest, ANewReleaseTakesItsPlaceOnlyWhereSomebodyElseServes) {
  const DeploymentId id = stopped_beside_the_dead();
  const auto refused = controller->deploy("shop", request("v3"), "", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().type, "fallback-serves");
  EXPECT_NE(refused.error().remedy.find("teal rollback " + id + " --force"), std::string::npos);
  probe(Colour::blue, Health::healthy);
  deploy("v3");
  EXPECT_FALSE(green().fallback);
  EXPECT_FALSE(shop().fallback);
}

TEST_F(FallbackTest, WhatHasAShareByHandIsNotRetired) {
  stopped_beside_the_dead();
  probe(Colour::blue, Health::healthy);
  advance(0ms);
  controller->set_split("shop", Split::with(Colour::green, Weight::percent(25)), std::nullopt,
                        [](auto) {});
  advance(24h);
  EXPECT_EQ(green().targets.size(), 2U);
  EXPECT_TRUE(accepts_requests(green()));
  controller->set_split("shop", Split::all_to(Colour::blue), std::nullopt, [](auto) {});
  advance(0ms);
  EXPECT_FALSE(green().fallback);
}

TEST_F(FallbackTest, ItsLastTargetIsNotDrainedWhileItServes) {
  stopped_beside_the_dead();
  EXPECT_TRUE(controller->delete_target("shop", Colour::green, target_address(3)));
  const auto refused = controller->delete_target("shop", Colour::green, target_address(4));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().type, "last-target");
}

TEST_F(FallbackTest, TheRollbackOfWhatWasLeftWithItsShareKeepsItToo) {
  config.services[0].deploy.rollback_on = {false, false, false};
  start();
  const DeploymentId id = bake_beside_the_dead();
  command(id, Command::stop);
  ASSERT_EQ(ports->last().split, Split::with(Colour::green, Weight::percent(10)));
  bool is_published_first = false;
  disk->on_commit = [&] {
    is_published_first = is_published_first || ports->last().split == Split::all_to(Colour::blue);
    EXPECT_TRUE(is_published_first) << "it waits for no disk";
  };
  const auto answer = command(id, Command::rollback);
  disk->on_commit = nullptr;
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->kind, Kind::rollback);
  EXPECT_EQ((*answer)->status, Status::failed);
  EXPECT_EQ((*answer)->error_code, "NO_HEALTHY_BASELINE");
  EXPECT_TRUE(green().fallback);
  EXPECT_TRUE(*forced((*answer)->id, Command::rollback));
  EXPECT_TRUE(green().targets.empty());
}

TEST_F(FallbackTest, APlanIsSkippedWhereNobodyHasServedForLong) {
  probe(Colour::blue, Health::unhealthy);
  advance(30s);
  const DeploymentId id = deploy();
  probe(Colour::green, Health::healthy);
  ports->pump();
  ports->pump();
  EXPECT_EQ(status(id), Status::succeeded);
  EXPECT_EQ(ports->last().live, Colour::green);
  EXPECT_EQ(announced("deployment.plan_skipped"), 1U);
}

TEST_F(FallbackTest, APlanThatBeganEarlierInTheOutageIsSkippedWhenItIsLong) {
  probe(Colour::blue, Health::unhealthy);
  advance(5s);
  const DeploymentId id = deploy();
  probe(Colour::green, Health::healthy);
  ports->pump();
  EXPECT_EQ(status(id), Status::baking);
  EXPECT_EQ(report(id).weight, Weight::percent(10)) << "at which it serves everybody";
  advance(5min);
  ports->pump();
  EXPECT_EQ(status(id), Status::succeeded);
}

TEST_F(FallbackTest, ALiveGroupThatServedInBetweenWasNotDeadForLong) {
  probe(Colour::blue, Health::unhealthy);
  advance(1h);
  probe(Colour::blue, Health::healthy);
  probe(Colour::blue, Health::unhealthy);
  advance(1s);
  const DeploymentId id = deploy();
  probe(Colour::green, Health::healthy);
  ports->pump();
  EXPECT_EQ(report(id).weight, Weight::percent(10));
}

TEST_F(FallbackTest, AStepHoldsWhileTheLiveGroupIsDead) {
  const DeploymentId id = bake_beside_the_dead();
  advance(5min);
  advance(24h);
  EXPECT_EQ(status(id), Status::ready);
  EXPECT_EQ(report(id).weight, Weight::percent(10));
  probe(Colour::blue, Health::healthy);
  ports->pump();
  EXPECT_EQ(status(id), Status::succeeded);
}

TEST_F(FallbackTest, AHoldSurvivesAKill) {
  const DeploymentId id = bake_beside_the_dead();
  advance(5min);
  start();
  ports->pump();
  probe(Colour::green, Health::healthy);
  advance(1h);
  EXPECT_EQ(status(id), Status::ready) << "nobody knows yet whether the live group serves";
  probe(Colour::blue, Health::unhealthy);
  advance(1h);
  EXPECT_EQ(status(id), Status::ready);
  EXPECT_TRUE(*command(id, Command::promote));
  ports->pump();
  EXPECT_EQ(status(id), Status::succeeded);
}

TEST_F(FallbackTest, AnOlderRollbackInstallsNothingInPlaceOfTheOnlyOneThatServes) {
  const DeploymentId second = succeed();
  advance(24h);
  ports->pump();
  auto third = request("v3");
  third.targets = {target_address(5)};
  const DeploymentId id = controller->deploy("shop", third, "", "").value().id;
  probe(Colour::blue, Health::healthy);
  ports->pump();
  probe(Colour::green, Health::unhealthy);
  command(id, Command::stop);
  ASSERT_TRUE(ports->last().groups[Colour::blue].fallback);
  const auto refused = command(second, Command::rollback);
  ASSERT_TRUE(refused && !*refused);
  EXPECT_EQ(refused->error().type, "fallback-serves");
  EXPECT_TRUE(*forced(second, Command::rollback));
  EXPECT_EQ(ports->last().groups[Colour::blue].revision, "v1");
}

TEST_F(FallbackTest, AJournalSaysNothingOfALiveGroupThatServes) {
  succeed();
  for (const auto& [key, row] : disk->events)
    EXPECT_EQ(row.event.find("baseline"), std::string::npos);
}

}  // namespace
}  // namespace teal::control
