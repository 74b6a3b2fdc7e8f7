// A good release on its way: canary, steps, gates, steering by hand.
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

class CanaryTest : public ReleaseTest {};

TEST_F(CanaryTest, SucceedsUnderLoadWithoutOneFailedRequest) {
  start(
      "{ plan: [ { set_weight: 10% }, { bake: 500ms }, { set_weight: 50% }, { bake: 300ms } ], "
      "alarms: { errors: { error_rate: '> 1%', over: 10s, minimum_requests: 20 } }, "
      "watch_after: 500ms }");
  Load load(teal_->listener(), 8);
  const std::string id = ship();
  EXPECT_TRUE(admin().await(id, "status", "Succeeded")) << admin().deployment(id).text;
  load.await(200);
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
  EXPECT_GT(report.by_target.at("blue-1"), 0U);
  EXPECT_GT(report.by_target.at("green-1"), 0U);
  const ApiAnswer service = admin().service();
  EXPECT_EQ(service.at("/live"), "green");
  EXPECT_EQ(service.at("/split/green"), "100%");
  EXPECT_EQ(service.at("/groups/green/revision"), "v2");
  EXPECT_EQ(service.at("/last_deployment/id"), id);
  const auto answers = ask(teal_->listener(), 20);
  EXPECT_EQ(answers.at("green-1"), 20U);
}

TEST_F(CanaryTest, ShipsTheNextReleaseIntoTheOtherGroup) {
  start("{ plan: AllAtOnce, keep_old: 0 }");
  const std::string first = ship();
  ASSERT_TRUE(admin().await(first, "status", "Succeeded")) << admin().deployment(first).text;
  Target next("blue-2");
  ASSERT_TRUE(eventually([&] { return admin().deploy("v3", next.address()).status == 201; }))
      << admin().service().text;
  EXPECT_TRUE(admin().await("d-2", "status", "Succeeded")) << admin().deployment("d-2").text;
  EXPECT_EQ(admin().service().at("/live"), "blue");
  EXPECT_EQ(ask(teal_->listener(), 10).at("blue-2"), 10U);
}

TEST_F(CanaryTest, GivesTheReleaseNothingBeforeItsTargetsAreHealthy) {
  green_.set_healthy(false);
  start();
  const std::string id = ship();
  ASSERT_TRUE(eventually([&] { return green_.probes() >= 3; }));
  EXPECT_EQ(admin().deployment(id).at("/phase"), "Preparing");
  EXPECT_EQ(ask(teal_->listener(), 100).at("blue-1"), 100U);
  HttpClient preview(teal_->listener("preview"));
  EXPECT_EQ(preview.get("/").status, 503);
  EXPECT_EQ(green_.requests(), 0U);
  green_.set_healthy(true);
  EXPECT_TRUE(admin().await(id, "status", "Succeeded")) << admin().deployment(id).text;
}

TEST_F(CanaryTest, ThePreviewListenerReachesTheReleaseBeforeThePublic) {
  start();
  const std::string id =
      ship(R"(, "plan": [{"gate": "look"}, {"set_weight": "10%"}, {"bake": "1h"}])");
  ASSERT_TRUE(admin().await(id, "phase", "Gated")) << admin().deployment(id).text;
  EXPECT_EQ(ask(teal_->listener("preview"), 10).at("green-1"), 10U);
  EXPECT_EQ(ask(teal_->listener(), 100).at("blue-1"), 100U);
}

TEST_F(CanaryTest, WaitsAtAGateUntilSomebodyContinues) {
  start();
  const std::string id = ship(R"(, "plan": [{"set_weight": "25%"}, {"gate": "qa"}])");
  ASSERT_TRUE(admin().await(id, "status", "Ready")) << admin().deployment(id).text;
  EXPECT_EQ(admin().deployment(id).at("/phase"), "Gated");
  EXPECT_EQ(green_share(), "25%");
  EXPECT_EQ(admin().command(id, "continue").status, 200);
  EXPECT_TRUE(admin().await(id, "status", "Succeeded"));
}

TEST_F(CanaryTest, PausesContinuesAndIsPromoted) {
  start();
  const std::string id = ship(kLongCanary);
  ASSERT_TRUE(await_bake(id)) << admin().deployment(id).text;
  EXPECT_EQ(admin().command(id, "pause").at("/phase"), "Paused");
  EXPECT_EQ(admin().deployment(id).at("/status"), "Ready");
  EXPECT_EQ(green_share(), "10%");
  EXPECT_EQ(admin().command(id, "continue").at("/status"), "Baking");
  EXPECT_EQ(admin().command(id, "promote").status, 200);
  EXPECT_TRUE(admin().await(id, "status", "Succeeded"));
  EXPECT_EQ(green_share(), "100%");
}

TEST_F(CanaryTest, HoldsABakeWithoutEnoughEvidenceUntilItComes) {
  start(
      "{ plan: [ { set_weight: 50% }, { bake: 100ms } ], "
      "alarms: { errors: { error_rate: '> 1%', over: 60s, minimum_requests: 20 } } }");
  const std::string id = ship();
  ASSERT_TRUE(admin().await(id, "phase", "Holding")) << admin().deployment(id).text;
  EXPECT_EQ(admin().deployment(id).at("/wait/by"), "not_enough_evidence");
  EXPECT_EQ(green_share(), "50%");
  ask(teal_->listener(), 60);
  EXPECT_TRUE(admin().await(id, "phase", "Watching")) << admin().deployment(id).text;
  EXPECT_EQ(admin().command(id, "continue").status, 200);
  EXPECT_TRUE(admin().await(id, "status", "Succeeded")) << admin().deployment(id).text;
}

TEST_F(CanaryTest, ACommandThatMakesNoSenseChangesNothing) {
  start();
  const std::string id = ship(kLongCanary);
  ASSERT_TRUE(await_bake(id));
  const ApiAnswer refused = admin().command(id, "continue");
  EXPECT_EQ(refused.status, 409) << refused.text;
  EXPECT_FALSE(refused.at("/remedy").empty());
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking");
  EXPECT_EQ(admin().command(id, "dance").status, 404);
  EXPECT_EQ(admin().command("d-99", "stop").status, 404);
}

TEST_F(CanaryTest, OneDeploymentAtATime) {
  start();
  const std::string id = ship(kLongCanary);
  const ApiAnswer second = admin().deploy("v3", "127.0.0.1:9");
  EXPECT_EQ(second.status, 409) << second.text;
  EXPECT_NE(second.text.find(id), std::string::npos) << "it says which one runs";
  EXPECT_EQ(admin().split("50%").status, 409) << "the deployment owns the split";
}

TEST_F(CanaryTest, AnIdempotencyKeyDeploysOnce) {
  start();
  const std::string key = "idempotency-key: build-1734\r\n";
  const ApiAnswer first = admin().deploy("v2", green_.address(), kLongCanary, key);
  ASSERT_EQ(first.status, 201) << first.text;
  const ApiAnswer again = admin().deploy("v2", green_.address(), kLongCanary, key);
  EXPECT_EQ(again.status, 201) << again.text;
  EXPECT_EQ(again.at("/id"), first.at("/id"));
  const ApiAnswer other = admin().deploy("v3", green_.address(), kLongCanary, key);
  EXPECT_EQ(other.status, 422) << other.text;
}

TEST_F(CanaryTest, ABadRequestNamesEveryProblemAndStartsNothing) {
  start();
  const ApiAnswer answer =
      admin().deploy("v2", green_.address(), R"(, "plan": "Canary200Percent", "keep_old": "soon")");
  EXPECT_EQ(answer.status, 400) << answer.text;
  EXPECT_EQ(answer.headers.get("content-type"), "application/problem+json");
  EXPECT_FALSE(answer.at("/problems/1/key").empty()) << answer.text;
  EXPECT_TRUE(admin().service().at("/deployment").empty());
  EXPECT_EQ(admin().deploy("v2", blue_.address()).status, 422) << "a live target is no release";
}

}  // namespace
}  // namespace teal::e2e
