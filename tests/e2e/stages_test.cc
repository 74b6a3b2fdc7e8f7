// Whose requests a verdict of threshold alarms counts, on the real binary: those that began in the
// deployment, at the end of a bake those of its own step, and those that hang before they end.
#include <deque>

#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

constexpr std::size_t kClients = 8;
constexpr Millis kPatiently{std::chrono::seconds{60}};

class StagesTest : public ReleaseTest {
 protected:
  void let_green_hang() {
    green_.on_request([this](TargetConnection& connection, const SeenRequest&) {
      connection.wait(end_);
      connection.send(response(200, "late", "x-target: green-1\r\n"));
    });
  }
  void let_green_answer() {
    green_.on_request([](TargetConnection& connection, const SeenRequest&) {
      connection.send(response(200, "said", "x-target: green-1\r\n"));
    });
  }
  /// Past a good bake at 20 %, at the gate, from where all of green's requests hang.
  std::string go_on_and_hang(const std::string& alarms) {
    start(
        "{ plan: [ { set_weight: 20% }, { bake: 1s }, { gate: ready }, { set_weight: 50% }, "
        "{ bake: 1s } ], alarms: " +
            alarms + " }",
        "timeouts: { response_header: 10m }\n");
    load_ = std::make_unique<Load>(teal_->listener(), kClients);
    const std::string id = ship();
    EXPECT_TRUE(admin().await(id, "phase", "Gated", Deadline{kPatiently}))
        << admin().deployment(id).text;
    // Else clients would hang at 20 % already, and too few be left for the next step.
    load_.reset();
    let_green_hang();
    EXPECT_EQ(admin().command(id, "continue").status, 200);
    load_ = std::make_unique<Load>(teal_->listener(), kClients);
    return id;
  }
  void TearDown() override {
    end_.fire();
    load_.reset();
  }

  Trigger end_;
  std::unique_ptr<Load> load_;
};

TEST_F(StagesTest, ABakeDoesNotEndWellOnTheRequestsOfTheStepBefore) {
  const std::string id =
      go_on_and_hang("{ errors: { error_rate: '> 1%', over: 30s, minimum_requests: 10 } }");
  ASSERT_TRUE(admin().await(id, "phase", "Holding", Deadline{kPatiently}))
      << admin().deployment(id).text;
  EXPECT_EQ(green_share(), "50%");
  EXPECT_EQ(admin().deployment(id).at("/alarms/0/verdict"), "not_enough_evidence");
}

TEST_F(StagesTest, AReleaseThatHangsIsTakenBackByAThresholdBeforeItsRequestsEnd) {
  const std::string id =
      go_on_and_hang("{ slow: { latency_p99: '> 250ms', over: 30s, minimum_requests: 5 } }");
  EXPECT_TRUE(admin().await(id, "status", "Stopped", Deadline{kPatiently}))
      << admin().deployment(id).text;
  EXPECT_NE(admin().deployment(id).at("/reason").find("in flight"), std::string::npos)
      << admin().deployment(id).text;
  end_.fire();
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
}

TEST_F(StagesTest, AHangShowsInStatusAndMetrics) {
  start();
  blue_.on_request([this](TargetConnection& connection, const SeenRequest&) {
    connection.wait(end_);
    connection.send(response(200, "late"));
  });
  std::deque<HttpClient> waiting;
  for (int i = 0; i < 3; ++i) waiting.emplace_back(teal_->listener()).send(request("GET", "/"));
  Http2Client http2(teal_->listener());
  for (const std::uint32_t stream : {1U, 3U}) http2.send(h2::headers(stream, h2::get("/")));
  ASSERT_TRUE(blue_.await_requests(5));
  EXPECT_EQ(admin().service().at("/groups/blue/in_flight"), "5");
  EXPECT_EQ(admin().metric("teal_group_requests_in_flight", "group=\"blue\""), 5);
  EXPECT_TRUE(eventually(
      [&] { return admin().metric("teal_group_oldest_request_seconds", "group=\"blue\"") > 1.5; }));
  const std::string oldest = admin().service().at("/groups/blue/oldest_in_flight_ms");
  EXPECT_GT(std::stod(oldest), 1500);
  EXPECT_NE(teal_->cli({"status"}).out.find("blue in flight: 5, the oldest for "),
            std::string::npos);
  EXPECT_EQ(admin().metric("teal_group_requests_in_flight", "group=\"green\""), 0);
  end_.fire();
  for (HttpClient& client : waiting) EXPECT_EQ(client.read().status, 200);
  EXPECT_TRUE(eventually(
      [&] { return admin().metric("teal_group_oldest_request_seconds", "group=\"blue\"") == 0; }));
}

// Requests hang, rollback, the target is repaired, the same revision is shipped again; then the
// time of the old ones is up.
TEST_F(StagesTest, LateFailuresOfAnEarlierTryDoNotCondemnTheNextOne) {
  start(
      "{ plan: [ { set_weight: 50% }, { bake: 1h } ], "
      "alarms: { errors: { error_rate: '> 1%', over: 30s, minimum_requests: 10 } } }",
      "timeouts: { response_header: 5s }\n");
  let_green_hang();
  const std::string first = ship();
  ASSERT_TRUE(await_bake(first));
  std::deque<HttpClient> hung;
  for (int i = 0; i < 40; ++i) hung.emplace_back(teal_->listener()).send(request("GET", "/"));
  ASSERT_TRUE(green_.await_requests(15));
  ASSERT_EQ(admin().command(first, "rollback").status, 200);
  ASSERT_TRUE(admin().await(first, "status", "Stopped"));
  ASSERT_TRUE(
      admin().await(admin().deployment(first).at("/rolled_back_by"), "status", "Succeeded"));
  let_green_answer();
  std::string again;
  ASSERT_TRUE(eventually([&] {
    const ApiAnswer answer = admin().deploy("v2", green_.address());
    again = answer.at("/id");
    return answer.status == 201;
  }));
  ASSERT_TRUE(await_bake(again)) << admin().deployment(again).text;
  ask(teal_->listener(), 60);
  ASSERT_TRUE(eventually(
      [&] {
        double failed = 0;
        for (const auto& [name, value] : admin().metrics())
          if (name.starts_with("teal_requests_total") &&
              name.find("group=\"green\"") != std::string::npos &&
              name.find("code=\"5xx\"") != std::string::npos)
            failed += value;
        return failed >= 15;
      },
      Deadline{kPatiently}));
  ask(teal_->listener(), 60);
  EXPECT_TRUE(
      eventually([&] { return admin().deployment(again).at("/alarms/0/verdict") == "healthy"; }));
  EXPECT_EQ(admin().deployment(again).at("/status"), "Baking") << admin().deployment(again).text;
}

}  // namespace
}  // namespace teal::e2e
