// Which service a request belongs to.
#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

ServiceText service(const std::string& name, const std::string& match, const Target& target) {
  ServiceText text;
  text.name = name;
  text.match = match;
  text.blue = {target.address()};
  return text;
}

/// Who answers this path on this host.
std::string who(const Address& address, const std::string& host, const std::string& path) {
  HttpClient client(address);
  const Response response =
      client.exchange("GET " + path + " HTTP/1.1\r\nhost: " + host + "\r\n\r\n");
  return response.status == 200 ? response.headers.get("x-target")
                                : std::to_string(response.status);
}

TEST(Routing, TheMostSpecificHostWinsThenTheLongestPath) {
  Target exact("exact"), deep("deep"), suffix("suffix"), longer("longer"), any("any");
  ConfigText config;
  config.services = {
      service("any", "{ listener: public, path: /open }", any),
      service("suffix", "{ listener: public, host: '*.example.com' }", suffix),
      service("longer", "{ listener: public, host: '*.eu.example.com' }", longer),
      service("exact", "{ listener: public, host: shop.example.com, path: /a }", exact),
      service("deep", "{ listener: public, host: shop.example.com, path: /a/b }", deep),
  };
  Teal teal(config);
  const Address at = teal.listener();
  EXPECT_EQ(who(at, "shop.example.com", "/a"), "exact");
  EXPECT_EQ(who(at, "SHOP.Example.com:8080", "/a/x?y"), "exact");
  EXPECT_EQ(who(at, "shop.example.com", "/a/b"), "deep");
  EXPECT_EQ(who(at, "shop.example.com", "/a/b/c"), "deep");
  EXPECT_EQ(who(at, "shop.example.com", "/a/bc"), "exact") << "prefixes end on segments";
  EXPECT_EQ(who(at, "shop.example.com", "/ab"), "suffix") << "no path of the exact host matches";
  EXPECT_EQ(who(at, "www.example.com", "/"), "suffix");
  EXPECT_EQ(who(at, "a.eu.example.com", "/"), "longer");
  EXPECT_EQ(who(at, "example.com", "/open/x"), "any") << "a suffix needs a name before it";
  EXPECT_EQ(who(at, "example.com", "/"), "404");
  EXPECT_EQ(who(at, "127.0.0.1", "/closed"), "404");
  EXPECT_EQ(teal.admin().metric("teal_requests_unserved_total", "no_route"), 2);
}

TEST(Routing, EachListenerHasItsOwnRoutes) {
  Target shop_target("shop"), office("office");
  ConfigText config;
  config.listeners = "public: { address: '127.0.0.1:0' }\nintranet: { address: '127.0.0.1:0' }";
  config.services = {service("shop", "{ listener: public }", shop_target),
                     service("office", "{ listener: intranet, path: /office }", office)};
  Teal teal(config);
  EXPECT_EQ(who(teal.listener("public"), "h", "/office"), "shop");
  EXPECT_EQ(who(teal.listener("intranet"), "h", "/office"), "office");
  EXPECT_EQ(who(teal.listener("intranet"), "h", "/"), "404");
}

TEST(Routing, AConnectionIsKeptWhenARequestFindsNoService) {
  Target target;
  ConfigText config;
  config.services = {service("shop", "{ listener: public, path: /shop }", target)};
  Teal teal(config);
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/nothing").status, 404);
  EXPECT_EQ(client.get("/shop").status, 200);
}

TEST(Routing, WithoutAHealthyTargetTheAnswerIs503) {
  Target target;
  target.set_healthy(false);
  Teal teal(shop({target.address()}, fast_health()));
  HttpClient client(teal.listener());
  const Response response = client.get("/");
  EXPECT_EQ(response.status, 503) << describe(response);
  EXPECT_EQ(target.requests(), 0U);
  EXPECT_EQ(teal.admin().metric("teal_requests_unserved_total", "no_target"), 1);
  target.set_healthy(true);
  EXPECT_TRUE(eventually([&] { return client.get("/").status == 200; }));
}

TEST(Routing, PreviewListenersReachTheIdleOrTheLiveGroupWhateverTheSplit) {
  Target blue("blue-1"), green("green-1");
  ConfigText config = shop({blue.address()});
  config.listeners =
      "public: { address: '127.0.0.1:0' }\n"
      "preview: { address: '127.0.0.1:0', group: idle }\n"
      "stable: { address: '127.0.0.1:0', group: live }";
  config.services[0].match =
      "[ { listener: public }, { listener: preview }, { listener: stable } ]";
  config.services[0].green = {green.address()};
  Teal teal(config);
  EXPECT_EQ(who(teal.listener("public"), "h", "/"), "blue-1");
  EXPECT_EQ(who(teal.listener("preview"), "h", "/"), "green-1");
  EXPECT_EQ(who(teal.listener("stable"), "h", "/"), "blue-1");
  ASSERT_EQ(teal.admin().split("100%").status, 200);
  EXPECT_EQ(who(teal.listener("public"), "h", "/"), "green-1");
  EXPECT_EQ(who(teal.listener("preview"), "h", "/"), "green-1");
  EXPECT_EQ(who(teal.listener("stable"), "h", "/"), "blue-1");
  EXPECT_EQ(teal.admin().metric("teal_requests_total", "preview\",code=\"2xx"), 4);
}

}  // namespace
}  // namespace teal::e2e
