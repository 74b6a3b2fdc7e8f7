#include "control/controller/controller.h"
#include "control/deploy/publisher.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;

class ControllerTest : public ControllerTestBase {};

TEST_F(ControllerTest, PublishesTheGroupsOfTheFileAtTheFirstStart) {
  ASSERT_EQ(ports->published.size(), 1U);
  const ServiceState& state = ports->last();
  EXPECT_EQ(state.live, Colour::blue);
  EXPECT_EQ(state.split, Split::all_to(Colour::blue));
  ASSERT_EQ(state.groups[Colour::blue].targets.size(), 2U);
  EXPECT_EQ(state.groups[Colour::blue].targets[0].health, Health::unknown);
}

TEST_F(ControllerTest, ShipsAReleaseByItsPlan) {
  const DeploymentId id = bake();
  EXPECT_EQ(ports->last().split, Split::with(Colour::green, Weight::percent(10)));
  EXPECT_EQ(report(id).phase, "Baking");
  EXPECT_EQ(report(id).weight, Weight::percent(10));
  EXPECT_EQ(*report(id).step_ends - clock.wall(), 5min);
  advance(5min);
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::green));
  EXPECT_EQ(ports->last().live, Colour::green);
  EXPECT_EQ(status(id), Status::in_progress) << "it is not live before the workers say so";
  ports->pump();
  EXPECT_EQ(status(id), Status::succeeded);
  EXPECT_EQ(shop().last_deployment, id);
  EXPECT_FALSE(shop().deployment);
  EXPECT_EQ(shop().old_kept_until, clock.wall() + 10min);
}

TEST_F(ControllerTest, DrainsAndEmptiesTheOldGroupWhenItWasKeptLongEnough) {
  succeed();
  advance(10min - 1ms);
  EXPECT_FALSE(ports->last().groups[Colour::blue].targets.at(0).draining);
  advance(1ms);
  EXPECT_TRUE(ports->last().groups[Colour::blue].targets.at(0).draining);
  ports->pump();
  EXPECT_TRUE(ports->last().groups[Colour::blue].targets.empty());
  EXPECT_FALSE(shop().old_kept_until);
}

TEST_F(ControllerTest, RollsBackOnABreachAndLinksBothDeployments) {
  const DeploymentId id = bake();
  verdicts["errors"] = health::Breached{"error_rate 9% > 1%"};
  advance(100ms);
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
  const DeploymentReport failed = report(id);
  EXPECT_EQ(failed.status, Status::stopped);
  EXPECT_EQ(failed.error_code, "ALARM_ACTIVE");
  ASSERT_TRUE(failed.rolled_back_by);
  EXPECT_EQ(report(*failed.rolled_back_by).rollback_of, id);
  EXPECT_EQ(shop().deployment, failed.rolled_back_by);
  clock.advance(3ms);
  ports->pump();
  EXPECT_EQ(status(*failed.rolled_back_by), Status::succeeded);
  EXPECT_EQ(report(id).rollback_took, Micros{3000});
  EXPECT_TRUE(ports->last().groups[Colour::green].targets.empty());
  EXPECT_FALSE(shop().deployment);
}

TEST_F(ControllerTest, JudgesAtOnceOnABadOutcomeButNotForEveryOneOfAFlood) {
  bake();
  const TargetId bad = ports->last().groups[Colour::green].targets[0].id;
  controller->on_bad_outcome({bad, Failure::status, 500, 1, clock.mono()});
  verdicts["errors"] = health::Breached{"error_rate 9% > 1%"};
  clock.advance(4ms);
  controller->on_bad_outcome({bad, Failure::status, 500, 1, clock.mono()});
  EXPECT_EQ(ports->last().split.of(Colour::green), Weight::percent(10));
  clock.advance(1ms);
  controller->on_bad_outcome({bad, Failure::status, 500, 1, clock.mono()});
  EXPECT_EQ(ports->last().split.of(Colour::green), Weight::none());
}

TEST_F(ControllerTest, PublishesARollbackBeforeItWritesAnything) {
  const DeploymentId id = bake();
  std::vector<Weight> seen_at_commit;
  disk->on_commit = [&] { seen_at_commit.push_back(ports->last().split.of(Colour::green)); };
  command(id, Command::rollback);
  ASSERT_FALSE(seen_at_commit.empty());
  for (const Weight weight : seen_at_commit) EXPECT_EQ(weight, Weight::none());
}

TEST_F(ControllerTest, WritesEverythingElseBeforeItPublishes) {
  probe(Colour::blue, Health::healthy);
  deploy();
  std::vector<Weight> seen_at_commit;
  disk->on_commit = [&] { seen_at_commit.push_back(ports->last().split.of(Colour::green)); };
  probe(Colour::green, Health::healthy);
  EXPECT_TRUE(seen_at_commit.empty()) << "the workers do not know the release's health yet";
  ports->pump();
  ASSERT_FALSE(seen_at_commit.empty());
  EXPECT_EQ(seen_at_commit.front(), Weight::none());
  EXPECT_EQ(ports->last().split.of(Colour::green), Weight::percent(10));
}

TEST_F(ControllerTest, PublishesTheRollbackOfALiveReleaseBeforeItWritesAnything) {
  const DeploymentId id = succeed();
  std::vector<Colour> live_at_commit;
  disk->on_commit = [&] { live_at_commit.push_back(ports->last().live); };
  command(id, Command::rollback);
  ASSERT_FALSE(live_at_commit.empty());
  for (const Colour live : live_at_commit) EXPECT_EQ(live, Colour::blue);
}

TEST_F(ControllerTest, SwapsBackToTheWarmGroupInOnePublication) {
  const DeploymentId id = succeed();
  const std::size_t before = ports->published.size();
  std::optional<ApiResult<DeploymentReport>> answer;
  controller->command(id, Command::rollback,
                      [&](ApiResult<DeploymentReport> got) { answer = got; });
  EXPECT_EQ(ports->published.size(), before + 1);
  EXPECT_EQ(ports->last().live, Colour::blue);
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
  EXPECT_FALSE(answer) << "the answer waits for the workers";
  ports->pump();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->kind, Kind::rollback);
  EXPECT_EQ((*answer)->status, Status::succeeded);
  EXPECT_EQ((*answer)->revision, "v1");
  EXPECT_TRUE(ports->last().groups[Colour::green].targets.empty());
}

TEST_F(ControllerTest, InstallsADrainedGroupAgainAndWaitsForItsHealth) {
  const DeploymentId id = succeed();
  advance(10min);
  ports->pump();
  ASSERT_TRUE(ports->last().groups[Colour::blue].targets.empty());
  const auto answer = command(id, Command::rollback);
  ASSERT_TRUE(answer && *answer);
  const DeploymentId rollback = (*answer)->id;
  EXPECT_EQ(report(rollback).phase, "Reinstalling");
  EXPECT_EQ(ports->last().live, Colour::green);
  EXPECT_EQ(ports->last().groups[Colour::blue].targets.size(), 2U);
  probe(Colour::blue, Health::healthy);
  ports->pump();
  EXPECT_EQ(ports->last().live, Colour::blue);
  EXPECT_EQ(status(rollback), Status::succeeded);
}

TEST_F(ControllerTest, DoesNotRollBackTwiceNorARollback) {
  const DeploymentId id = succeed();
  const auto first = command(id, Command::rollback);
  const auto second = command(id, Command::rollback);
  ASSERT_TRUE(second);
  ASSERT_FALSE(*second);
  EXPECT_EQ(second->error().status, 409);
  const auto of_rollback = command((*first)->id, Command::rollback);
  ASSERT_FALSE(*of_rollback);
  EXPECT_EQ(of_rollback->error().status, 409);
  EXPECT_FALSE(of_rollback->error().remedy.empty());
}

TEST_F(ControllerTest, LeavesTrafficWhereItIsIfTheTriggerIsNotListed) {
  config.services[0].deploy.rollback_on.deployment_stop_on_alarm = false;
  start();
  const DeploymentId id = bake();
  verdicts["errors"] = health::Breached{"error_rate 9% > 1%"};
  advance(100ms);
  EXPECT_EQ(status(id), Status::stopped);
  EXPECT_EQ(ports->last().split.of(Colour::green), Weight::percent(10));
  EXPECT_FALSE(report(id).rolled_back_by);
  const auto next = controller->deploy("shop", request("v3"), "", "");
  ASSERT_FALSE(next) << "the idle group has traffic";
  EXPECT_EQ(next.error().status, 409);
  verdicts.clear();
  const auto rolled = command(id, Command::rollback);
  ASSERT_TRUE(rolled && *rolled);
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
}

TEST_F(ControllerTest, WaitsForMissingEvidenceAndGoesOnWhenItIsThere) {
  verdicts["errors"] = health::NotEnoughEvidence{"12 of 50 requests"};
  const DeploymentId id = bake();
  advance(5min);
  EXPECT_EQ(status(id), Status::ready);
  EXPECT_EQ(report(id).phase, "Holding");
  advance(1min);
  EXPECT_EQ(status(id), Status::ready);
  verdicts["errors"] = health::Healthy{};
  advance(100ms);
  EXPECT_EQ(report(id).phase, "Promoting");
}

TEST_F(ControllerTest, RollsBackWhenTooFewTargetsAreHealthy) {
  const DeploymentId id = bake();
  const TargetId one = ports->last().groups[Colour::green].targets[0].id;
  controller->on_health(one, Health::unhealthy, "connection refused");
  EXPECT_EQ(status(id), Status::failed);
  EXPECT_EQ(report(id).error_code, "HEALTH_CONSTRAINTS");
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
}

TEST_F(ControllerTest, EjectsAFailingTargetAndTakesItBack) {
  probe(Colour::blue, Health::healthy);
  advance(100ms);
  clock.advance(50ms);
  const TargetId bad = ports->last().groups[Colour::blue].targets[0].id;
  controller->on_bad_outcome({bad, Failure::connect, 0, 5, clock.mono()});
  EXPECT_TRUE(ports->last().groups[Colour::blue].targets[0].ejected);
  EXPECT_EQ(announced("target.ejected"), 1U);
  advance(31s);
  EXPECT_FALSE(ports->last().groups[Colour::blue].targets[0].ejected);
}

TEST_F(ControllerTest, HoldsAFloodOfHealthBackToTwentyPublicationsASecondAfterABurst) {
  advance(1s);
  const std::size_t before = ports->published.size();
  for (int i = 0; i < 100; ++i) {
    clock.advance(10ms);
    probe(Colour::blue, i % 2 == 0 ? Health::healthy : Health::unhealthy);
  }
  EXPECT_LE(ports->published.size() - before, 20U + HealthTurns::kBurst);
  advance(100ms);
  EXPECT_EQ(ports->last().groups[Colour::blue].targets[0].health, Health::unhealthy);
}

TEST_F(ControllerTest, AcceptsOneDeploymentAtATime) {
  deploy();
  const auto second = controller->deploy("shop", request("v3"), "", "");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().status, 409);
  EXPECT_EQ(second.error().type, "deployment-running");
}

TEST_F(ControllerTest, RefusesRequestsThatMakeNoSense) {
  EXPECT_EQ(controller->deploy("nobody", request(), "", "").error().status, 404);
  auto nothing = request();
  nothing.targets.clear();
  EXPECT_EQ(controller->deploy("shop", nothing, "", "").error().status, 422);
  auto live = request();
  live.targets.push_back(target_address(1));
  EXPECT_EQ(controller->deploy("shop", live, "", "").error().type, "target-is-live");
  auto twice = request();
  twice.targets.push_back(twice.targets[0]);
  EXPECT_EQ(controller->deploy("shop", twice, "", "").error().status, 422);
  EXPECT_EQ(controller->deployment("d-1").error().status, 404);
  EXPECT_EQ(controller->deployment("d-01").error().status, 404);
}

TEST_F(ControllerTest, GivesTheSameDeploymentForTheSameIdempotencyKey) {
  const auto first = controller->deploy("shop", request(), "key", "digest");
  const auto again = controller->deploy("shop", request(), "key", "digest");
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->id, again->id);
  EXPECT_EQ(controller->deploy("shop", request(), "key", "other").error().status, 422);
  start();
  EXPECT_EQ(controller->deploy("shop", request(), "key", "digest")->id, first->id);
  clock.advance(24h);
  EXPECT_EQ(controller->deploy("shop", request(), "key", "digest").error().status, 409);
}

TEST_F(ControllerTest, KnowsTheRequestOfAKeyThatAnOlderTealStored) {
  const std::string same = "shop\n{\"revision\":\"v2\"}";
  const std::string other = "shop\n{\"revision\":\"v3\"}";
  const auto first = controller->deploy("shop", request(), "key", same);
  ASSERT_TRUE(first);
  advance(1s);
  EXPECT_TRUE(disk->keys.at("key").digest.starts_with("sha256:"));
  disk->keys.at("key").digest = "82e173b697c53266-2bd93099ded59eb1";
  start();
  const auto again = controller->deploy("shop", request(), "key", same);
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->id, first->id);
  EXPECT_EQ(controller->deploy("shop", request("v3"), "key", other).error().type,
            "idempotency-key-reused");
  EXPECT_EQ(disk->keys.at("key").digest, "82e173b697c53266-2bd93099ded59eb1") << "until it expires";
}

TEST_F(ControllerTest, SetsTheSplitByHandAndAnswersWhenTheWorkersHaveIt) {
  probe(Colour::blue, Health::healthy);
  ASSERT_TRUE(controller->put_target("shop", Colour::green, target_address(9)));
  probe(Colour::green, Health::healthy);
  ports->pump();
  std::optional<ApiResult<ServiceReport>> answer;
  const auto keep = [&](ApiResult<ServiceReport> got) { answer = got; };
  const Split split = Split::with(Colour::green, Weight{1250});
  controller->set_split("shop", split, shop().version, keep);
  EXPECT_FALSE(answer);
  ports->pump();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->split, split);
  controller->set_split("shop", Split::all_to(Colour::blue), (*answer)->version - 1, keep);
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().status, 412);
  start();
  EXPECT_EQ(ports->last().split, split) << "a split by hand survives";
}

TEST_F(ControllerTest, RefusesASplitToAGroupThatCannotServe) {
  std::optional<ApiResult<ServiceReport>> answer;
  controller->set_split("shop", Split::all_to(Colour::green), std::nullopt,
                        [&](ApiResult<ServiceReport> got) { answer = got; });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().status, 422);
  deploy();
  controller->set_split("shop", Split::all_to(Colour::blue), std::nullopt,
                        [&](ApiResult<ServiceReport> got) { answer = got; });
  EXPECT_EQ(answer->error().status, 409);
}

TEST_F(ControllerTest, DrainsADeletedTargetBeforeItIsRemoved) {
  probe(Colour::blue, Health::healthy);
  ports->pump();
  ASSERT_TRUE(controller->delete_target("shop", Colour::blue, target_address(1)));
  EXPECT_TRUE(ports->last().groups[Colour::blue].targets[0].draining);
  ports->pump();
  EXPECT_EQ(ports->last().groups[Colour::blue].targets.size(), 1U);
  std::string removed;
  for (const Announcement& said : controller->announcements())
    if (said.type == "target.removed") removed = said.text;
  EXPECT_NE(removed.find(to_string(target_address(1))), std::string::npos) << removed;
  const auto last = controller->delete_target("shop", Colour::blue, target_address(2));
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().type, "last-target");
  start();
  EXPECT_EQ(ports->last().groups[Colour::blue].targets.size(), 1U);
}

TEST_F(ControllerTest, TakesADrainingTargetBack) {
  probe(Colour::blue, Health::healthy);
  ASSERT_TRUE(controller->delete_target("shop", Colour::blue, target_address(1)));
  ASSERT_TRUE(controller->put_target("shop", Colour::blue, target_address(1)));
  ports->pump();
  EXPECT_EQ(ports->last().groups[Colour::blue].targets.size(), 2U);
  EXPECT_FALSE(ports->last().groups[Colour::blue].targets[0].draining);
}

TEST_F(ControllerTest, RollsBackAtOnceOnAnOutsideAlarm) {
  const DeploymentId id = bake();
  EXPECT_EQ(controller->set_external_alarm("pager", "", true, "checkout is down").value(), 1U);
  EXPECT_EQ(status(id), Status::stopped);
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
  EXPECT_EQ(controller->set_external_alarm("nobody", "", true, "").error().status, 404);
}

TEST_F(ControllerTest, IgnoresAnOutsideAlarmThatFiredBeforeUntilItFiresAgain) {
  ASSERT_TRUE(controller->set_external_alarm("pager", "shop", true, "old trouble"));
  const DeploymentId id = bake();
  ASSERT_TRUE(controller->set_external_alarm("pager", "shop", true, "old trouble"));
  advance(100ms);
  start();
  ASSERT_TRUE(controller->set_external_alarm("pager", "shop", true, "old trouble"));
  EXPECT_FALSE(report(id).finished);
  ASSERT_TRUE(controller->set_external_alarm("pager", "shop", false, ""));
  ASSERT_TRUE(controller->set_external_alarm("pager", "shop", true, "new trouble"));
  EXPECT_EQ(status(id), Status::stopped);
}

TEST_F(ControllerTest, IsBlockedByAFiringAlarmWhereTheRequestSaysSo) {
  ASSERT_TRUE(controller->set_external_alarm("pager", "", true, "fire"));
  auto careful = request();
  careful.deploy.block_on_firing_alarm = true;
  EXPECT_EQ(controller->deploy("shop", careful, "", "").error().status, 409);
}

TEST_F(ControllerTest, GoesStraightToEverythingForTheFirstRelease) {
  config.services[0].groups[Colour::blue] = {};
  start();
  const DeploymentId id = deploy();
  probe(Colour::green, Health::healthy);
  ports->pump();
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::green));
  EXPECT_EQ(status(id), Status::succeeded);
  EXPECT_FALSE(shop().old_kept_until);
}

TEST_F(ControllerTest, CountsTargetsWithoutAHealthCheckAsHealthy) {
  config.services[0].health.reset();
  start();
  const DeploymentId id = deploy();
  EXPECT_EQ(report(id).phase, "Preparing") << "the workers do not know the release yet";
  ports->pump();
  EXPECT_EQ(status(id), Status::baking);
}

TEST_F(ControllerTest, ReportsTheMeasuredShareAndItsRates) {
  const DeploymentId id = bake();
  TrafficCounters blue;
  TrafficCounters green;
  ports->traffic = {{{"shop", Colour::blue, "v1", Audience::split}, blue},
                    {{"shop", Colour::green, "v2", Audience::split}, green},
                    {{"shop", Colour::green, "v2", Audience::preview}, green}};
  advance(100ms);
  blue.requests[0][1] = 90;
  green.requests[0][1] = 8;
  green.requests[0][4] = 2;
  ports->traffic[0].counters = blue;
  ports->traffic[1].counters = green;
  ports->traffic[2].counters.requests[0][4] = 1000;  // Preview traffic is nobody's business here.
  advance(1s);
  const ServiceReport report = shop();
  EXPECT_DOUBLE_EQ(report.groups[Colour::green].measured.value(), 0.1);
  EXPECT_DOUBLE_EQ(report.groups[Colour::green].error_rate.value(), 0.2);
  EXPECT_EQ(report.groups[Colour::green].requests, 10U);
  EXPECT_EQ(report.groups[Colour::green].errors, 2U);
  EXPECT_GT(report.groups[Colour::blue].requests_per_second, 50.0);
  EXPECT_EQ(report.deployment, id);
}

// ---- the store ----------------------------------------------------------------------------------

TEST_F(ControllerTest, ShiftsAndRollsBackWhileTheStoreFailsAndSaysSoOnce) {
  const DeploymentId id = bake();
  disk->fails = true;
  advance(5s);
  EXPECT_FALSE(controller->store_is_healthy());
  command(id, Command::rollback);
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
  EXPECT_EQ(status(id), Status::stopped);
  EXPECT_EQ(announced("store.failed"), 1U);
  const auto refused = controller->deploy("shop", request("v3"), "", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 503);
  disk->fails = false;
  advance(1s);
  EXPECT_TRUE(controller->store_is_healthy());
  EXPECT_EQ(announced("store.recovered"), 1U);
  start();
  EXPECT_EQ(status(id), Status::stopped) << "what could not be written was written later";
  EXPECT_EQ(status(*report(id).rolled_back_by), Status::succeeded);
}

TEST_F(ControllerTest, BeginsNothingThatItCannotWriteDownAlsoWhereNobodyKnewThat) {
  disk->fails = true;
  ASSERT_TRUE(controller->store_is_healthy()) << "nothing was to be written";
  const auto refused = controller->deploy("shop", request("v2"), "", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 503);
  EXPECT_FALSE(shop().deployment);
}

TEST_F(ControllerTest, RefusesToStartOnAStoreItCannotUnderstand) {
  deploy();
  disk->events.begin()->second.event = "{\"event\":\"from the future\"}";
  Controller second(std::make_shared<const config::Config>(config), clock, log, *ports,
                    make_store());
  const Result<void> started = second.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message().find("from the future"), std::string::npos);
}

TEST_F(ControllerTest, KeepsTheLastHundredFinishedDeployments) {
  config.services[0].deploy.plan.steps.clear();
  config.services[0].health.reset();
  start();
  for (std::uint16_t i = 0; i < 105; ++i) {
    auto next = request("r" + std::to_string(i));
    next.targets = {target_address(static_cast<std::uint16_t>(1000 + i))};
    ASSERT_TRUE(controller->deploy("shop", next, "", ""));
    ports->pump();
  }
  EXPECT_EQ(controller->deployments("shop", 1000)->size(), 100U);
  EXPECT_EQ(controller->deployments("shop", 1000)->front().id, "d-105");
  EXPECT_EQ(controller->deployments("shop", 2)->size(), 2U);
  EXPECT_FALSE(controller->deployment("d-5"));
  controller->tick();
  start();
  EXPECT_EQ(controller->deployments("shop", 1000)->front().id, "d-105");
  const auto next = controller->deploy("shop", request("v9"), "", "");
  ASSERT_TRUE(next);
  EXPECT_EQ(next->id, "d-106");
}

}  // namespace
}  // namespace teal::control
