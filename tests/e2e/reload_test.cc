// What goes on when Teal goes over to another configuration while it serves.
#include <sys/stat.h>

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/e2e_release.h"
#include "tests/support/e2e_tunnel.h"

namespace teal::e2e {
namespace {

bool applied(const ApiAnswer& answer) {
  return answer.status == 200 && answer.at("/result") == "applied";
}

/// The paths of what changes, and what becomes of each.
std::map<std::string, std::string> changes(const ApiAnswer& answer) {
  std::map<std::string, std::string> all;
  for (const auto& each : answer.body.at("changes").as_array())
    all[each.at("path").as_string().c_str()] = each.at("effect").as_string().c_str();
  return all;
}

class ReloadTest : public ReleaseTest {
 protected:
  /// `deploy` as in ReleaseTest; `more`: further keys of the service.
  ConfigText config(const std::string& deploy = "{ plan: AllAtOnce }",
                    const std::string& more = {}) const {
    ConfigText text = shop({blue_.address()}, "deploy: " + deploy + "\n" + more);
    text.services[0].green = {green_.address()};
    return text;
  }
  /// Starts on `text`, and keeps it to be changed.
  void begin(const ConfigText& text) {
    text_ = text;
    teal_ = std::make_unique<Teal>(text);
  }
  ApiAnswer reload() { return teal_->reload(text_); }

  ConfigText text_;
};

// ---- what deployments decided -------------------------------------------------------------------

TEST_F(ReloadTest, TheGroupsOfTheFileAreIgnoredWhereTheServiceIsKnown) {
  begin(config());
  Target other("other");
  ASSERT_EQ(admin().call("PUT", "/v1/services/shop/groups/blue/targets/" + other.address()).status,
            200);
  ASSERT_EQ(admin().split("30%").status, 200);
  text_.services[0].blue = {green_.address()};
  text_.services[0].blue_revision = "v9";
  const ApiAnswer answer = reload();
  ASSERT_TRUE(applied(answer)) << answer.text;
  for (const auto& [path, effect] : changes(answer)) EXPECT_EQ(effect, "ignored") << path;
  const ApiAnswer shop = admin().service();
  EXPECT_EQ(shop.at("/groups/blue/revision"), "v1");
  EXPECT_EQ(shop.at("/groups/blue/targets_total"), "2");
  EXPECT_EQ(green_share(), "30%");
}

TEST_F(ReloadTest, ADeploymentKeepsItsPlanAndTellsThatTheConfigurationChanged) {
  begin(config("{ plan: [ { set_weight: 10% }, { bake: 1h } ] }"));
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  text_.services[0].more = "deploy: { plan: AllAtOnce }\ntimeouts: { connect: 700ms }\n";
  const ApiAnswer answer = reload();
  ASSERT_TRUE(applied(answer)) << answer.text;
  EXPECT_EQ(changes(answer)["services.shop.deploy.plan"], "next_deployment") << answer.text;
  const ApiAnswer after = admin().deployment(id);
  EXPECT_EQ(after.at("/status"), "Baking");
  EXPECT_EQ(green_share(), "10%");
  EXPECT_NE(after.text.find("configuration is that of generation 2 from now on"),
            std::string::npos);
  ASSERT_EQ(admin().command(id, "promote").status, 200);
  EXPECT_TRUE(admin().await(id, "status", "Succeeded"));
  const std::string next = admin().deploy("v3", blue_.address()).at("/id");
  EXPECT_TRUE(admin().await(next, "status", "Succeeded")) << "by the plan of the new file";
}

TEST_F(ReloadTest, ARollbackAfterAReloadBringsBackWhoServedBefore) {
  begin(config("{ plan: [ { set_weight: 10% }, { bake: 1h } ] }"));
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  ASSERT_TRUE(applied(reload()));
  ASSERT_EQ(admin().command(id, "rollback").status, 200);
  EXPECT_EQ(green_share(), "0%");
  EXPECT_EQ(ask(teal_->listener(), 20)["blue-1"], 20U);
}

// ---- targets ------------------------------------------------------------------------------------

TEST_F(ReloadTest, ATargetStaysIllUnderAnotherCheckUntilThatSaysOtherwise) {
  Target ill("ill");
  ill.set_healthy(false);
  ConfigText text = config("{ plan: AllAtOnce }", fast_health());
  text.services[0].blue.push_back(ill.address());
  begin(text);
  ASSERT_TRUE(admin().await_accepting(1));
  std::string& more = text_.services[0].more;
  more.replace(more.find("rise: 2"), 7, "rise: 3");
  ASSERT_TRUE(applied(reload()));
  EXPECT_EQ(ask(teal_->listener(), 20)["blue-1"], 20U) << "not a single request to the ill one";
  ill.set_healthy(true);
  EXPECT_TRUE(admin().await_accepting(2));
}

TEST_F(ReloadTest, AnEjectedTargetStaysOut) {
  Target failing("failing");
  failing.set_status(503);
  ConfigText text =
      config("{ plan: AllAtOnce }", "outlier: { consecutive_failures: 3, ejection: 1h }\n");
  text.services[0].blue.push_back(failing.address());
  begin(text);
  ask(teal_->listener(), 20);
  ASSERT_TRUE(admin().await_accepting(1));
  const std::size_t asked = failing.requests();
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  ASSERT_TRUE(applied(reload()));
  EXPECT_EQ(ask(teal_->listener(), 20)["blue-1"], 20U);
  EXPECT_EQ(failing.requests(), asked);
}

TEST_F(ReloadTest, KeptConnectionsToTargetsStayUnlessTheyAreMadeInAnotherWay) {
  ConfigText text = config();
  text.workers = 1;
  begin(text);
  HttpClient client(teal_->listener());
  ASSERT_EQ(client.get("/").status, 200);
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  ASSERT_TRUE(applied(reload()));
  ASSERT_EQ(client.get("/").status, 200);
  EXPECT_EQ(blue_.connections(), 1U);
  text_.services[0].more += "upstream: { ping_after: 29s }\n";
  const ApiAnswer answer = reload();
  ASSERT_TRUE(applied(answer)) << answer.text;
  ASSERT_EQ(client.get("/").status, 200);
  EXPECT_EQ(blue_.connections(), 2U);
  EXPECT_TRUE(eventually([&] { return blue_.open_connections() == 1; })) << "the old one is closed";
}

// ---- clients ------------------------------------------------------------------------------------

TEST_F(ReloadTest, AKeptConnectionOfAClientGoesByTheNewRulesFromItsNextRequestOn) {
  begin(config());
  HttpClient client(teal_->listener());
  ASSERT_EQ(client.get("/").status, 200);
  text_.services[0].more += "response_headers: { set: [ { name: x-generation, value: two } ] }\n";
  const ApiAnswer answer = reload();
  ASSERT_TRUE(applied(answer)) << answer.text;
  EXPECT_EQ(client.get("/").headers.get("x-generation"), "two");
}

TEST_F(ReloadTest, ARequestUnderWayEndsByTheRulesThatItBeganWith) {
  begin(config());
  Trigger go_on;
  blue_.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.wait(go_on);
    connection.send(response(200, "late", "x-target: blue-1\r\n"));
  });
  HttpClient client(teal_->listener());
  client.send(request("GET", "/"));
  ASSERT_TRUE(blue_.await_requests(1));
  text_.services[0].more +=
      "response_headers: { set: [ { name: x-generation, value: two } ] }\nupstream: { ping_after: "
      "29s }\n";
  ASSERT_TRUE(applied(reload()));
  go_on.fire();
  const Response late = client.read();
  EXPECT_EQ(late.body, "late");
  EXPECT_FALSE(late.headers.has("x-generation"));
}

TEST_F(ReloadTest, NoRequestIsLostOverManyReloadsOfEveryKind) {
  begin(config());
  Load load(teal_->listener(), 4);
  ASSERT_TRUE(load.await(50));
  const std::string usual = text_.services[0].more;
  for (int i = 0; i < 12; ++i) {
    text_.services[0].more = usual + "timeouts: { connect: " + std::to_string(700 + i) + "ms }\n";
    if (i % 3 == 1) text_.services[0].more += "upstream: { ping_after: 29s }\n";
    if (i % 4 == 2)
      text_.listeners = "public: { address: '127.0.0.1:0', http2: { concurrent_streams: 100 } }";
    const ApiAnswer answer = reload();
    ASSERT_TRUE(applied(answer)) << answer.text;
    ASSERT_TRUE(load.await(20));
  }
  const LoadReport report = load.stop();
  EXPECT_EQ(report.by_status.size(), 1U) << report.text();
  EXPECT_EQ(report.failed_by_teal, 0U) << report.text();
  EXPECT_EQ(admin().get("/v1/config").at("/generation"), "13");
  EXPECT_EQ(admin().metric("teal_requests_total", "service=\"shop\""),
            static_cast<double>(report.requests))
      << "what was counted before is";
}

TEST_F(ReloadTest, PlacesOfClientsCountThoseThatCameBefore) {
  ConfigText text = config();
  text.listeners = "public: { address: '127.0.0.1:0', limits: { connections_per_client: 3 } }";
  begin(text);
  HttpClient first(teal_->listener());
  HttpClient second(teal_->listener());
  ASSERT_EQ(first.get("/").status, 200);
  ASSERT_EQ(second.get("/").status, 200);
  text_.listeners = "public: { address: '127.0.0.1:0', limits: { connections_per_client: 2 } }";
  ASSERT_TRUE(applied(reload()));
  HttpClient third(teal_->listener());
  third.send(request("GET", "/"));
  EXPECT_NE(third.await_end(), Arrival::bytes);
  EXPECT_EQ(first.get("/").status, 200);
}

TEST_F(ReloadTest, WhoHasUsedUpHisRateGetsNoFreshOne) {
  begin(config("{ plan: AllAtOnce }", "rate_limit: { rate: 1/h, burst: 2 }\n"));
  HttpClient client(teal_->listener());
  ASSERT_EQ(client.get("/").status, 200);
  ASSERT_EQ(client.get("/").status, 200);
  ASSERT_EQ(client.get("/").status, 429);
  std::string& more = text_.services[0].more;
  more.replace(more.find("burst: 2"), 8, "burst: 3");
  ASSERT_TRUE(applied(reload()));
  int served = 0;
  for (int i = 0; i < 4; ++i)
    if (client.get("/").status == 200) ++served;
  EXPECT_LE(served, 1) << "the larger burst adds what it has more, and nothing else";
}

TEST_F(ReloadTest, ACookieOfAStickyClientIsStillGood) {
  begin(config("{ plan: AllAtOnce }", "sticky: { cookie: seat, max_age: 1h }\n"));
  ASSERT_EQ(admin().split("50%").status, 200);
  HttpClient client(teal_->listener());
  const Response first = client.get("/");
  const std::string cookie = first.headers.get("set-cookie");
  const std::string pair = cookie.substr(0, cookie.find(';'));
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  ASSERT_TRUE(applied(reload()));
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(client.get("/", "cookie: " + pair + "\r\n").headers.get("x-target"),
              first.headers.get("x-target"));
}

// ---- listeners ----------------------------------------------------------------------------------

TEST_F(ReloadTest, AListenerThatGoesAnswersThoseWhoAreThereAndNobodyElse) {
  ConfigText text = config();
  text.listeners = "public: { address: '127.0.0.1:0' }\nside: { address: '127.0.0.1:0' }";
  text.services[0].match = "[ { listener: public }, { listener: side } ]";
  begin(text);
  const Address side = teal_->listener("side");
  HttpClient there(side);
  ASSERT_EQ(there.get("/").status, 200);
  text_.listeners = "public: { address: '127.0.0.1:0' }";
  text_.services[0].match = "{ listener: public }";
  const Address before = teal_->listener();
  ASSERT_TRUE(applied(reload()));
  const Response last = there.get("/");
  EXPECT_EQ(last.status, 200) << describe(last);
  EXPECT_EQ(last.headers.get("connection"), "close");
  EXPECT_THROW(HttpClient{side}, std::exception) << "nobody listens there";
  EXPECT_EQ(HttpClient{before}.get("/").status, 200) << "the other one has not moved";
}

TEST_F(ReloadTest, AListenerThatIsNewServesAndOneThatMovesServesAtItsNewAddress) {
  begin(config());
  const Address old = teal_->listener();
  HttpClient there(old);
  ASSERT_EQ(there.get("/").status, 200);
  text_.listeners = "public: { address: '[::1]:0' }\nside: { address: 'unix:$DIR/side.sock' }";
  text_.services[0].match = "[ { listener: public }, { listener: side } ]";
  const ApiAnswer answer = reload();
  ASSERT_TRUE(applied(answer)) << answer.text;
  EXPECT_EQ(HttpClient{teal_->listener()}.get("/").status, 200);
  EXPECT_EQ(HttpClient{teal_->listener("side")}.get("/").status, 200);
  EXPECT_EQ(there.get("/").status, 200) << "the connection is older than the move";
  EXPECT_THROW(HttpClient{old}, std::exception);
}

TEST_F(ReloadTest, AListenerUnderAnotherNameKeepsTheSocketAndWhoIsThere) {
  ConfigText text = config();
  text.listeners = "public: { address: 'unix:$DIR/door.sock' }";
  begin(text);
  const Address door = teal_->listener();
  HttpClient there(door);
  ASSERT_EQ(there.get("/").status, 200);
  struct stat before{};
  ASSERT_EQ(::stat(door.host.c_str(), &before), 0);
  text_.listeners = "front: { address: 'unix:$DIR/door.sock' }";
  text_.services[0].match = "{ listener: front }";
  ASSERT_TRUE(applied(reload()));
  struct stat after{};
  ASSERT_EQ(::stat(door.host.c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(HttpClient{door}.get("/").status, 200);
  EXPECT_EQ(there.get("/").status, 200);
}

TEST_F(ReloadTest, SocketsThatChangeTheirListenerGetItsMode) {
  ConfigText text = config();
  text.listeners =
      "a: { address: 'unix:$DIR/1.sock' }\nb: { address: 'unix:$DIR/2.sock', socket_mode: '0666' }";
  text.services[0].match = "[ { listener: a }, { listener: b } ]";
  begin(text);
  text_.listeners =
      "a: { address: 'unix:$DIR/2.sock' }\nb: { address: 'unix:$DIR/1.sock', socket_mode: '0666' }";
  ASSERT_TRUE(applied(reload()));
  const auto mode = [&](const std::string& name) {
    struct stat status{};
    ::stat((teal_->dir() / name).c_str(), &status);
    return status.st_mode & 0777U;
  };
  EXPECT_EQ(mode("1.sock"), 0666U);
  EXPECT_EQ(mode("2.sock"), 0600U);
}

// ---- services -----------------------------------------------------------------------------------

TEST_F(ReloadTest, AServiceComesAndGoesAndComesBackAsItWas) {
  begin(config());
  ServiceText cart;
  cart.name = "cart";
  cart.match = "{ listener: public, path: /cart }";
  cart.blue = {green_.address()};
  text_.services.push_back(cart);
  ASSERT_TRUE(applied(reload()));
  HttpClient client(teal_->listener());
  EXPECT_EQ(client.get("/cart").headers.get("x-target"), "green-1");
  Target more("more");
  ASSERT_EQ(admin().call("PUT", "/v1/services/cart/groups/blue/targets/" + more.address()).status,
            200);
  text_.services.pop_back();
  ASSERT_TRUE(applied(reload()));
  EXPECT_EQ(client.get("/cart").headers.get("x-target"), "blue-1") << "shop has every path again";
  EXPECT_EQ(admin().service("cart").status, 404);
  text_.services.push_back(cart);
  ASSERT_TRUE(applied(reload()));
  EXPECT_EQ(admin().service("cart").at("/groups/blue/targets_total"), "2");
  const auto answered = ask(teal_->listener(), 20, "/cart");
  EXPECT_EQ(answered.at("green-1") + answered.at("more"), 20U);
}

TEST_F(ReloadTest, AServiceUnderAnotherNameAnswersFromItsFirstRequestOn) {
  begin(config("{ plan: AllAtOnce }", fast_health()));
  ASSERT_TRUE(admin().await_accepting(1));
  Load load(teal_->listener(), 2);
  for (const char* name : {"store", "market", "shop"}) {
    ASSERT_TRUE(load.await(50));
    text_.services[0].name = name;
    ASSERT_TRUE(applied(reload()));
  }
  ASSERT_TRUE(load.await(50));
  const LoadReport report = load.stop();
  EXPECT_EQ(report.failed_by_teal, 0U) << report.text();
}

// ---- files --------------------------------------------------------------------------------------

TEST_F(ReloadTest, TheAccessLogGoesOverToAnotherFileAndLosesNoLine) {
  ConfigText text = config();
  text.access_log = "{ path: $DIR/one.log, format: json }";
  std::string whole = text.render("$DIR");
  teal_ = std::make_unique<Teal>(whole);
  const auto lines = [&](const std::string& name) {
    const std::string all = read_file(teal_->dir() / name);
    return static_cast<std::uint64_t>(std::ranges::count(all, '\n'));
  };
  Load load(teal_->listener(), 2);
  ASSERT_TRUE(load.await(30));
  for (const char* next : {"two.log", "one.log", "two.log"}) {
    const std::size_t at = whole.find("$DIR/", whole.find("access_log"));
    whole.replace(at, 12, std::string("$DIR/") + next);
    teal_->rewrite(whole);
    ASSERT_TRUE(applied(teal_->reload()));
    ASSERT_TRUE(load.await(30));
  }
  const std::uint64_t asked = load.stop().requests;
  EXPECT_TRUE(eventually([&] { return lines("one.log") + lines("two.log") == asked; }))
      << lines("one.log") << " and " << lines("two.log") << " of " << asked;
  EXPECT_EQ(admin().metric("teal_access_log_lost_lines_total"), 0);
}

}  // namespace

// ---- tunnels ------------------------------------------------------------------------------------

namespace {

class ReloadOfTunnels : public UpgradeTest {};

TEST_F(ReloadOfTunnels, StayWhateverChangesAroundThem) {
  start();
  agree();
  Caller caller(teal_->listener());
  ASSERT_TRUE(has(caller.upgrade(), "101 Switching"));
  std::string text = read_file(teal_->config_path());
  for (const std::string more :
       {"    timeouts: { tunnel_idle: 30s }\n", "    upstream: { ping_after: 29s }\n"}) {
    text += more;
    teal_->rewrite(text);
    const ApiAnswer answer = teal_->reload();
    ASSERT_TRUE(applied(answer)) << answer.text;
    caller.forget();
    caller.send("still here?");
    EXPECT_TRUE(caller.hears("still here?"));
  }
  EXPECT_EQ(metric("teal_tunnels_active"), 1);
}

}  // namespace
}  // namespace teal::e2e
