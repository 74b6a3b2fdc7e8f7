// Publications while requests wait: whoever held the last of a table goes on with the newest one,
// and nothing of the old one is needed any more.
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

/// A service `shop` whose one target takes one request at a time, and another, `news`, by whose
/// split the test publishes tables without touching `shop`.
class PublicationTest : public ::testing::Test {
 protected:
  void start(const std::string& shop_keys) {
    ConfigText config = shop({blue_.address()},
                             "limits: { in_flight_per_target: 1, pending: 4 }\n"
                             "timeouts: { queue: 60s }\noutlier: off\n" +
                                 shop_keys);
    ServiceText news;
    news.name = "news";
    news.match = "{ listener: public, host: news.example }";
    news.blue = {blue_.address()};
    news.green = {green_.address()};
    news.more = "outlier: off\n";
    config.services.push_back(news);
    config.workers = 1;
    teal_ = std::make_unique<Teal>(config);
  }
  void hold_blue() {
    blue_.on_request([this](TargetConnection& connection, const SeenRequest&) {
      connection.wait(go_);
      connection.send(response(200, "served"));
    });
  }
  /// Every worker runs on another table afterwards.
  void publish() {
    ASSERT_EQ(teal_->admin().split(published_++ % 2 == 0 ? "10%" : "0%", "news").status, 200);
  }
  bool await_active(double count) {
    return eventually(
        [&] { return teal_->admin().metric("teal_downstream_requests_active") == count; });
  }

  Target blue_{"blue-1"}, green_{"green-1"};
  Trigger go_;
  int published_ = 0;
  std::unique_ptr<Teal> teal_;
};

TEST_F(PublicationTest, ARequestThatWaitsMayBeTheLastHolderOfItsTable) {
  hold_blue();
  start("compress: { min_bytes: 1024 }\nrequest_headers: { add: { name: x-once, value: said } }\n");
  HttpClient first(teal_->listener()), waiting(teal_->listener());
  first.send(request("GET", "/1"));
  ASSERT_TRUE(blue_.await_requests(1));
  publish();  // From here on the first one holds another table than the second.
  waiting.send(request("GET", "/2"));
  ASSERT_TRUE(await_active(2));
  for (int i = 0; i < 10; ++i) ASSERT_NO_FATAL_FAILURE(publish());
  go_.fire();
  EXPECT_EQ(first.read().body, "served");
  const Response answer = waiting.read();
  EXPECT_EQ(answer.status, 200) << describe(answer);
  EXPECT_EQ(blue_.last().path, "/2");
  EXPECT_EQ(blue_.last().headers.count("x-once"), 1U) << "what its route does is done once";
}

TEST_F(PublicationTest, AShieldedRequestIsJudgedByTheTableThatItWasDrawnUnder) {
  hold_blue();
  start(
      "deploy: { plan: [ { set_weight: 100% }, { bake: 1h } ], "
      "alarms: { worse: { compare: errors }, slower: { compare: latency } } }\n");
  green_.set_status(503);
  HttpClient first(teal_->listener()), shielded(teal_->listener());
  first.send(request("GET", "/1"));
  ASSERT_TRUE(blue_.await_requests(1));
  Admin& admin = teal_->admin();
  const ApiAnswer shipped = admin.deploy("v2", green_.address());
  ASSERT_EQ(shipped.status, 201) << shipped.text;
  const std::string id = shipped.at("/id");
  ASSERT_TRUE(admin.await(id, "status", "Baking")) << admin.deployment(id).text;
  shielded.send(request("GET", "/2"));
  ASSERT_TRUE(green_.await_requests(1));
  ASSERT_TRUE(await_active(2));
  for (int i = 0; i < 10; ++i) ASSERT_NO_FATAL_FAILURE(publish());
  go_.fire();
  EXPECT_EQ(first.read().body, "served");
  const Response answer = shielded.read();
  EXPECT_EQ(answer.body, "served") << describe(answer);
  // At 100 % there was nothing to draw: the judge is told, and learns nothing from it.
  EXPECT_TRUE(eventually([&] {
    return admin.deployment(id).at("/alarms/0/comparison/events_left_out") == "1";
  })) << admin.deployment(id).text;
  EXPECT_EQ(admin.metric("teal_shielded_requests_total", "green"), 1);
}

}  // namespace
}  // namespace teal::e2e
