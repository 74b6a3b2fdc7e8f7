// Other meanings of "error" than every 5xx, on the real binary: a release that refuses what live
// accepts, and what is none of a meaning's business.
#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_http2_target.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

constexpr std::size_t kClients = 4;
constexpr Millis kPatiently{std::chrono::seconds{60}};

std::string long_canary(const std::string& alarms, const std::string& more = {}) {
  return "{ plan: [ { set_weight: 50% }, { bake: 1h } ], alarms: " + alarms + more + " }";
}

class ErrorMeaningsTest : public ReleaseTest {
 protected:
  /// Ships a release that answers 404 to everything, under load.
  std::string ship_what_finds_nothing(const std::string& deploy) {
    start(deploy);
    green_.set_status(404);
    load_ = std::make_unique<Load>(teal_->listener(), kClients);
    return ship();
  }
  void expect_taken_back(const std::string& id, const std::string& reason) {
    EXPECT_TRUE(admin().await_end(id, Deadline{kPatiently}));
    expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
    EXPECT_NE(admin().deployment(id).at("/reason").find(reason), std::string::npos)
        << admin().deployment(id).text;
  }
  std::string verdict(const std::string& id, const std::string& alarm = "0") {
    return admin().deployment(id).at("/alarms/" + alarm + "/verdict");
  }
  std::string detail(const std::string& id) {
    return admin().deployment(id).at("/alarms/0/detail");
  }
  /// So many requests for that path, to whichever group.
  void ask_for(const std::string& path, std::size_t requests) {
    ask(teal_->listener(), requests, path);
  }

  std::unique_ptr<Load> load_;
};

TEST_F(ErrorMeaningsTest, AReleaseThatAnswers404ToEverythingIsShippedByDefault) {
  const std::string id = ship_what_finds_nothing(
      "{ plan: [ { set_weight: 50% }, { bake: 500ms } ], watch_after: 0, alarms: { errors: { "
      "error_rate: '> 1%', minimum_requests: 20 } } }");
  ASSERT_TRUE(admin().await_end(id, Deadline{kPatiently}));
  EXPECT_EQ(admin().deployment(id).at("/status"), "Succeeded") << admin().deployment(id).text;
}

TEST_F(ErrorMeaningsTest, ItIsTakenBackByAComparisonOfClientErrors) {
  const std::string id =
      ship_what_finds_nothing(long_canary("{ refused: { compare: client_errors } }"));
  expect_taken_back(id, "alarm refused: client errors: ");
}

TEST_F(ErrorMeaningsTest, ItIsTakenBackByAComparisonThatNames404) {
  const std::string id =
      ship_what_finds_nothing(long_canary("{ worse: { compare: errors, errors: [ 5xx, 404 ] } }"));
  expect_taken_back(id, "alarm worse: errors (5xx, 404): ");
}

TEST_F(ErrorMeaningsTest, ItIsTakenBackByAClientErrorRate) {
  const std::string id = ship_what_finds_nothing(
      long_canary("{ refused: { client_error_rate: '> 20%', minimum_requests: 20 } }"));
  expect_taken_back(id, "alarm refused: client_error_rate 100% > 20% over 30s (");
}

TEST_F(ErrorMeaningsTest, ALiveGroupThatRefusesAsMuchCondemnsNobody) {
  start(long_canary("{ refused: { compare: client_errors } }"));
  blue_.set_status(404);
  green_.set_status(404);
  Load load(teal_->listener(), kClients);
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  ASSERT_TRUE(load.await(1000));
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking") << admin().deployment(id).text;
}

TEST_F(ErrorMeaningsTest, ShieldAndExposureBudgetStayWith5xx) {
  const std::string id = ship_what_finds_nothing(
      long_canary("{ gone: { error_rate: '> 90%', errors: [ 5xx, 404 ], minimum_requests: "
                  "100000 } }",
                  ", exposure_budget: 3"));
  ASSERT_TRUE(await_bake(id));
  ASSERT_TRUE(load_->await(200));
  const LoadReport report = load_->stop();
  EXPECT_GT(report.by_status.at(404), 0U) << report.text();
  EXPECT_EQ(admin().metric("teal_shielded_requests_total"), 0);
  EXPECT_EQ(admin().deployment(id).at("/exposure/spent"), "0");
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking");
  EXPECT_EQ(green_share(), "50%");
}

TEST_F(ErrorMeaningsTest, APathCountsOnlyItsOwnRequests) {
  start(long_canary(
      "{ api: { client_error_rate: '> 20%', paths: /api, minimum_requests: 20, over: 10m } }"));
  green_.on_request([](TargetConnection& connection, const SeenRequest& request) {
    const bool is_found = request.path.starts_with("/api/");
    connection.send(response(is_found ? 200 : 404, "said", "x-target: green-1\r\n"));
  });
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  ask_for("/other", 100);
  ask_for("/apis", 100);
  EXPECT_TRUE(eventually([&] { return detail(id) == "0 of 20 requests under /api"; }))
      << detail(id);
  EXPECT_EQ(verdict(id), "not_enough_evidence");
  ask_for("/api/a?b=/c", 100);
  EXPECT_TRUE(eventually([&] { return verdict(id) == "healthy"; })) << admin().deployment(id).text;
  green_.set_status(404);
  green_.on_request(nullptr);
  ask_for("/api", 100);
  expect_taken_back(id, "requests: 4xx under /api)");
}

TEST_F(ErrorMeaningsTest, AnExceptionIsOneForAnswersAndNotForWhatHasNone) {
  start(long_canary("{ bad: { error_rate: '> 20%', except: [ 502 ], minimum_requests: 20, over: "
                    "10m } }"),
        "shield: off\nretry: off\n");
  green_.set_status(502);
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  ask_for("/", 100);
  EXPECT_TRUE(eventually([&] { return verdict(id) == "healthy"; })) << admin().deployment(id).text;
  green_.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nand that was");
    connection.close();
  });
  for (int i = 0; i < 100 && admin().deployment(id).at("/status") == "Baking"; ++i)
    HttpClient(teal_->listener()).get("/");
  expect_taken_back(id, "requests: 5xx except 502)");
}

TEST_F(ErrorMeaningsTest, WhatIsCountedIsShownInApiAndMetrics) {
  start(
      long_canary("{ some: { error_rate: '> 1%', errors: [ 5xx, 404 ], except: 501, paths: [ "
                  "/api, /rpc ] } }"));
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  const ApiAnswer shown = admin().deployment(id);
  EXPECT_EQ(shown.at("/alarms/0/condition"),
            "error_rate > 1% over 30s (5xx, 404 except 501 under /api, /rpc)");
  EXPECT_EQ(shown.at("/alarms/0/counts/errors/1"), "404");
  EXPECT_EQ(shown.at("/alarms/0/counts/except/0"), "501");
  EXPECT_EQ(shown.at("/alarms/0/counts/paths/1"), "/rpc");
  EXPECT_EQ(admin().metric("teal_judge_errors_info", "errors=\"5xx, 404 except 501\""), 1);
}

TEST(ErrorMeaningsOfGrpc, AStatusThatIsNamedTakesTheReleaseBack) {
  Http2Target blue("blue");
  Http2Target green("green");
  const auto answer_with = [](Http2Target& target, const std::string& status) {
    target.on_request([status](const Http2Target::Send& send, const SeenStream& request) {
      send(h2::headers(
          request.stream,
          {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", status}}));
    });
  };
  answer_with(blue, "0");
  answer_with(green, "8");
  ConfigText config =
      shop({blue.address()}, "upstream: { protocol: http2 }\noutlier: off\ndeploy: " +
                                 long_canary("{ full: { error_rate: '> 20%', errors: [ "
                                             "RESOURCE_EXHAUSTED ], minimum_requests: 10 }, "
                                             "worse: { error_rate: '> 20%', minimum_requests: 10 } "
                                             "}"));
  Teal teal(config);
  const ApiAnswer shipped = teal.admin().deploy("v2", green.address());
  ASSERT_EQ(shipped.status, 201) << shipped.text;
  const std::string id = shipped.at("/id");
  ASSERT_TRUE(teal.admin().await(id, "status", "Baking"));
  Http2Client client(teal.listener());
  for (std::uint32_t stream = 1; stream < 200; stream += 2) {
    client.send(h2::headers(
        stream, h2::post("/shop.Orders/Place", {{"content-type", "application/grpc"}})));
    ASSERT_TRUE(client.answer(stream).complete);
  }
  ASSERT_TRUE(teal.admin().await_end(id, Deadline{kPatiently}));
  EXPECT_NE(teal.admin().deployment(id).at("/reason").find(
                "alarm full: error_rate 100% > 20% over 30s ("),
            std::string::npos)
      << teal.admin().deployment(id).text;
}

}  // namespace
}  // namespace teal::e2e
