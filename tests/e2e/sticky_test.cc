// Sticky cookies before somebody who wants a release for himself, or wants it gone.
#include <functional>
#include <map>

#include <gtest/gtest.h>

#include "tests/support/e2e_process.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

constexpr const char* kCompareErrors =
    "{ plan: [ { set_weight: 10% }, { bake: 1h } ], alarms: { worse: { compare: errors } } }";

/// "/broken" fails on both groups alike.
void break_one_path(Target& target) {
  target.on_request([name = target.name()](TargetConnection& connection, const SeenRequest& seen) {
    connection.send(
        response(seen.path == "/broken" ? 500 : 200, "said", "x-target: " + name + "\r\n"));
  });
}

std::string cookie_in(const Response& response) {
  const std::string cookie = response.headers.get("set-cookie");
  return cookie.substr(0, cookie.find(';'));
}

class StickyCookieTest : public ReleaseTest {
 protected:
  /// So many cookies of new clients, by the target that each leads to.
  std::map<std::string, std::vector<std::string>> collect(std::size_t count) {
    std::map<std::string, std::vector<std::string>> cookies;
    HttpClient client(teal_->listener());
    for (std::size_t i = 0; i < count; ++i) {
      const Response response = client.get("/");
      EXPECT_TRUE(response.headers.has("set-cookie")) << describe(response);
      cookies[response.headers.get("x-target")].push_back(cookie_in(response));
    }
    return cookies;
  }
  void spend(const std::vector<std::string>& cookies, const std::string& more = {}) {
    HttpClient client(teal_->listener());
    for (const std::string& cookie : cookies) {
      const Response response = client.get("/broken", "cookie: " + cookie + "\r\n" + more);
      ASSERT_EQ(response.status, 500) << describe(response);
    }
  }
  /// Who serves the client, and with which cookie it goes on.
  std::pair<std::string, std::string> ask_with(const std::string& cookie) {
    HttpClient client(teal_->listener());
    const Response response = client.get("/", "cookie: " + cookie + "\r\n");
    const std::string fresh = cookie_in(response);
    return {response.headers.get("x-target"), fresh.empty() ? cookie : fresh};
  }
  std::string bad(const std::string& id, const std::string& group) {
    return admin().deployment(id).at("/alarms/0/comparison/" + group + "/bad");
  }
  bool has_seen(const std::string& id, std::size_t events) {
    return eventually([&] {
      return std::stoul(admin().get("/v1/deployments/" + id + "/evidence").at("/events")) >= events;
    });
  }
  void split(const std::string& green) { ASSERT_EQ(admin().split(green).status, 200); }
  void start_split(const std::string& sticky) {
    ConfigText config = shop({blue_.address()}, sticky);
    config.services[0].green = {green_.address()};
    teal_ = std::make_unique<Teal>(config);
  }
};

// The canaries of one try are not those of the next: of forty at 10 % four are, give or take.
// Within a try they stay, whatever the weight rises to.
TEST_F(StickyCookieTest, ARetryOfTheSameRevisionHasOtherCanariesAndKeepsThemWhileItsWeightGrows) {
  start("{ plan: [ { set_weight: 10% }, { gate: ready }, { set_weight: 50% }, { bake: 1h } ] }",
        "sticky: true\n");
  const auto of_green = [&](const std::vector<std::string>& cookies) {
    std::vector<std::string> found;
    for (const std::string& cookie : cookies)
      if (ask_with(cookie).first == "green-1") found.push_back(cookie);
    return found;
  };
  const std::string first = ship();
  ASSERT_TRUE(admin().await(first, "phase", "Gated"));
  const std::vector<std::string> canaries = collect(400)["green-1"];
  ASSERT_EQ(canaries.size(), 40U);
  EXPECT_EQ(of_green(canaries).size(), 40U);
  ASSERT_EQ(admin().command(first, "rollback").status, 200);
  EXPECT_EQ(of_green(canaries).size(), 0U);
  std::string retry;
  ASSERT_TRUE(eventually([&] {
    const ApiAnswer answer = admin().deploy("v2", green_.address());
    retry = answer.at("/id");
    return answer.status == 201;
  }));
  ASSERT_TRUE(admin().await(retry, "phase", "Gated"));
  const std::vector<std::string> again = of_green(canaries);
  EXPECT_LT(again.size(), 20U);
  ASSERT_EQ(admin().command(retry, "continue").status, 200);
  ASSERT_TRUE(await_bake(retry));
  EXPECT_EQ(of_green(again).size(), again.size());
}

TEST_F(StickyCookieTest, WhoSpendsOnlyTheReleasesOfAThousandCookiesTakesNothingBack) {
  break_one_path(blue_);
  break_one_path(green_);
  start(kCompareErrors, "sticky: true\n");
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  const auto cookies = collect(1000);
  ASSERT_GE(cookies.at("green-1").size(), 90U);
  spend(cookies.at("green-1"));
  ASSERT_TRUE(has_seen(id, cookies.at("green-1").size()));
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking") << admin().deployment(id).text;
  EXPECT_EQ(bad(id, "release"), "1");
  const Finished replayed = teal_->cli({"replay", id});
  EXPECT_NE(replayed.out.find("would not have breached"), std::string::npos) << replayed.out;
  // The evidence says so after a restart, too.
  ASSERT_TRUE(teal_->stop());
  teal_->start();
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking");
  const auto more = collect(100);
  spend(more.contains("green-1") ? more.at("green-1") : cookies.at("green-1"));
  spend(cookies.at("green-1"));
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking") << admin().deployment(id).text;
  EXPECT_EQ(bad(id, "release"), "1");
}

TEST_F(StickyCookieTest, WhoSpendsOnlyTheLiveGroupsCookiesHidesNoBadRelease) {
  break_one_path(blue_);
  green_.on_request([](TargetConnection& connection, const SeenRequest& seen) {
    const bool is_bad = seen.path == "/broken" || seen.path == "/new";
    connection.send(response(is_bad ? 500 : 200, "said", "x-target: green-1\r\n"));
  });
  start(kCompareErrors, "sticky: true\n");
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  const auto cookies = collect(300);
  spend(cookies.at("blue-1"));
  ASSERT_TRUE(has_seen(id, cookies.at("blue-1").size()));
  EXPECT_EQ(bad(id, "live"), "1");
  for (int i = 0; i < 300 && admin().deployment(id).at("/status") == "Baking"; ++i)
    HttpClient(teal_->listener()).get("/new");
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
}

TEST_F(StickyCookieTest, OneBadRequestCountsOfEachAddressThatClientsComeBackFrom) {
  break_one_path(blue_);
  break_one_path(green_);
  ConfigText config =
      shop({blue_.address()}, std::string("sticky: true\ndeploy: ") + kCompareErrors);
  config.listeners = "public: { address: '127.0.0.1:0', trusted_proxies: [ 127.0.0.0/8 ] }";
  teal_ = std::make_unique<Teal>(config);
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  const auto cookies = collect(300);
  const std::vector<std::string>& mine = cookies.at("green-1");
  spend(mine, "x-forwarded-for: 192.0.2.1\r\n");
  spend(mine, "x-forwarded-for: 2001:db8:0:1200::1\r\n");
  spend(mine, "x-forwarded-for: 2001:db8:0:12ff::2\r\n");
  ASSERT_TRUE(has_seen(id, 3 * mine.size()));
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking") << admin().deployment(id).text;
  EXPECT_EQ(bad(id, "release"), "2") << "an address, and the /56 that two others are in";
}

TEST_F(StickyCookieTest, NobodyOptsIntoAReleaseByACookieOfHisOwn) {
  start_split("sticky: { cookie: teal_app }");
  split("50%");
  const auto cookies = collect(20);
  std::string altered = cookies.at("green-1").front();
  altered.back() = altered.back() == '0' ? '1' : '0';
  split("0.01%");
  std::size_t refused = 0;
  // The first is in the first bucket by the format before this one.
  for (const std::string& forged : {std::string("teal_app=0"), std::string("teal_app=2710"),
                                    altered, "teal_app=" + std::string(52, '0')}) {
    std::size_t of_release = 0;
    for (int i = 0; i < 20; ++i) {
      HttpClient client(teal_->listener());
      const Response response = client.get("/", "cookie: " + forged + "\r\n");
      EXPECT_NE(cookie_in(response), "") << "it is drawn anew, and gets a cookie of ours";
      EXPECT_NE(cookie_in(response), forged);
      if (response.headers.get("x-target") == "green-1") ++of_release;
      ++refused;
    }
    EXPECT_LE(of_release, 1U) << forged;
  }
  EXPECT_EQ(admin().metric("teal_sticky_cookies_refused_total"), static_cast<double>(refused));
}

TEST_F(StickyCookieTest, ABadCookieOfTheNameBeforeTheGoodOneTakesNobodyFromHisGroup) {
  start_split("sticky: { cookie: teal_app }");
  split("50%");
  const auto cookies = collect(20);
  for (const auto& [target, of_target] : cookies) {
    HttpClient client(teal_->listener());
    const Response response =
        client.get("/", "cookie: teal_app=; teal_app=0; " + of_target.front() + "\r\n");
    EXPECT_EQ(response.headers.get("x-target"), target);
    EXPECT_EQ(cookie_in(response), "") << "it has a good one";
  }
}

TEST_F(StickyCookieTest, ACookieOfOneServiceIsNoneOfAnother) {
  ConfigText config = shop({blue_.address()}, "sticky: { cookie: side }");
  config.services[0].match = "{ listener: public, path: /shop }";
  config.services.push_back(config.services[0]);
  config.services[1].name = "blog";
  config.services[1].match = "{ listener: public, path: /blog }";
  teal_ = std::make_unique<Teal>(config);
  HttpClient client(teal_->listener());
  const std::string cookie = cookie_in(client.get("/shop"));
  EXPECT_EQ(cookie_in(client.get("/shop", "cookie: " + cookie + "\r\n")), "");
  EXPECT_NE(cookie_in(client.get("/blog", "cookie: " + cookie + "\r\n")), "");
  EXPECT_EQ(admin().metric("teal_sticky_cookies_refused_total"), 1);
}

TEST_F(StickyCookieTest, ClientsKeepTheirGroupOverRestartsAndAChangeOfTheKey) {
  start_split("sticky: true");
  split("50%");
  const auto cookies = collect(20);
  const auto all_stay = [&] {
    for (const auto& [target, each] : cookies)
      for (const std::string& cookie : each) EXPECT_EQ(ask_with(cookie), std::pair(target, cookie));
  };
  const auto restart_after = [&](const std::string& sql) {
    ASSERT_TRUE(teal_->stop());
    const Finished done = run({"sqlite3", teal_->dir() / "teal.db", sql});
    ASSERT_EQ(done.code, ExitCode{0}) << done.err;
    teal_->start();
  };
  teal_->kill9();
  teal_->start();
  all_stay();
  restart_after("UPDATE secrets SET since = 1 WHERE name = 'sticky.key'");
  all_stay();
  const auto later = collect(1);
  // The key before it is as old as its last cookie could become.
  restart_after("UPDATE secrets SET since = 1 WHERE name = 'sticky.key.previous'");
  for (const auto& [target, each] : cookies)
    for (const std::string& cookie : each) EXPECT_NE(ask_with(cookie).second, cookie);
  EXPECT_EQ(ask_with(later.begin()->second.front()),
            std::pair(later.begin()->first, later.begin()->second.front()));
}

}  // namespace
}  // namespace teal::e2e
