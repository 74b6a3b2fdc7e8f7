// What keeps a group serving while some of its targets fail: retries on another target, outlier
// detection by comparison, panic, limits of the group; and what the access log says of the shield.
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

constexpr const char* kInTurn = "balance: round_robin\noutlier: off\n";

TEST(Resilience, AsksAnotherTargetForWhatTheServiceLists) {
  Target ill("ill"), well("well");
  ill.set_status(503);
  Teal teal(shop({ill.address(), well.address()},
                 std::string(kInTurn) + "retry: { on: [ reset, 503 ] }\n"));
  HttpClient client(teal.listener());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.get("/").headers.get("x-target"), "well");
  ill.on_request([](TargetConnection& connection, const SeenRequest&) { connection.reset(); });
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.get("/").headers.get("x-target"), "well");
  EXPECT_GE(teal.admin().metric("teal_upstream_retries_total", "\"failed\""), 9);
}

TEST(Resilience, SendsNoPostToAnotherTarget) {
  Target ill("ill"), well("well");
  ill.set_status(503);
  Teal teal(
      shop({ill.address(), well.address()}, std::string(kInTurn) + "retry: { on: [ 503 ] }\n"));
  HttpClient client(teal.listener());
  int passed_on = 0;
  for (int i = 0; i < 10; ++i) passed_on += client.post("/", "order").status == 503 ? 1 : 0;
  EXPECT_EQ(passed_on, 5);
}

TEST(Resilience, EveryTargetIllIsTheLastOnesAnswer) {
  Target one("one"), two("two");
  one.set_status(503);
  two.set_status(503);
  Teal teal(
      shop({one.address(), two.address()}, std::string(kInTurn) + "retry: { on: [ 503 ] }\n"));
  HttpClient client(teal.listener());
  const Response response = client.get("/");
  EXPECT_EQ(response.status, 503) << "as the target said it: " << describe(response);
  EXPECT_FALSE(response.headers.get("x-target").empty());
  EXPECT_EQ(one.requests() + two.requests(), 2U);
}

TEST(Resilience, TakesOutTheTargetThatSucceedsLessOftenThanTheOthers) {
  std::vector<std::unique_ptr<Target>> targets;
  std::vector<std::string> addresses;
  for (int i = 0; i < 6; ++i) {
    targets.push_back(std::make_unique<Target>("t" + std::to_string(i)));
    addresses.push_back(targets.back()->address());
  }
  targets[3]->on_request([](TargetConnection& connection, const SeenRequest& request) {
    connection.send(response(request.nth % 3 == 0 ? 500 : 200, ""));
  });
  ConfigText config = shop(addresses,
                           "balance: round_robin\n"
                           "outlier: { interval: 1s, success_rate: { requests: 20 } }\n");
  config.workers = 1;
  Teal teal(config);
  Load load(teal.listener(), 4);
  const auto ejected = [&] { return teal.admin().metric("teal_targets_ejected_total") >= 1; };
  EXPECT_TRUE(eventually(ejected));
  load.stop();
  EXPECT_EQ(teal.admin().metric("teal_target_accepting", addresses[3]), 0);
  EXPECT_EQ(teal.admin().metric("teal_group_targets_accepting", "blue"), 5);
}

TEST(Resilience, PanicAsksTargetsThatTheProbesFindIll) {
  Target one("one"), two("two");
  Teal teal(shop({one.address(), two.address()}, fast_health() + "panic: { below: 60% }\n"));
  ASSERT_TRUE(teal.admin().await_accepting(2));
  one.set_healthy(false);
  two.set_healthy(false);
  ASSERT_TRUE(
      eventually([&] { return teal.admin().metric("teal_group_targets_accepting", "blue") == 0; }));
  HttpClient client(teal.listener());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(teal.admin().metric("teal_group_panicking", "blue"), 1);
  EXPECT_NE(teal.cli({"status"}).out.find("panic"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return teal.log().find("group.panicking") != std::string::npos; }));
}

TEST(Resilience, WithoutPanicNobodyHealthyIsA503) {
  Target one("one");
  Teal teal(shop({one.address()}, fast_health()));
  ASSERT_TRUE(teal.admin().await_accepting(1));
  one.set_healthy(false);
  HttpClient client(teal.listener());
  EXPECT_TRUE(eventually([&] { return client.get("/").status == 503; }));
}

TEST(Resilience, AGroupTakesNoMoreAtATimeThanItsLimit) {
  Target one("one"), two("two");
  Trigger go;
  const auto wait = [&](TargetConnection& connection, const SeenRequest&) {
    connection.wait(go);
    connection.send(response(200, "late"));
  };
  one.on_request(wait);
  two.on_request(wait);
  ConfigText config =
      shop({one.address(), two.address()}, "limits: { in_flight_per_group: 1, pending: 0 }\n");
  config.workers = 1;
  Teal teal(config);
  HttpClient first(teal.listener()), second(teal.listener());
  first.send(request("GET", "/"));
  ASSERT_TRUE(eventually([&] { return one.requests() + two.requests() == 1; }));
  EXPECT_EQ(second.get("/").status, 503);
  go.fire();
  EXPECT_EQ(first.read().status, 200);
  EXPECT_EQ(second.get("/").status, 200);
}

class GivenAway : public ReleaseTest {};

TEST_F(GivenAway, AReleaseWithoutHealthyTargetsGivesItsShareAwayAndIsRolledBack) {
  start();
  const std::string id = ship(R"(, "plan": [{"set_weight": "50%"}, {"bake": "1h"}])");
  ASSERT_TRUE(await_bake(id));
  Load load(teal_->listener(), 4);
  green_.set_healthy(false);
  expect_rolled_back(id, "Failed", "HEALTH_CONSTRAINTS");
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
}

TEST_F(GivenAway, TheAccessLogTellsAShieldedRequestApart) {
  ConfigText config = shop({blue_.address()}, fast_health() + "outlier: off\n");
  const TempDir dir;
  config.access_log = "{ format: json, path: \"" + (dir / "access.log") + "\" }";
  teal_ = std::make_unique<Teal>(config);
  ASSERT_TRUE(admin().await_accepting(1));
  const std::string id = ship(R"(, "plan": [{"set_weight": "99%"}, {"bake": "1h"}])");
  ASSERT_TRUE(await_bake(id));
  green_.set_status(503);
  HttpClient client(teal_->listener());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get("/shielded").status, 200);
  const std::string shielded = R"("group":"blue")";
  ASSERT_TRUE(eventually(
      [&] { return read_file(dir / "access.log").find("shielded_group") != std::string::npos; }));
  const std::string log = read_file(dir / "access.log");
  for (const std::string& part :
       {shielded, std::string(R"("shielded_group":"green")"),
        R"("shielded_upstream":")" + green_.address() + '"', std::string(R"("attempts":2)"),
        std::string(R"("shield_reason":"status","shielded_status":503)")})
    EXPECT_NE(log.find(part), std::string::npos) << part << "\n" << log;
}

}  // namespace
}  // namespace teal::e2e
