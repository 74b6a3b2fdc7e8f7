// Who gets requests: probes, passive ejection, targets that come and go.
#include <gtest/gtest.h>

#include "tests/support/e2e_events.h"
#include "tests/support/e2e_load.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

std::string path_of(const Target& target) {
  return "/v1/services/shop/groups/blue/targets/" + target.address();
}

TEST(Health, ANewTargetTakesNoTrafficBeforeItHasPassed) {
  Target old("old"), fresh("fresh");
  fresh.set_healthy(false);
  Teal teal(shop({old.address()}, fast_health()));
  ASSERT_TRUE(teal.admin().await_accepting(1));
  ASSERT_EQ(teal.admin().call("PUT", path_of(fresh)).status, 200);
  ASSERT_TRUE(eventually([&] { return fresh.probes() >= 3; }));
  EXPECT_EQ(ask(teal.listener(), 100).at("old"), 100U);
  EXPECT_EQ(fresh.requests(), 0U);
  fresh.set_healthy(true);
  ASSERT_TRUE(teal.admin().await_accepting(2));
  ask(teal.listener(), 100);
  EXPECT_GT(fresh.requests(), 0U);
}

TEST(Health, AFailingTargetLeavesAndReturnsAndSaysWhy) {
  Target steady("steady"), shaky("shaky");
  Teal teal(shop({steady.address(), shaky.address()}, fast_health()));
  ASSERT_TRUE(teal.admin().await_accepting(2));
  Events events(teal.admin().address());
  Load load(teal.listener(), 2);
  shaky.set_healthy(false);
  ASSERT_TRUE(events.await("target.unhealthy")) << events.text();
  ASSERT_TRUE(teal.admin().await_accepting(1));
  const std::string state = teal.admin().service().text;
  EXPECT_NE(state.find("503"), std::string::npos) << "the reason names the status: " << state;
  // A worker may still be about to send what it had decided.
  ASSERT_TRUE(load.await(20));
  const std::size_t seen = shaky.requests();
  ASSERT_TRUE(load.await(200));
  EXPECT_EQ(shaky.requests(), seen);
  shaky.set_healthy(true);
  ASSERT_TRUE(events.await("target.healthy")) << events.text();
  EXPECT_TRUE(eventually([&] { return shaky.requests() > seen; }));
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
}

TEST(Health, ATargetThatStopsListeningIsFoundOut) {
  Target steady("steady"), dying("dying");
  Teal teal(shop({steady.address(), dying.address()}, fast_health()));
  ASSERT_TRUE(teal.admin().await_accepting(2));
  dying.stop();
  EXPECT_TRUE(teal.admin().await_accepting(1));
  EXPECT_EQ(ask(teal.listener(), 20).at("steady"), 20U);
}

TEST(Health, ATcpProbeNeedsOnlyAConnection) {
  Target target;
  target.set_healthy(false);
  Teal teal(shop({target.address()},
                 "health: { tcp: true, interval: 50ms, fast_interval: 20ms, timeout: 50ms }"));
  EXPECT_TRUE(teal.admin().await_accepting(1));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(target.probes(), 0U);
}

constexpr const char* kEjection =
    "balance: round_robin\noutlier: { consecutive_failures: 3, ejection: 500ms }\n";

TEST(Ejection, ATargetThatFailsRealRequestsIsTakenOutForAWhile) {
  Target good("good"), bad("bad");
  bad.set_status(500);
  Teal teal(shop({good.address(), bad.address()}, kEjection));
  Events events(teal.admin().address());
  Load load(teal.listener(), 2);
  ASSERT_TRUE(events.await("target.ejected")) << events.text();
  ASSERT_TRUE(teal.admin().await_accepting(1));
  bad.set_status(200);
  ASSERT_TRUE(events.await("target.returned")) << events.text();
  const std::size_t seen = bad.requests();
  EXPECT_TRUE(eventually([&] { return bad.requests() > seen + 10; })) << "it is asked again";
  const LoadReport report = load.stop();
  EXPECT_EQ(report.failed_by_teal, 0U) << report.text();
  EXPECT_GE(teal.admin().metric("teal_targets_ejected_total"), 1);
}

TEST(Ejection, TheLastTargetIsNeverTakenOut) {
  Target one("one"), two("two");
  one.set_status(500);
  two.set_status(500);
  Teal teal(shop({one.address(), two.address()}, kEjection));
  HttpClient client(teal.listener());
  for (int i = 0; i < 100; ++i) {
    const Response response = client.get("/");
    ASSERT_EQ(response.status, 500) << "a target's own word, not 503: " << describe(response);
  }
  EXPECT_GE(std::stoi(teal.admin().service().at("/groups/blue/targets_healthy")), 1);
}

TEST(Membership, ATargetIsDrainedWithoutCuttingItsRequest) {
  Target stays("stays"), leaves("leaves");
  Trigger go;
  leaves.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.wait(go);
    connection.send(response(200, "finished", "x-target: leaves\r\n"));
  });
  ConfigText config = shop({stays.address(), leaves.address()}, "balance: round_robin");
  config.workers = 1;
  Teal teal(config);
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 100 && leaves.requests() == 0; ++i) {
    clients.push_back(std::make_unique<HttpClient>(teal.listener()));
    clients.back()->send(request("GET", "/"));
    ASSERT_TRUE(eventually([&] { return stays.requests() + leaves.requests() == clients.size(); }));
  }
  ASSERT_EQ(leaves.requests(), 1U);
  EXPECT_EQ(teal.admin().call("DELETE", path_of(leaves)).status, 202);
  EXPECT_EQ(ask(teal.listener(), 20).at("stays"), 20U);
  go.fire();
  for (auto& client : clients) {
    const Response response = client->read();
    EXPECT_EQ(response.status, 200) << describe(response);
  }
  EXPECT_TRUE(
      eventually([&] { return teal.admin().service().at("/groups/blue/targets_total") == "1"; }));
}

TEST(Membership, TheLastTargetWithTrafficCannotBeRemoved) {
  Target only;
  Teal teal(shop({only.address()}));
  const ApiAnswer answer = teal.admin().call("DELETE", path_of(only));
  EXPECT_EQ(answer.status, 409) << answer.text;
  EXPECT_FALSE(answer.at("/remedy").empty());
  EXPECT_EQ(teal.admin().call("DELETE", "/v1/services/shop/groups/blue/targets/127.0.0.1:9").status,
            404);
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/").status, 200);
}

TEST(Membership, TargetsThatWereAddedSurviveARestart) {
  Target one("one"), two("two");
  Teal teal(shop({one.address()}));
  ASSERT_EQ(teal.admin().call("PUT", path_of(two)).status, 200);
  teal.kill9();
  teal.start();
  EXPECT_TRUE(teal.admin().await_accepting(2)) << teal.admin().service().text;
}

}  // namespace
}  // namespace teal::e2e
