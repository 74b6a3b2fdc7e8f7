// A bad release taken back, by each of the triggers; and what is not taken back.
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

class RollbackTest : public ReleaseTest {};

constexpr const char* kErrorAlarm =
    "{ plan: [ { set_weight: 20% }, { bake: 1h } ], "
    "alarms: { errors: { error_rate: '> 5%', over: 5s, minimum_requests: 10 } } }";

TEST_F(RollbackTest, ReleasesThatFailRequestsAreTakenBackByTheErrorRate) {
  start(kErrorAlarm);
  green_.set_status(500);
  Load load(teal_->listener(), 4);
  const std::string id = ship();
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
  const std::size_t seen = green_.requests();
  ASSERT_TRUE(load.await(500));
  EXPECT_EQ(green_.requests(), seen) << "green was asked after the rollback";
  const LoadReport report = load.stop();
  EXPECT_EQ(report.failed_by_teal, 0U) << report.text();
  EXPECT_EQ(report.failed_by_target.count("blue-1"), 0U) << report.text();
  EXPECT_GT(report.failed_by_target.at("green-1"), 0U);
  EXPECT_NE(admin().deployment(id).at("/reason").find("errors"), std::string::npos);
  EXPECT_EQ(admin().metric("teal_rollbacks_total", "ALARM_ACTIVE"), 1);
}

TEST_F(RollbackTest, ReleasesThatAreSlowAreTakenBackByTheLatencyQuantile) {
  start(
      "{ plan: [ { set_weight: 50% }, { bake: 1h } ], "
      "alarms: { slow: { latency_p90: '> 50ms', over: 10s, minimum_requests: 10 } } }");
  green_.set_latency(Millis{80});
  Load load(teal_->listener(), 4);
  expect_rolled_back(ship(), "Stopped", "ALARM_ACTIVE");
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
}

TEST_F(RollbackTest, ReleasesWhoseTargetsFallIllAreTakenBack) {
  start();
  Load load(teal_->listener(), 2);
  const std::string id = ship(kLongCanary);
  ASSERT_TRUE(await_bake(id)) << admin().deployment(id).text;
  green_.set_healthy(false);
  expect_rolled_back(id, "Failed", "HEALTH_CONSTRAINTS");
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
}

TEST_F(RollbackTest, AnOutsideAlarmTakesAReleaseBackAtOnce) {
  start("{ plan: [ { set_weight: 10% }, { bake: 1h } ], alarms: { pager: { external: true } } }");
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  const ApiAnswer fired =
      admin().post("/v1/alarms/pager", R"({"state": "firing", "reason": "checkout is down"})");
  EXPECT_EQ(fired.status, 200) << fired.text;
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
  EXPECT_NE(admin().deployment(id).at("/reason").find("checkout is down"), std::string::npos);
}

TEST_F(RollbackTest, AlertmanagersWebhookIsAnOutsideAlarm) {
  start("{ plan: [ { set_weight: 10% }, { bake: 1h } ], alarms: { pager: { external: true } } }");
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  const ApiAnswer fired =
      admin().post("/v1/alertmanager",
                   R"({"version": "4", "status": "firing", "alerts": [{"status": "firing",
          "labels": {"alertname": "pager", "service": "shop"},
          "annotations": {"summary": "burning"}}]})");
  EXPECT_EQ(fired.status, 200) << fired.text;
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
}

TEST_F(RollbackTest, StopTakesTheReleaseBack) {
  start();
  const std::string id = ship(kLongCanary);
  ASSERT_TRUE(await_bake(id));
  EXPECT_EQ(admin().command(id, "stop").status, 200);
  expect_rolled_back(id, "Stopped", "MANUAL_STOP");
  EXPECT_TRUE(eventually([&] {
    return admin().service().at("/groups/green/targets_total") == "0";
  })) << "the release's targets are let go";
}

TEST_F(RollbackTest, RollbackAnswersWithTheRollbacksOwnDeployment) {
  start();
  const std::string id = ship(kLongCanary);
  ASSERT_TRUE(await_bake(id));
  const ApiAnswer answer = admin().command(id, "rollback");
  EXPECT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.at("/kind"), "rollback");
  EXPECT_EQ(answer.at("/rollback_of"), id);
  expect_rolled_back(id, "Stopped", "MANUAL_STOP");
}

TEST_F(RollbackTest, ATriggerThatIsNotListedLeavesTheTrafficWhereItIs) {
  start("{ plan: [ { set_weight: 30% }, { bake: 1h } ], rollback_on: [] }");
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  ASSERT_EQ(admin().command(id, "stop").status, 200);
  ASSERT_TRUE(admin().await(id, "status", "Stopped"));
  EXPECT_EQ(admin().deployment(id).at("/rolled_back_by"), "");
  EXPECT_EQ(green_share(), "30%");
  const ApiAnswer rollback = admin().command(id, "rollback");
  EXPECT_EQ(rollback.status, 200) << "rollback always wins: " << rollback.text;
  EXPECT_TRUE(admin().await(rollback.at("/id"), "status", "Succeeded"));
  EXPECT_EQ(green_share(), "0%");
}

TEST_F(RollbackTest, AReleaseThatNeverGetsHealthyFails) {
  green_.set_healthy(false);
  start("{ plan: AllAtOnce, healthy_deadline: 1s }");
  const std::string id = ship();
  expect_rolled_back(id, "Failed", "HEALTH_CONSTRAINTS");
  EXPECT_EQ(green_.requests(), 0U);
}

TEST_F(RollbackTest, AfterSuccessTheOldReleaseIsBackAtOnceWhileItIsWarm) {
  start();
  Load load(teal_->listener(), 4);
  const std::string id = ship();
  ASSERT_TRUE(admin().await(id, "status", "Succeeded"));
  EXPECT_FALSE(admin().service().at("/old_kept_until").empty());
  const ApiAnswer rollback = admin().command(id, "rollback");
  EXPECT_EQ(rollback.status, 200) << rollback.text;
  // From the acknowledgement on, no request that starts reaches green.
  EXPECT_EQ(ask(teal_->listener(), 100).at("blue-1"), 100U);
  EXPECT_TRUE(admin().await(rollback.at("/id"), "status", "Succeeded"));
  EXPECT_EQ(admin().service().at("/live"), "blue");
  EXPECT_LT(std::stod(admin().deployment(rollback.at("/id")).at("/rollback_took_ms")),
            1000.0 * kPatience);
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
}

TEST_F(RollbackTest, AnOldReleaseThatIsGoneIsInstalledAgainFirst) {
  start("{ plan: AllAtOnce, keep_old: 0 }");
  const std::string id = ship();
  ASSERT_TRUE(admin().await(id, "status", "Succeeded"));
  ASSERT_TRUE(eventually([&] { return admin().service().at("/groups/blue/targets_total") == "0"; }))
      << admin().service().text;
  Load load(teal_->listener(), 4);
  const ApiAnswer rollback = admin().command(id, "rollback");
  ASSERT_EQ(rollback.status, 200) << rollback.text;
  EXPECT_TRUE(admin().await(rollback.at("/id"), "status", "Succeeded"))
      << admin().deployment(rollback.at("/id")).text;
  EXPECT_EQ(ask(teal_->listener(), 20).at("blue-1"), 20U);
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
}

TEST_F(RollbackTest, FiftyDeploymentsWithRollbackHurtNobodyButByGreensOwnErrors) {
  start(
      "{ plan: [ { set_weight: 50% }, { bake: 1h } ], alarms: { pager: { external: true }, "
      "errors: { error_rate: '> 5%', over: 5s, minimum_requests: 5 } } }");
  green_.set_status(500);
  Load load(teal_->listener(), 8);
  for (int i = 0; i < (kSanitized ? 15 : 50); ++i) {
    ASSERT_TRUE(
        eventually([&] { return admin().service().at("/groups/green/targets_total") == "0"; }));
    // Half of them have no judge and are taken back by hand.
    const bool by_hand = i % 2 == 1;
    const ApiAnswer started =
        admin().deploy("r" + std::to_string(i), green_.address(),
                       by_hand ? R"(, "alarms": { "pager": null, "errors": null })" : "");
    ASSERT_EQ(started.status, 201) << started.text;
    const std::string id = started.at("/id");
    if (by_hand) {
      ASSERT_EQ(admin().command(id, "rollback").status, 200);
    }
    ASSERT_TRUE(admin().await(id, "status", "Stopped")) << admin().deployment(id).text;
    const std::string rollback = admin().deployment(id).at("/rolled_back_by");
    ASSERT_TRUE(admin().await(rollback, "status", "Succeeded"));
  }
  const LoadReport report = load.stop();
  EXPECT_EQ(report.failed_by_teal, 0U) << report.text();
  EXPECT_EQ(report.failed_by_target.count("blue-1"), 0U) << report.text();
  EXPECT_GT(report.failed_by_target.at("green-1"), 0U);
  EXPECT_EQ(report.by_status.size(), 2U) << report.text();
}

}  // namespace
}  // namespace teal::e2e
