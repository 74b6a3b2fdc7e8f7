// The comparison on the real binary: bad releases found by their single requests, and everything
// that must not be blamed on a release.
#include <deque>

#include <boost/json.hpp>

#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

constexpr std::size_t kClients = 4;
constexpr Millis kPatiently{std::chrono::seconds{60}};

constexpr const char* kCompareErrors =
    "{ plan: [ { set_weight: 10% }, { bake: 1h } ], alarms: { worse: { compare: errors } } }";
constexpr const char* kCompareLatency =
    "{ plan: [ { set_weight: 10% }, { bake: 1h } ], alarms: { slower: { compare: latency } } }";

class ComparisonTest : public ReleaseTest {
 protected:
  /// One request in `every` fails.
  static void fail_one_in(Target& target, std::size_t every) {
    auto count = std::make_shared<std::atomic<std::size_t>>(0);
    target.on_request(
        [count, every, name = target.name()](TargetConnection& connection, const SeenRequest&) {
          const bool fails = ++*count % every == 0;
          connection.send(response(fails ? 500 : 200, "said", "x-target: " + name + "\r\n"));
        });
  }
  /// Answers in 2 to 8 ms times `factor`, but one in fifty in `tail`.
  static void take_time(Target& target, int factor, Millis tail) {
    auto count = std::make_shared<std::atomic<std::size_t>>(0);
    target.on_request([count, factor, tail, name = target.name()](TargetConnection& connection,
                                                                  const SeenRequest&) {
      const std::size_t nth = ++*count;
      const Millis usual{static_cast<int>(2 + nth % 7) * factor};
      if (!connection.linger(nth % 50 == 0 ? tail : usual)) return;
      connection.send(response(200, "said", "x-target: " + name + "\r\n"));
    });
  }
  /// Ships a release that fails everything to so many clients, who ask all at once, and again when
  /// all have been answered and the failures have become known, so that none is in flight that a
  /// busy machine could add. How often the release was asked.
  std::size_t asked_until_the_rollback(std::size_t clients) {
    start(kCompareErrors, "shield: { on: 5xx }\n");
    green_.set_status(500);
    const std::string id = ship();
    EXPECT_TRUE(await_bake(id));
    std::deque<HttpClient> asking;
    for (std::size_t i = 0; i < clients; ++i) asking.emplace_back(teal_->listener());
    for (int round = 0; round < 200 && admin().deployment(id).at("/status") == "Baking"; ++round) {
      for (HttpClient& client : asking) client.send(request("GET", "/"));
      for (HttpClient& client : asking)
        EXPECT_EQ(client.read().headers.get("x-target"), "blue-1") << "a client saw a failure";
      const std::string failures = std::to_string(green_.requests());
      EXPECT_TRUE(eventually([&] {
        const ApiAnswer now = admin().deployment(id);
        return now.at("/status") != "Baking" ||
               now.at("/alarms/0/comparison/release/bad") == failures;
      }));
    }
    expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
    return green_.requests();
  }
  std::string evidence_at(const std::string& id, std::string_view pointer) {
    return admin().get("/v1/deployments/" + id + "/evidence").at(pointer);
  }
};

TEST_F(ComparisonTest, AReleaseThatFailsEverythingIsAskedFourTimesMoreAtMost) {
  EXPECT_LE(asked_until_the_rollback(1), 1U + 4U);
}

TEST_F(ComparisonTest, AReleaseThatFailsEverythingIsAskedFourTimesMoreAndForWhatIsInFlight) {
  constexpr std::size_t kInFlight = 8;
  EXPECT_LE(asked_until_the_rollback(kInFlight), 1U + 4U + kInFlight - 1);
}

TEST_F(ComparisonTest, NoClientUnderLoadSeesAReleaseThatFailsEverythingWhereAllOf5xxIsShielded) {
  start(kCompareErrors, "shield: { on: 5xx }\n");
  green_.set_status(500);
  Load load(teal_->listener(), kClients);
  const std::string id = ship();
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
  const std::size_t seen = green_.requests();
  ASSERT_TRUE(load.await(500));
  EXPECT_EQ(green_.requests(), seen) << "green was asked after the rollback";
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
  EXPECT_EQ(report.by_target.at("blue-1"), report.requests);
}

TEST_F(ComparisonTest, TenTimesTheErrorsAreFoundInSeconds) {
  start(kCompareErrors);
  fail_one_in(blue_, 200);
  fail_one_in(green_, 20);
  Load load(teal_->listener(), kClients);
  const std::string id = ship();
  EXPECT_TRUE(admin().await_end(id, Deadline{kPatiently}));
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
}

TEST_F(ComparisonTest, TwiceTheLatencyIsFound) {
  start(kCompareLatency);
  take_time(blue_, 1, Millis{40});
  take_time(green_, 2, Millis{80});
  Load load(teal_->listener(), 2 * kClients);
  ASSERT_TRUE(load.await(3000));
  const std::string id = ship();
  EXPECT_TRUE(admin().await_end(id, Deadline{kPatiently}));
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
  EXPECT_TRUE(load.stop().failures.empty());
}

TEST_F(ComparisonTest, ATailThatIsTwiceAsSlowIsFoundWhereTheRestIsAsFastAsBefore) {
  start(kCompareLatency);
  take_time(blue_, 1, Millis{150});
  take_time(green_, 1, Millis{300});
  Load load(teal_->listener(), 4 * kClients);
  ASSERT_TRUE(load.await(3000));
  const std::string id = ship();
  EXPECT_TRUE(admin().await_end(id, Deadline{kPatiently}));
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
  EXPECT_TRUE(load.stop().failures.empty());
}

TEST_F(ComparisonTest, AReleaseThatHangsIsFoundByItsThresholdAndNotByItsTimeout) {
  start(kCompareLatency, "timeouts: { response_header: 10m }\n");
  Trigger end;
  Load load(teal_->listener(), 4 * kClients);
  ASSERT_TRUE(load.await(3000));
  green_.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.wait(end);
    connection.send(response(200, "late", "x-target: green-1\r\n"));
  });
  const std::string id = ship();
  EXPECT_TRUE(admin().await(id, "status", "Stopped", Deadline{kPatiently}))
      << admin().deployment(id).text;
  end.fire();
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
}

TEST_F(ComparisonTest, TroubleOfBothGroupsTogetherTakesNothingBack) {
  start(kCompareErrors);
  Load load(teal_->listener(), kClients);
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  blue_.set_status(500);
  green_.set_status(500);
  ASSERT_TRUE(load.await(4000));
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking") << admin().deployment(id).text;
  EXPECT_GE(std::stoul(admin().deployment(id).at("/alarms/0/comparison/live/bad")), 1000U);
}

TEST_F(ComparisonTest, NoTrafficForAWholeStepIsNotEnoughEvidenceAndNeverAVerdict) {
  start(
      "{ plan: [ { set_weight: 10% }, { bake: 300ms } ], alarms: { worse: { compare: errors } }, "
      "watch_after: 0 }");
  const std::string id = ship();
  ASSERT_TRUE(admin().await(id, "phase", "Holding")) << admin().deployment(id).text;
  EXPECT_EQ(admin().deployment(id).at("/alarms/0/verdict"), "not_enough_evidence");
  EXPECT_EQ(green_share(), "10%");
  ASSERT_EQ(admin().command(id, "continue").status, 200);
  EXPECT_TRUE(admin().await(id, "status", "Succeeded"));
}

TEST_F(ComparisonTest, AReleaseThatIsNotWorseIsCertifiedAndGoesOn) {
  start(
      "{ plan: [ { set_weight: 50% }, { bake: 1s } ], evidence_deadline: 5m, watch_after: 0, "
      "alarms: { worse: { compare: errors } } }");
  fail_one_in(blue_, 20);
  fail_one_in(green_, 20);
  Load load(teal_->listener(), kClients);
  const std::string id = ship();
  EXPECT_TRUE(admin().await(id, "status", "Succeeded", Deadline{kPatiently}))
      << admin().deployment(id).text;
}

TEST_F(ComparisonTest, AnObservedComparisonDoesNothing) {
  start(
      "{ plan: [ { set_weight: 10% }, { bake: 1h } ], "
      "alarms: { worse: { compare: errors, observe: true } } }");
  green_.set_status(500);
  Load load(teal_->listener(), kClients);
  const std::string id = ship();
  ASSERT_TRUE(
      eventually([&] { return admin().deployment(id).at("/alarms/0/verdict") == "breached"; },
                 Deadline{kPatiently}));
  ASSERT_TRUE(load.await(500));
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking");
  EXPECT_EQ(green_share(), "10%");
}

// ---- the conditions of the guarantee (docs/judge.md) that are met on the request path -----------

// Whose failures take their time is not better for it: at first only the release's are there.
TEST_F(ComparisonTest, Condition2_FailingSoonerThanTheLiveGroupIsNotFailingMoreOften) {
  constexpr std::size_t kMany = 48;
  start(kCompareErrors);
  green_.set_status(500);
  blue_.on_request([](TargetConnection& connection, const SeenRequest&) {
    if (connection.linger(Millis{150})) connection.send(response(500, "late"));
  });
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  Load load(teal_->listener(), kMany);
  ASSERT_TRUE(load.await(10 * kMany));
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking") << admin().deployment(id).text;
  ASSERT_TRUE(eventually([&] {
    return std::stoul(admin().deployment(id).at("/alarms/0/comparison/release/bad")) >= 10;
  }));
}

TEST_F(ComparisonTest, Condition4_WhatTheLiveGroupAnsweredInItsPlaceIsStillTheReleasesFailure) {
  start(kCompareErrors, "shield: { on: 5xx }\n");
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  green_.set_status(500);
  HttpClient client(teal_->listener());
  for (int asked = 0; asked < 200 && admin().deployment(id).at("/status") == "Baking"; ++asked)
    ASSERT_EQ(client.get("/").headers.get("x-target"), "blue-1");
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
  EXPECT_GE(std::stoul(admin().deployment(id).at("/alarms/0/comparison/release/bad")), 4U);
  EXPECT_EQ(admin().deployment(id).at("/alarms/0/comparison/live/bad"), "0");
}

TEST_F(ComparisonTest, Condition4_ClientErrorsAreNoEvidence) {
  start(kCompareErrors);
  green_.set_status(404);
  Load load(teal_->listener(), kClients);
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  ASSERT_TRUE(load.await(3000));
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking");
  EXPECT_EQ(admin().deployment(id).at("/alarms/0/comparison/release/bad"), "0");
}

TEST_F(ComparisonTest, Condition4_ClientsThatGoAwayAreNoEvidence) {
  start(kCompareErrors);
  const auto end = std::make_shared<Trigger>();
  green_.on_request([end](TargetConnection& connection, const SeenRequest&) {
    connection.wait(*end);
    connection.send(response(500, "late"));
  });
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  std::size_t went = 0;
  for (; went < 1000 && green_.requests() < 12; ++went) {
    HttpClient client(teal_->listener());
    client.send(request("GET", "/"));
    ASSERT_TRUE(eventually([&] { return blue_.requests() + green_.requests() > went; }));
    client.wire().reset();  // An orderly end could be a client's that still reads.
  }
  ASSERT_GE(green_.requests(), 12U) << "of " << went;
  ASSERT_TRUE(eventually([&] { return admin().metric("teal_downstream_requests_active") == 0; }));
  ASSERT_TRUE(eventually([&] {
    return !admin().deployment(id).at("/alarms/0/comparison/release/bad").empty();
  })) << "the judge has looked";
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking");
  EXPECT_EQ(admin().deployment(id).at("/alarms/0/comparison/release/bad"), "0");
  end->fire();
}

TEST_F(ComparisonTest, Condition5_PreviewTrafficIsNoEvidence) {
  start(kCompareErrors);
  green_.set_status(500);
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  EXPECT_EQ(ask(teal_->listener("preview"), 200).at("green-1"), 200U);
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking");
  EXPECT_EQ(evidence_at(id, "/events"), "0");
}

TEST_F(ComparisonTest, Condition3_AClientThatStaysCountsOnce) {
  start(kCompareErrors, "sticky: true\n");
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  std::string cookie;
  ASSERT_TRUE(eventually([&] {
    HttpClient client(teal_->listener());
    const Response response = client.get("/");
    cookie = response.headers.get("set-cookie");
    return response.headers.get("x-target") == "green-1";
  }));
  green_.set_status(500);
  for (int i = 0; i < 60; ++i) {
    HttpClient client(teal_->listener());
    client.get("/", "cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n");
  }
  ASSERT_TRUE(eventually([&] { return std::stoul(evidence_at(id, "/events")) >= 60; }));
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking") << admin().deployment(id).text;
}

// ---- explained ----------------------------------------------------------------------------------

TEST_F(ComparisonTest, ARollbackIsExplainedAndJudgedAgain) {
  start(kCompareErrors);
  green_.set_status(500);
  Load load(teal_->listener(), kClients);
  const std::string id = ship();
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
  load.stop();
  const Finished explained = teal_->cli({"explain", id});
  EXPECT_EQ(explained.code, ExitCode{0}) << explained.err;
  const std::string sample = evidence_at(id, "/samples/release/0/request_id");
  ASSERT_FALSE(sample.empty());
  for (const std::string& part : {std::string("alarm worse: breached"), sample, std::string("10%")})
    EXPECT_NE(explained.out.find(part), std::string::npos) << part << " in\n" << explained.out;
  const Finished same = teal_->cli({"replay", id});
  EXPECT_NE(same.out.find("would have breached at"), std::string::npos) << same.out;
  const Finished other = teal_->cli({"replay", id, "--tolerance", "90"});
  EXPECT_NE(other.out.find("would not have breached"), std::string::npos) << other.out;
  const Finished json = teal_->cli({"replay", id, "--confidence", "0.99", "--output", "json"});
  EXPECT_EQ(boost::json::parse(json.out).at("confidence"), 0.99) << json.out;
  EXPECT_NE(teal_->cli({"replay", id, "--tolerance", "0.5"}).code, ExitCode{0});
  teal_->kill9();
  teal_->start();
  EXPECT_EQ(teal_->cli({"explain", id}).out, explained.out) << "after a restart";
}

TEST_F(ComparisonTest, WhatTheJudgeStandsOnIsInStatusAndMetrics) {
  start(kCompareErrors);
  fail_one_in(blue_, 50);
  fail_one_in(green_, 50);
  Load load(teal_->listener(), kClients);
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  ASSERT_TRUE(load.await(2000));
  const Finished status = teal_->cli({"status"});
  for (const char* part : {"worse", "e-value", "certificate", "release", "live"})
    EXPECT_NE(status.out.find(part), std::string::npos) << part << " in\n" << status.out;
  const auto metrics = admin().metrics();
  EXPECT_TRUE(metrics.contains(R"(teal_judge_log_e_value{alarm="worse",service="shop"})") ||
              metrics.contains(R"(teal_judge_log_e_value{service="shop",alarm="worse"})"));
  EXPECT_EQ(admin().metric("teal_judge_verdict", "worse"), 1);
  EXPECT_EQ(admin().metric("teal_judge_events_dropped_total"), 0);
}

}  // namespace
}  // namespace teal::e2e
