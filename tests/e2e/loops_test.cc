// A Teal that would be its own target: refused where it can be seen, ended where it cannot.
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

std::string target_path(const std::string& address, const std::string& group = "green") {
  std::string path = "/v1/services/shop/groups/" + group + "/targets/";
  for (const char c : address) path += c == '/' ? std::string("%2F") : std::string(1, c);
  return path;
}

ConfigText itself(const std::string& more, const std::string& target) {
  ConfigText config = shop({target}, more);
  config.listeners = "public: { address: 'unix:$DIR/front.sock' }";
  return config;
}

TEST(Loops, AConfigurationThatNamesItsOwnSocketsIsRefused) {
  const TempDir dir;
  const std::string own = itself("", "unix:" + dir.path() + "//front.sock").render(dir.path());
  const Finished refused = serve_refused(own, dir);
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("services.shop.blue.targets[0]"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("is listener 'public' of this Teal"), std::string::npos)
      << refused.err;
  EXPECT_NE(refused.err.find("allow_own: true"), std::string::npos) << refused.err;
  const Finished admin = serve_refused(
      itself("allow_own: true\n", "unix:" + dir.path() + "/admin.sock").render(dir.path()), dir);
  EXPECT_EQ(admin.code, 1);
  EXPECT_NE(admin.err.find("clients would reach the control API"), std::string::npos) << admin.err;
}

TEST(Loops, AStartRefusesAnotherNameOfItsOwnSocket) {
  const TempDir dir;
  ASSERT_EQ(::symlink((dir / "front.sock").c_str(), (dir / "link.sock").c_str()), 0);
  const Finished refused =
      serve_refused(itself("", "unix:" + (dir / "link.sock")).render(dir.path()), dir);
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("is listener 'public' of this Teal"), std::string::npos)
      << refused.err;
}

TEST(Loops, TheApiRefusesOwnSocketsAsTargets) {
  Target target;
  Teal teal(shop({target.address()}, "allow_own: false\n"));
  const std::string own = to_string(teal.listener());
  const ApiAnswer put = teal.admin().call("PUT", target_path(own));
  EXPECT_EQ(put.status, 422) << put.text;
  EXPECT_EQ(put.at("/type"), "urn:teal:problem:target-is-own-listener");
  EXPECT_NE(put.at("/remedy").find("allow_own"), std::string::npos) << put.text;
  const ApiAnswer deployed = teal.admin().deploy("v2", own);
  EXPECT_EQ(deployed.status, 422) << deployed.text;
  EXPECT_EQ(deployed.at("/type"), "urn:teal:problem:target-is-own-listener");
  const std::string any = "0.0.0.0:" + std::to_string(teal.listener().port);
  EXPECT_EQ(teal.admin().call("PUT", target_path(any)).status, 422);
  const ApiAnswer admin = teal.admin().call("PUT", target_path(teal.admin_address()));
  EXPECT_EQ(admin.status, 422) << admin.text;
  EXPECT_EQ(admin.at("/type"), "urn:teal:problem:target-is-admin-address");
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/").status, 200);
}

TEST(Loops, AnAdminAddressIsNoTargetEvenWhereOwnListenersAre) {
  Target target;
  Teal teal(shop({target.address()}, "allow_own: true\n"));
  EXPECT_EQ(teal.admin().call("PUT", target_path(to_string(teal.listener()))).status, 200);
  EXPECT_EQ(teal.admin().call("PUT", target_path(teal.admin_address())).status, 422);
}

TEST(Loops, AStoredTargetThatHasBecomeAnOwnSocketIsLeftOutAtTheStart) {
  Target target;
  ConfigText config = shop({target.address()});
  config.listeners =
      "public: { address: '127.0.0.1:0' }\nfront: { address: 'unix:$DIR/front.sock' }";
  config.services[0].match = "[ { listener: public }, { listener: front } ]";
  Teal teal(config);
  const std::string link = teal.dir() / "link.sock";
  ASSERT_EQ(teal.admin().call("PUT", target_path("unix:" + link, "blue")).status, 200);
  ASSERT_EQ(teal.stop(), 0);
  ASSERT_EQ(::symlink((teal.dir() / "front.sock").c_str(), link.c_str()), 0);
  teal.start();
  EXPECT_NE(teal.log().find("target.own"), std::string::npos);
  EXPECT_NE(teal.log().find("is listener 'front' of this Teal"), std::string::npos);
  const ApiAnswer service = teal.admin().service();
  EXPECT_EQ(service.at("/groups/blue/targets/0/address"), target.address()) << service.text;
  EXPECT_EQ(service.at("/groups/blue/targets/1/address"), "") << service.text;
  HttpClient client(teal.listener());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get("/").status, 200);
}

TEST(Loops, ASecondHopThatIsMeantWorks) {
  Target target;
  ConfigText config = shop({target.address()});
  config.listeners =
      "public: { address: '127.0.0.1:0' }\ninner: { address: 'unix:$DIR/inner.sock' }";
  config.services[0].match = "{ listener: inner }";
  ServiceText edge;
  edge.name = "edge";
  edge.blue = {"unix:$DIR/inner.sock"};
  edge.more = "allow_own: true\n";
  config.services.push_back(edge);
  Teal teal(config);
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/").status, 200);
  const std::string via = target.last().headers.get("via");
  ASSERT_EQ(via.size(), 2 * std::string("1.1 teal-12345678").size() + 2) << via;
  EXPECT_EQ(via.substr(0, 17), via.substr(19)) << "one process, one name";
}

TEST(Loops, TwoTealsInARowHaveTwoNames) {
  Target target;
  Teal behind(shop({target.address()}));
  Teal front(shop({to_string(behind.listener())}));
  HttpClient client(front.listener());
  EXPECT_EQ(client.get("/").status, 200);
  const std::string via = target.last().headers.get("via");
  ASSERT_EQ(via.size(), 36U) << via;
  EXPECT_NE(via.substr(0, 17), via.substr(19));
}

/// A loop made on purpose: everything goes to green, which is the listener.
void expect_end_of_loop(const std::string& more) {
  Target target;
  Teal teal(shop({target.address()}, "allow_own: true\n" + more));
  ASSERT_EQ(teal.admin().call("PUT", target_path(to_string(teal.listener()))).status, 200);
  ASSERT_TRUE(teal.admin().await_accepting(1, "green"));
  ASSERT_EQ(teal.admin().split("100%").status, 200);
  HttpClient client(teal.listener());
  const Response got = client.get("/");
  EXPECT_EQ(got.status, 508) << describe(got);
  EXPECT_EQ(target.requests(), 0U);
  EXPECT_EQ(teal.admin().metric("teal_requests_looped_total"), 1.0);
  EXPECT_EQ(teal.admin().metric("teal_requests_total"), 4.0) << "and the one that was refused";
  const auto http2 = Http2Client(teal.listener()).get(1, "/");
  EXPECT_EQ(http2.status, "508");
  EXPECT_EQ(teal.admin().metric("teal_requests_looped_total"), 2.0);
  EXPECT_EQ(teal.admin().metric("teal_requests_total"), 8.0);
}

TEST(Loops, EndWith508AfterAHandfulOfHops) {
  expect_end_of_loop("");
}

TEST(Loops, EndOverHttp2Too) {
  expect_end_of_loop("upstream: { protocol: http2 }\n");
}

TEST(Loops, AreNotMultipliedByRetries) {
  expect_end_of_loop("retry: { on: [ 5xx, reset, timeout ], attempts: 5, budget: 100% }\n");
}

}  // namespace
}  // namespace teal::e2e
