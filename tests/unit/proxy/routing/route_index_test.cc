// Which route of a listener takes a request.
#include "proxy/routing/route_index.h"

#include <gtest/gtest.h>

#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

config::Service service(std::string name, std::vector<config::Match> match) {
  config::Service result;
  result.name = std::move(name);
  result.match = std::move(match);
  return result;
}

/// The routes of the listeners "public" and "preview" to services that are numbered from 0.
struct Routes {
  explicit Routes(std::vector<config::Service> services) {
    std::vector<ServiceId> ids;
    for (config::Service& each : services) {
      ids.push_back(static_cast<ServiceId>(specs.size()));
      specs.push_back(std::make_shared<const config::Service>(std::move(each)));
    }
    for (const char* name : {"public", "preview"})
      listeners.push_back(build_routes(name, ids, specs, nullptr));
  }
  const Route* match(std::size_t listener, std::string_view host, std::string_view path,
                     const net::RequestHead& head) const {
    return listeners[listener]->match(host, path, head);
  }

  std::vector<SharedSpec> specs;
  std::vector<std::shared_ptr<const ListenerRoutes>> listeners;
};

std::string matched(const Routes& routes, std::string_view host, std::string_view path,
                    std::size_t listener = 0) {
  const Route* const found = routes.match(listener, host, path, {});
  return found == nullptr ? "nobody" : routes.specs[found->service]->name;
}

TEST(RouteIndex, MatchesPathPrefixesOnSegmentBorders) {
  const Routes routes({service("a", {{"public", "", "/a"}})});
  EXPECT_EQ(matched(routes, "x", "/a"), "a");
  EXPECT_EQ(matched(routes, "x", "/a/"), "a");
  EXPECT_EQ(matched(routes, "x", "/a/b"), "a");
  EXPECT_EQ(matched(routes, "x", "/ab"), "nobody");
  EXPECT_EQ(matched(routes, "x", "/"), "nobody");
  EXPECT_EQ(matched(routes, "x", "/A"), "nobody");
}

TEST(RouteIndex, MatchesAPrefixWithATrailingSlashOnlyBelowIt) {
  const Routes routes({service("a", {{"public", "", "/a/"}})});
  EXPECT_EQ(matched(routes, "x", "/a/"), "a");
  EXPECT_EQ(matched(routes, "x", "/a/b"), "a");
  EXPECT_EQ(matched(routes, "x", "/a"), "nobody");
}

TEST(RouteIndex, MatchesEverythingWithTheRootPrefix) {
  const Routes routes({service("all", {{"public", "", "/"}})});
  for (const char* path : {"/", "/a", "/a/b", "*"}) EXPECT_EQ(matched(routes, "x", path), "all");
}

TEST(RouteIndex, PrefersTheLongestPrefix) {
  const Routes routes({service("root", {{"public", "", "/"}}),
                       service("deep", {{"public", "", "/a/b"}}),
                       service("a", {{"public", "", "/a"}})});
  EXPECT_EQ(matched(routes, "x", "/a/b/c"), "deep");
  EXPECT_EQ(matched(routes, "x", "/a/bc"), "a");
  EXPECT_EQ(matched(routes, "x", "/b"), "root");
}

TEST(RouteIndex, PrefersTheExactHostToTheLongestSuffixToAnyHost) {
  const Routes routes({service("any", {{"public", "", "/"}}),
                       service("short", {{"public", "*.com", "/"}}),
                       service("long", {{"public", "*.example.com", "/"}}),
                       service("exact", {{"public", "shop.example.com", "/"}})});
  EXPECT_EQ(matched(routes, "shop.example.com", "/"), "exact");
  EXPECT_EQ(matched(routes, "a.shop.example.com", "/"), "long");
  EXPECT_EQ(matched(routes, "www.example.com", "/"), "long");
  EXPECT_EQ(matched(routes, "example.com", "/"), "short");
  EXPECT_EQ(matched(routes, "example.org", "/"), "any");
  EXPECT_EQ(matched(routes, "", "/"), "any");
}

TEST(RouteIndex, FallsBackToALessSpecificHostThatHasAMatchingPrefix) {
  const Routes routes({service("any", {{"public", "", "/"}}),
                       service("suffix", {{"public", "*.example.com", "/s"}}),
                       service("exact", {{"public", "shop.example.com", "/e"}})});
  EXPECT_EQ(matched(routes, "shop.example.com", "/e/1"), "exact");
  EXPECT_EQ(matched(routes, "shop.example.com", "/s/1"), "suffix");
  EXPECT_EQ(matched(routes, "shop.example.com", "/x"), "any");
}

TEST(RouteIndex, DoesNotMatchASuffixWithoutALabelBeforeIt) {
  const Routes routes({service("s", {{"public", "*.example.com", "/"}})});
  EXPECT_EQ(matched(routes, ".example.com", "/"), "nobody");
  EXPECT_EQ(matched(routes, "badexample.com", "/"), "nobody");
}

TEST(RouteIndex, AsksForMoreThanHostAndPathWhereAMatchDoes) {
  config::Match exact{"public", "", "/a", true};
  config::Match posts{"public", "", "/"};
  posts.methods = {"POST"};
  config::Match canary{"public", "", "/"};
  canary.headers = {{"x-canary", config::HeaderMatch::Kind::present, ""}};
  const Routes routes({service("all", {{"public", "", "/"}}), service("canary", {canary}),
                       service("posts", {posts}), service("exact", {exact})});
  const auto who = [&](std::string_view start, const std::vector<std::string>& fields) {
    const auto head = test::request_head(start, fields);
    const Route* found = routes.match(0, "x", head.head.path(), head.head);
    return found == nullptr ? "nobody" : routes.specs[found->service]->name;
  };
  EXPECT_EQ(who("GET /a HTTP/1.1", {}), "exact");
  EXPECT_EQ(who("POST /a?q HTTP/1.1", {"x-canary: 1"}), "exact");
  EXPECT_EQ(who("GET /a/b HTTP/1.1", {}), "all");
  EXPECT_EQ(who("GET / HTTP/1.1", {"X-Canary: 1"}), "canary");
  EXPECT_EQ(who("POST / HTTP/1.1", {"X-Canary: 1"}), "posts");
  EXPECT_EQ(who("PUT / HTTP/1.1", {}), "all");
}

TEST(RouteIndex, CarriesWhatARouteDoesAndNothingForAPlainOne) {
  config::Service shop = service("shop", {{"public", "", "/"}});
  config::Route route;
  route.name = "api";
  route.match = {{"public", "", "/api"}};
  route.actions.request_body_bytes = 10;
  route.timeouts.request = Millis{5};
  shop.routes = {route};
  const Routes routes({shop});
  const Route* plain = routes.match(0, "x", "/", {});
  const Route* api = routes.match(0, "x", "/api/x", {});
  ASSERT_NE(plain, nullptr);
  ASSERT_NE(api, nullptr);
  EXPECT_EQ(plain->actions, nullptr);
  EXPECT_EQ(plain->timeouts, &routes.specs[0]->timeouts);
  ASSERT_NE(api->actions, nullptr);
  EXPECT_EQ(api->actions->request_body_bytes, 10U);
  EXPECT_EQ(api->timeouts->request, Millis{5});
}

TEST(RouteIndex, KeepsListenersApart) {
  const Routes routes({service("a", {{"public", "", "/"}}), service("b", {{"preview", "x", "/"}})});
  EXPECT_EQ(matched(routes, "x", "/", 0), "a");
  EXPECT_EQ(matched(routes, "x", "/", 1), "b");
  EXPECT_EQ(matched(routes, "y", "/", 1), "nobody");
}

TEST(RouteIndex, RoutesSeveralMatchesToOneService) {
  const Routes routes(
      {service("a", {{"public", "x", "/1"}, {"public", "x", "/22"}, {"preview", "", "/"}})});
  EXPECT_EQ(matched(routes, "x", "/1"), "a");
  EXPECT_EQ(matched(routes, "x", "/22"), "a");
  EXPECT_EQ(matched(routes, "x", "/3"), "nobody");
  EXPECT_EQ(matched(routes, "z", "/3", 1), "a");
}

TEST(RouteIndex, GivesRoutesTheLimiterOfTheirOwnOrOfTheirService) {
  config::Service shop = service("shop", {{"public", "", "/"}});
  shop.actions.rate_limit.emplace().requests = 5;
  config::Route inherits, own;
  inherits.name = "inherits";
  inherits.match = {{"public", "", "/a"}};
  inherits.actions.rate_limit.emplace().is_inherited = true;
  own.name = "own";
  own.match = {{"public", "", "/b"}};
  own.actions.rate_limit.emplace().requests = 7;
  shop.routes = {inherits, own};
  std::vector<std::string> asked;
  const FindLimiter find = [&](const config::Service& of, const std::string& route,
                               const config::RateLimit& limit) {
    asked.push_back(of.name + '/' + (limit.is_inherited ? "" : route));
    return std::make_shared<RateLimiter>(limit, 1);
  };
  const auto routes =
      build_routes("public", {0}, {std::make_shared<const config::Service>(shop)}, find);
  EXPECT_EQ(asked, (std::vector<std::string>{"shop/", "shop/", "shop/own"}));
  EXPECT_NE(routes->match("", "/b", {})->limiter, nullptr);
}

std::string normalised(std::string_view authority) {
  std::string buffer;
  return std::string(normalise_host(authority, buffer));
}

TEST(NormaliseHost, LowersAndStripsPortAndTrailingDot) {
  EXPECT_EQ(normalised("Shop.Example.COM:8080"), "shop.example.com");
  EXPECT_EQ(normalised("shop.example.com"), "shop.example.com");
  EXPECT_EQ(normalised("shop.example.com."), "shop.example.com");
  EXPECT_EQ(normalised("shop.example.com.:80"), "shop.example.com");
  EXPECT_EQ(normalised("10.0.0.1:80"), "10.0.0.1");
  EXPECT_EQ(normalised(""), "");
}

TEST(NormaliseHost, LeavesTheColonsOfAnIp6AddressAlone) {
  EXPECT_EQ(normalised("[::1]:8080"), "[::1]");
  EXPECT_EQ(normalised("[2001:DB8::A]"), "[2001:db8::a]");
}

TEST(NormaliseHost, CopiesOnlyWhatItChanges) {
  std::string buffer;
  const std::string_view authority = "shop.example.com:80";
  EXPECT_EQ(normalise_host(authority, buffer).data(), authority.data());
  EXPECT_TRUE(buffer.empty());
}

}  // namespace
}  // namespace teal::proxy
