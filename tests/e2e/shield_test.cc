// The shield: what fails on the release is asked of the live group before the client sees anything,
// where that is safe; the release keeps the blame. And the exposure budget: how much of the rest a
// client may see.
#include <map>
#include <memory>

#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

constexpr const char* kHalf = R"(, "plan": [{"set_weight": "50%"}, {"bake": "1h"}])";

class ShieldTest : public ReleaseTest {
 protected:
  /// Half of the traffic goes to the release, which nothing judges.
  std::string release(const std::string& more = {}, const std::string& deploy = {}) {
    start("{ plan: AllAtOnce" + deploy + " }", more);
    std::string id = ship(kHalf);
    EXPECT_TRUE(await_bake(id)) << admin().deployment(id).text;
    return id;
  }
  /// From now on the release does this with each request.
  void script(Target::OnRequest what) { green_.on_request(std::move(what)); }
  void answer_with(int status) { green_.set_status(status); }

  /// Sends `count` requests one after the other; how many were answered by whom or with what.
  std::map<std::string, int> send(int count, const std::string& method = "GET",
                                  const std::string& headers = {}, const std::string& body = {}) {
    std::map<std::string, int> answers;
    auto client = std::make_unique<HttpClient>(teal_->listener());
    for (int i = 0; i < count; ++i) {
      client->send(request(method, "/", headers) + body);
      const Response response = client->read();
      const bool well = response.status == 200 && response.complete;
      ++answers[well ? response.headers.get("x-target") : std::to_string(response.status)];
      // A response before the whole request ends the connection.
      if (response.headers.get("connection") == "close")
        client = std::make_unique<HttpClient>(teal_->listener());
    }
    return answers;
  }
  double shielded() { return admin().metric("teal_shielded_requests_total", "green"); }
  double refused(const std::string& reason) {
    return admin().metric("teal_shield_refused_total", reason);
  }
};

TEST_F(ShieldTest, AnswersFromTheLiveGroupWhatTheReleaseRefusesToServe) {
  const std::string id = release();
  answer_with(503);
  EXPECT_EQ(send(40).at("blue-1"), 40);
  EXPECT_EQ(green_.requests(), 20U);
  EXPECT_EQ(shielded(), 20);
  // The report's numbers are those of the last look at them.
  EXPECT_TRUE(eventually([&] { return admin().service().at("/groups/green/errors") == "20"; }))
      << "the release keeps the blame";
  const ApiAnswer green = admin().service();
  EXPECT_EQ(green.at("/groups/green/shielded"), "20");
  EXPECT_EQ(green.at("/groups/blue/errors"), "0");
  EXPECT_NE(teal_->cli({"status"}).out.find("shield: 20"), std::string::npos);
}

TEST_F(ShieldTest, CoversWhatDiesTalksNonsenseOrDoesNotAnswerInTime) {
  release("timeouts: { response_header: 100ms, connect: 1s }");
  script([](TargetConnection& connection, const SeenRequest&) { connection.reset(); });
  EXPECT_EQ(send(10).at("blue-1"), 10);
  script([](TargetConnection& connection, const SeenRequest&) { connection.send("SSH-2.0\r\n"); });
  EXPECT_EQ(send(10).at("blue-1"), 10);
  script([](TargetConnection& connection, const SeenRequest&) { connection.stall(); });
  EXPECT_EQ(send(4).at("blue-1"), 4);
  EXPECT_EQ(shielded(), 12);
}

TEST_F(ShieldTest, CoversAReleaseThatCannotBeReachedEvenForAPost) {
  release();
  green_.stop();
  const auto answers = send(10, "POST", "content-length: 4\r\n", "data");
  EXPECT_EQ(answers.at("blue-1"), 10);
}

TEST_F(ShieldTest, LetsA500PassUnlessEvery5xxIsListed) {
  release();
  answer_with(500);
  const auto answers = send(20);
  EXPECT_EQ(answers.at("blue-1"), 10);
  EXPECT_EQ(answers.at("500"), 10);
  EXPECT_EQ(shielded(), 0);
}

TEST_F(ShieldTest, CoversEvery5xxWhereThatIsListed) {
  release("shield: { on: 5xx }");
  answer_with(500);
  EXPECT_EQ(send(20).at("blue-1"), 20);
}

TEST_F(ShieldTest, ThrowsALongAnswerOfTheReleaseAwayAndKeepsItsConnectionForAShortOne) {
  release("shield: { on: 5xx }\nlimits: { idle_per_target: 2 }\n");
  answer_with(500);
  send(20);
  EXPECT_LE(green_.connections() - green_.probes(), 4U) << "short answers keep the connection";
  const std::size_t before = green_.connections();
  script([](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(500, std::string(300'000, 'x')));
  });
  EXPECT_EQ(send(20).at("blue-1"), 20);
  EXPECT_GE(green_.connections() - before, 9U) << "long ones do not";
}

TEST_F(ShieldTest, SendsAPostTwiceOnlyWithAKey) {
  release();
  answer_with(503);
  const auto plain = send(10, "POST", "content-length: 4\r\n", "data");
  EXPECT_EQ(plain.at("503"), 5);
  EXPECT_EQ(plain.at("blue-1"), 5);
  EXPECT_EQ(refused("not_repeatable"), 5);
  const auto keyed = send(10, "POST", "content-length: 4\r\nidempotency-key: \"k\"\r\n", "data");
  EXPECT_EQ(keyed.at("blue-1"), 10);
  EXPECT_EQ(blue_.last().body, "data");
}

TEST_F(ShieldTest, ReplaysABodyThatFitsAndNoLongerOne) {
  release();
  answer_with(503);
  const std::string fits(64 * 1024, 'f');
  const std::string length = "content-length: " + std::to_string(fits.size()) + "\r\n";
  EXPECT_EQ(send(10, "PUT", length, fits).at("blue-1"), 10);
  EXPECT_EQ(blue_.last().body, fits);
  const std::string longer = fits + "f";
  const auto answers =
      send(10, "PUT", "content-length: " + std::to_string(longer.size()) + "\r\n", longer);
  EXPECT_EQ(answers.at("503"), 5);
  EXPECT_EQ(refused("body_too_long"), 5);
}

TEST_F(ShieldTest, NeverAsksTheReleaseForWhatTheLiveGroupFails) {
  release("shield: { on: 5xx }");
  blue_.set_status(503);
  const auto answers = send(20);
  EXPECT_EQ(answers.at("503"), 10);
  EXPECT_EQ(answers.at("green-1"), 10);
  EXPECT_EQ(green_.requests(), 10U);
}

TEST_F(ShieldTest, DoesNotCoverThePreview) {
  release();
  answer_with(503);
  HttpClient preview(teal_->listener("preview"));
  EXPECT_EQ(preview.get("/").status, 503);
}

TEST_F(ShieldTest, CanBeTurnedOff) {
  release("shield: off");
  answer_with(503);
  EXPECT_EQ(send(10).at("503"), 5);
}

TEST_F(ShieldTest, KeepsToTheRetryBudget) {
  release("retry: { budget: 0%, budget_least: 0 }");
  answer_with(503);
  const auto answers = send(10);
  EXPECT_EQ(answers.at("503"), 5);
  EXPECT_EQ(refused("budget"), 5);
  EXPECT_EQ(blue_.requests(), 5U) << "not one request more";
}

TEST_F(ShieldTest, TellsWhoMaySeeItOfAShieldedResponse) {
  release("shield: { header: everybody }");
  answer_with(503);
  HttpClient client(teal_->listener());
  int told = 0;
  for (int i = 0; i < 10; ++i) {
    const Response response = client.get("/");
    if (response.headers.get("x-teal-shield") == "green; status 503") ++told;
  }
  EXPECT_EQ(told, 5);
}

TEST_F(ShieldTest, TellsNobodyElse) {
  release();
  answer_with(503);
  HttpClient client(teal_->listener());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.get("/").headers.get("x-teal-shield"), "");
}

TEST_F(ShieldTest, HidesABrokenReleaseFromManyClientsAtOnce) {
  // On a busy machine more of them than the retry budget allows may be on the release at once.
  start("{ plan: AllAtOnce }", "shield: { on: 5xx }\nretry: { budget_least: 16 }");
  const std::string id = ship(kLongCanary);
  ASSERT_TRUE(await_bake(id));
  answer_with(500);
  Load load(teal_->listener(), 16);
  ASSERT_TRUE(load.await(3000));
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
  EXPECT_GT(green_.requests(), 100U);
  EXPECT_EQ(report.by_target.at("blue-1"), report.requests);
}

// ---- the exposure budget ------------------------------------------------------------------------

class ExposureTest : public ShieldTest {
 protected:
  /// Eight workers, no shield, half of the traffic on the release, 20 failures allowed.
  std::string limited(const std::string& rollback_on, const std::string& shield = "off") {
    // Were the live group found sick on a busy machine, the release would get what nobody else can.
    const std::string health =
        "health: { http: /healthz, interval: 10s, fast_interval: 20ms, timeout: 10s, rise: 2, "
        "fall: 2 }\n";
    ConfigText config =
        shop({blue_.address()}, health + "deploy: { plan: AllAtOnce, exposure_budget: 20" +
                                    rollback_on + " }\noutlier: off\nshield: " + shield + "\n");
    config.workers = 8;
    teal_ = std::make_unique<Teal>(config);
    EXPECT_TRUE(admin().await_accepting(1));
    std::string id = ship(kHalf);
    EXPECT_TRUE(await_bake(id)) << admin().deployment(id).text;
    return id;
  }
  std::uint64_t failures_of(Load& load) {
    const LoadReport report = load.stop();
    EXPECT_EQ(report.failed_by_teal, 0U) << report.text();
    const auto green = report.failed_by_target.find("green-1");
    return green == report.failed_by_target.end() ? 0 : green->second;
  }
};

TEST_F(ExposureTest, IsSpentToTheLastFailureAndNotOneMoreWhateverTheNumberOfWorkers) {
  // Nothing but the budget ends it: the traffic stays where it is.
  const std::string id = limited(", rollback_on: []");
  answer_with(500);
  Load load(teal_->listener(), 32);
  ASSERT_TRUE(load.await(3000));
  EXPECT_EQ(failures_of(load), 20U);
  EXPECT_EQ(green_.requests(), 20U);
  EXPECT_TRUE(admin().await(id, "status", "Stopped")) << admin().deployment(id).text;
  EXPECT_EQ(admin().deployment(id).at("/exposure/spent"), "20");
  EXPECT_EQ(green_share(), "50%");
  EXPECT_GT(admin().metric("teal_exposure_withheld_total", "diverted"), 0);
}

TEST_F(ExposureTest, RollsTheReleaseBackWhenItIsSpent) {
  const std::string id = limited("");
  answer_with(500);
  Load load(teal_->listener(), 32);
  ASSERT_TRUE(load.await(1000));
  EXPECT_LE(failures_of(load), 20U);
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
  EXPECT_EQ(admin().deployment(id).at("/exposure/spent"), "20");
  EXPECT_NE(admin().deployment(id).at("/reason").find("exposure budget"), std::string::npos);
}

TEST_F(ExposureTest, IsNotTouchedByWhatTheShieldKeepsFromClients) {
  const std::string id = limited("", "{ on: 5xx }");
  answer_with(500);
  Load load(teal_->listener(), 8);
  ASSERT_TRUE(load.await(500));
  EXPECT_EQ(failures_of(load), 0U);
  EXPECT_EQ(admin().deployment(id).at("/exposure/spent"), "0");
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking");
}

TEST_F(ExposureTest, CountsResponsesThatDieHalfWayTheyCannotBeShielded) {
  const std::string id = limited("", "{ on: 5xx }");
  script([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    connection.close();
  });
  int cut = 0;
  for (int i = 0; i < 400 && admin().deployment(id).at("/status") == "Baking"; ++i) {
    HttpClient client(teal_->listener());
    if (!client.get("/").complete) ++cut;
  }
  EXPECT_EQ(cut, 20);
  EXPECT_TRUE(admin().await(id, "status", "Stopped"));
}

TEST_F(ExposureTest, IsRememberedOverARestart) {
  const std::string id = limited("");
  answer_with(500);
  HttpClient client(teal_->listener());
  int failed = 0;
  for (int i = 0; i < 400 && failed < 7; ++i)
    if (client.get("/").status == 500) ++failed;
  ASSERT_EQ(failed, 7) << admin().deployment(id).text;
  ASSERT_TRUE(eventually([&] { return admin().deployment(id).at("/exposure/spent") == "7"; }));
  teal_->kill9();
  teal_->start();
  ASSERT_TRUE(await_bake(id)) << admin().deployment(id).text;
  EXPECT_EQ(admin().deployment(id).at("/exposure/spent"), "7");
  Load load(teal_->listener(), 16);
  ASSERT_TRUE(admin().await(id, "status", "Stopped"));
  EXPECT_LE(failures_of(load), 13U);
  EXPECT_EQ(admin().deployment(id).at("/exposure/spent"), "20");
}

}  // namespace
}  // namespace teal::e2e
