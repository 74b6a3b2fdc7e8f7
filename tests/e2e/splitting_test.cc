// The split: exact at any volume, sticky where asked for, and followed at once.
#include <set>

#include <gtest/gtest.h>

#include "tests/support/e2e_load.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

class SplittingTest : public ::testing::Test {
 protected:
  void start(const std::string& more = {}) {
    ConfigText config = shop({blue_.address()}, more);
    config.services[0].green = {green_.address()};
    teal_ = std::make_unique<Teal>(config);
  }
  void split(const std::string& green) {
    const ApiAnswer answer = teal_->admin().split(green);
    ASSERT_EQ(answer.status, 200) << answer.text;
    ASSERT_EQ(answer.at("/split/green"), green);
  }

  Target blue_{"blue-1"};
  Target green_{"green-1"};
  std::unique_ptr<Teal> teal_;
};

TEST_F(SplittingTest, TheMeasuredShareIsTheAskedOneToARequestPerWorker) {
  start();
  // Both halves are whole blocks at every one of these weights, whichever worker has them, so that
  // each worker is off by less than one request.
  constexpr std::size_t kHalf = 5000;
  constexpr double kWorkers = 2;
  for (const auto& [text, share] : std::vector<std::pair<std::string, double>>{
           {"0.5%", 0.005}, {"1%", 0.01}, {"10%", 0.1}, {"33.33%", 0.3333}, {"50%", 0.5}}) {
    split(text);
    const std::size_t before = green_.requests();
    const std::size_t all_before = green_.requests() + blue_.requests();
    std::jthread other([&] { ask(teal_->listener(), kHalf); });
    ask(teal_->listener(), kHalf);
    other.join();
    EXPECT_EQ(green_.requests() + blue_.requests() - all_before, 2 * kHalf);
    const auto measured = static_cast<double>(green_.requests() - before);
    EXPECT_NEAR(measured, share * 2 * kHalf, kWorkers) << text;
  }
}

TEST_F(SplittingTest, AllOrNothingIsExactlyThat) {
  start();
  EXPECT_EQ(ask(teal_->listener(), 200).at("blue-1"), 200U);
  split("100%");
  EXPECT_EQ(ask(teal_->listener(), 200).at("green-1"), 200U);
  split("0%");
  EXPECT_EQ(ask(teal_->listener(), 200).at("blue-1"), 200U);
}

TEST_F(SplittingTest, NoRequestThatStartsAfterZeroIsAcknowledgedReachesGreen) {
  // Requests carry the phase in which they started; phases with an even number are those in which
  // the shift to 0 % has been acknowledged.
  std::atomic<int> phase{0};
  std::atomic<int> too_late{0};
  green_.on_request([&](TargetConnection& connection, const SeenRequest& request) {
    const int started = std::stoi(request.path.substr(1));
    if (started % 2 == 0 && started == phase) ++too_late;
    connection.send(response(200, "ok", "x-target: green-1\r\n"));
  });
  start();
  Load load(teal_->listener(), 4, [&] { return "/" + std::to_string(phase); });
  for (int i = 0; i < (kSanitized ? 40 : 200); ++i) {
    ++phase;
    split("100%");
    ASSERT_TRUE(load.await(8));
    split("0%");
    ++phase;
    ASSERT_TRUE(load.await(8));
    ASSERT_EQ(ask(teal_->listener(), 2, "/" + std::to_string(phase)).at("blue-1"), 2U);
  }
  EXPECT_EQ(too_late, 0);
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
  EXPECT_GT(report.by_target.at("green-1"), 0U);
}

TEST_F(SplittingTest, ALostUpdateIsNoticed) {
  start();
  const ApiAnswer read = teal_->admin().service();
  const std::string tag = read.headers.get("etag");
  ASSERT_FALSE(tag.empty());
  split("10%");
  const std::string body = R"({"green": "20%"})";
  const ApiAnswer late =
      teal_->admin().call("PUT", "/v1/services/shop/split", body, "if-match: " + tag + "\r\n");
  EXPECT_EQ(late.status, 412) << late.text;
  const std::string fresh = teal_->admin().service().headers.get("etag");
  EXPECT_EQ(teal_->admin()
                .call("PUT", "/v1/services/shop/split", body, "if-match: " + fresh + "\r\n")
                .status,
            200);
}

TEST_F(SplittingTest, AMeaninglessSplitIsRefused) {
  start();
  for (const char* bad : {"101%", "-1%", "0.001%", "half"})
    EXPECT_EQ(teal_->admin().split(bad).status, 400) << bad;
  EXPECT_EQ(teal_->admin()
                .call("PUT", "/v1/services/shop/split", R"({"green": "30%", "blue": "30%"})")
                .status,
            400);
  EXPECT_EQ(teal_->admin().service().at("/split/green"), "0%");
}

class StickyTest : public SplittingTest {
 protected:
  /// A new client's cookie, with the name of who served it.
  std::pair<std::string, std::string> new_client() {
    HttpClient client(teal_->listener());
    const Response response = client.get("/");
    const std::string cookie = response.headers.get("set-cookie");
    EXPECT_TRUE(cookie.starts_with("teal_shop=")) << describe(response);
    return {cookie.substr(0, cookie.find(';')), response.headers.get("x-target")};
  }
  std::string who(const std::string& cookie) {
    HttpClient client(teal_->listener());
    const Response response = client.get("/", "cookie: other=1; " + cookie + "\r\n");
    EXPECT_FALSE(response.headers.has("set-cookie")) << "a known client needs no new cookie";
    return response.headers.get("x-target");
  }
};

TEST_F(StickyTest, ClientsStayWithTheReleaseWhileItGrowsAndReturnAtZero) {
  start("sticky: true");
  split("30%");
  std::map<std::string, std::string> clients;
  for (int i = 0; i < 60; ++i) clients.insert(new_client());
  ASSERT_EQ(clients.size(), 60U) << "every client has a number of its own";
  std::set<std::string> on_green;
  for (const auto& [cookie, target] : clients)
    if (target == "green-1") on_green.insert(cookie);
  // Two workers, blocks of ten: each off by a few at most.
  EXPECT_GE(on_green.size(), 10U);
  EXPECT_LE(on_green.size(), 26U);
  for (const char* weight : {"30%", "50%", "80%", "100%"}) {
    split(weight);
    for (const auto& [cookie, first] : clients) {
      const std::string target = who(cookie);
      EXPECT_TRUE(target == "green-1" || !on_green.contains(cookie)) << weight;
      if (target == "green-1") on_green.insert(cookie);
    }
  }
  EXPECT_EQ(on_green.size(), clients.size());
  split("0%");
  for (const auto& [cookie, first] : clients) EXPECT_EQ(who(cookie), "blue-1");
  split("30%");
  for (const auto& [cookie, first] : clients) EXPECT_EQ(who(cookie), first) << "as before";
}

TEST_F(StickyTest, TheCookieIsOursAndSaysSo) {
  start("sticky: { cookie: side, max_age: 1h, secure: true }");
  HttpClient client(teal_->listener());
  const std::string cookie = client.get("/").headers.get("set-cookie");
  EXPECT_TRUE(cookie.starts_with("side=")) << cookie;
  for (const char* part :
       {"; Max-Age=3600", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"})
    EXPECT_NE(cookie.find(part), std::string::npos) << part << " in " << cookie;
  EXPECT_TRUE(client.get("/", "cookie: side=not-a-number\r\n").headers.has("set-cookie"));
}

TEST(Balancing, AConsistentHashKeepsAKeyOnItsTargetAndMovesOnlyWhatItMust) {
  Target one("one"), two("two"), three("three");
  Teal teal(shop({one.address(), two.address(), three.address()},
                 "balance: consistent_hash\nhash_on: header:x-tenant"));
  const auto map_keys = [&] {
    std::map<std::string, std::string> owners;
    for (int i = 0; i < 60; ++i) {
      HttpClient client(teal.listener());
      const std::string key = "tenant-" + std::to_string(i);
      owners[key] = client.get("/", "x-tenant: " + key + "\r\n").headers.get("x-target");
    }
    return owners;
  };
  const auto before = map_keys();
  EXPECT_EQ(map_keys(), before);
  std::set<std::string> used;
  for (const auto& [key, owner] : before) used.insert(owner);
  EXPECT_EQ(used.size(), 3U);
  const std::string path = "/v1/services/shop/groups/blue/targets/" + two.address();
  ASSERT_EQ(teal.admin().call("DELETE", path).status, 202);
  ASSERT_TRUE(teal.admin().await_accepting(2));
  for (const auto& [key, owner] : map_keys()) {
    if (before.at(key) == "two") {
      EXPECT_NE(owner, "two");
    } else {
      EXPECT_EQ(owner, before.at(key)) << key << " moved without need";
    }
  }
}

TEST(Balancing, RoundRobinGivesEveryTargetItsTurn) {
  Target one("one"), two("two"), three("three");
  ConfigText config = shop({one.address(), two.address(), three.address()}, "balance: round_robin");
  config.workers = 1;
  Teal teal(config);
  const auto answers = ask(teal.listener(), 30);
  for (const Target* target : {&one, &two, &three}) EXPECT_EQ(answers.at(target->name()), 10U);
}

TEST(Balancing, LeastRequestAvoidsABusyTarget) {
  Target busy("busy"), idle("idle");
  Trigger go;
  busy.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.wait(go);
    connection.send(response(200, "ok", "x-target: busy\r\n"));
  });
  ConfigText config = shop({busy.address(), idle.address()}, "balance: least_request");
  config.workers = 1;
  Teal teal(config);
  std::vector<std::unique_ptr<HttpClient>> stuck;
  for (int i = 0; i < 100 && busy.requests() == 0; ++i) {
    stuck.push_back(std::make_unique<HttpClient>(teal.listener()));
    stuck.back()->send(request("GET", "/"));
    ASSERT_TRUE(eventually([&] { return busy.requests() + idle.requests() == stuck.size(); }));
  }
  ASSERT_EQ(busy.requests(), 1U);
  EXPECT_EQ(ask(teal.listener(), 50).at("idle"), 50U);
  go.fire();
  for (auto& client : stuck) EXPECT_EQ(client->read().status, 200);
}

}  // namespace
}  // namespace teal::e2e
