#include "proxy/routing/route_table.h"

#include <gtest/gtest.h>

#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

config::Listener listener(std::string name) {
  config::Listener result;
  result.name = std::move(name);
  return result;
}

config::Service service(std::string name, std::vector<config::Match> match) {
  config::Service result;
  result.name = std::move(name);
  result.match = std::move(match);
  return result;
}

TargetState target(TargetId id, const std::string& address, Health health = Health::healthy) {
  TargetState state;
  state.id = id;
  state.address = parse_address(address).value();
  state.health = health;
  return state;
}

/// Services with the given matches on the listeners "public" and "preview".
RouteTable table_of(std::vector<config::Service> services) {
  auto config = std::make_shared<config::Config>();
  config->listeners = {listener("public"), listener("preview")};
  config->services = std::move(services);
  std::vector<ServiceState> states(config->services.size());
  SlotTable slots;
  return build_route_table(1, config, states, slots);
}

std::string matched(const RouteTable& table, std::string_view host, std::string_view path,
                    std::size_t listener_index = 0) {
  const RouteTable::Route* found = table.match(listener_index, host, path, {});
  return found == nullptr ? "nobody" : table.services[found->service].spec->name;
}

TEST(RouteTable, MatchesPathPrefixesOnSegmentBorders) {
  const RouteTable table = table_of({service("a", {{"public", "", "/a"}})});
  EXPECT_EQ(matched(table, "x", "/a"), "a");
  EXPECT_EQ(matched(table, "x", "/a/"), "a");
  EXPECT_EQ(matched(table, "x", "/a/b"), "a");
  EXPECT_EQ(matched(table, "x", "/ab"), "nobody");
  EXPECT_EQ(matched(table, "x", "/"), "nobody");
  EXPECT_EQ(matched(table, "x", "/A"), "nobody");
}

TEST(RouteTable, MatchesAPrefixWithATrailingSlashOnlyBelowIt) {
  const RouteTable table = table_of({service("a", {{"public", "", "/a/"}})});
  EXPECT_EQ(matched(table, "x", "/a/"), "a");
  EXPECT_EQ(matched(table, "x", "/a/b"), "a");
  EXPECT_EQ(matched(table, "x", "/a"), "nobody");
}

TEST(RouteTable, MatchesEverythingWithTheRootPrefix) {
  const RouteTable table = table_of({service("all", {{"public", "", "/"}})});
  for (const char* path : {"/", "/a", "/a/b", "*"}) EXPECT_EQ(matched(table, "x", path), "all");
}

TEST(RouteTable, PrefersTheLongestPrefix) {
  const RouteTable table =
      table_of({service("root", {{"public", "", "/"}}), service("deep", {{"public", "", "/a/b"}}),
                service("a", {{"public", "", "/a"}})});
  EXPECT_EQ(matched(table, "x", "/a/b/c"), "deep");
  EXPECT_EQ(matched(table, "x", "/a/bc"), "a");
  EXPECT_EQ(matched(table, "x", "/b"), "root");
}

TEST(RouteTable, PrefersTheExactHostToTheLongestSuffixToAnyHost) {
  const RouteTable table =
      table_of({service("any", {{"public", "", "/"}}), service("short", {{"public", "*.com", "/"}}),
                service("long", {{"public", "*.example.com", "/"}}),
                service("exact", {{"public", "shop.example.com", "/"}})});
  EXPECT_EQ(matched(table, "shop.example.com", "/"), "exact");
  EXPECT_EQ(matched(table, "a.shop.example.com", "/"), "long");
  EXPECT_EQ(matched(table, "www.example.com", "/"), "long");
  EXPECT_EQ(matched(table, "example.com", "/"), "short");
  EXPECT_EQ(matched(table, "example.org", "/"), "any");
  EXPECT_EQ(matched(table, "", "/"), "any");
}

TEST(RouteTable, FallsBackToALessSpecificHostThatHasAMatchingPrefix) {
  const RouteTable table = table_of({service("any", {{"public", "", "/"}}),
                                     service("suffix", {{"public", "*.example.com", "/s"}}),
                                     service("exact", {{"public", "shop.example.com", "/e"}})});
  EXPECT_EQ(matched(table, "shop.example.com", "/e/1"), "exact");
  EXPECT_EQ(matched(table, "shop.example.com", "/s/1"), "suffix");
  EXPECT_EQ(matched(table, "shop.example.com", "/x"), "any");
}

TEST(RouteTable, DoesNotMatchASuffixWithoutALabelBeforeIt) {
  const RouteTable table = table_of({service("s", {{"public", "*.example.com", "/"}})});
  EXPECT_EQ(matched(table, ".example.com", "/"), "nobody");
  EXPECT_EQ(matched(table, "badexample.com", "/"), "nobody");
}

TEST(RouteTable, AsksForMoreThanHostAndPathWhereAMatchDoes) {
  config::Match exact{"public", "", "/a", true};
  config::Match posts{"public", "", "/"};
  posts.methods = {"POST"};
  config::Match canary{"public", "", "/"};
  canary.headers = {{"x-canary", config::HeaderMatch::Kind::present, ""}};
  const RouteTable table =
      table_of({service("all", {{"public", "", "/"}}), service("canary", {canary}),
                service("posts", {posts}), service("exact", {exact})});
  const auto who = [&](std::string_view start, const std::vector<std::string>& fields) {
    const auto head = test::request_head(start, fields);
    const RouteTable::Route* found = table.match(0, "x", head.head.path(), head.head);
    return found == nullptr ? "nobody" : table.services[found->service].spec->name;
  };
  EXPECT_EQ(who("GET /a HTTP/1.1", {}), "exact");
  EXPECT_EQ(who("POST /a?q HTTP/1.1", {"x-canary: 1"}), "exact");
  EXPECT_EQ(who("GET /a/b HTTP/1.1", {}), "all");
  EXPECT_EQ(who("GET / HTTP/1.1", {"X-Canary: 1"}), "canary");
  EXPECT_EQ(who("POST / HTTP/1.1", {"X-Canary: 1"}), "posts");
  EXPECT_EQ(who("PUT / HTTP/1.1", {}), "all");
}

TEST(RouteTable, CarriesWhatARouteDoesAndNothingForAPlainOne) {
  config::Service shop = service("shop", {{"public", "", "/"}});
  config::Route route;
  route.name = "api";
  route.match = {{"public", "", "/api"}};
  route.actions.request_body_bytes = 10;
  route.timeouts.request = Millis{5};
  shop.routes = {route};
  const RouteTable table = table_of({shop});
  const RouteTable::Route* plain = table.match(0, "x", "/", {});
  const RouteTable::Route* api = table.match(0, "x", "/api/x", {});
  ASSERT_NE(plain, nullptr);
  ASSERT_NE(api, nullptr);
  EXPECT_EQ(plain->actions, nullptr);
  EXPECT_EQ(plain->timeouts, &table.config->services[0].timeouts);
  ASSERT_NE(api->actions, nullptr);
  EXPECT_EQ(api->actions->request_body_bytes, 10U);
  EXPECT_EQ(api->timeouts->request, Millis{5});
}

TEST(RouteTable, KeepsListenersApart) {
  const RouteTable table =
      table_of({service("a", {{"public", "", "/"}}), service("b", {{"preview", "x", "/"}})});
  EXPECT_EQ(matched(table, "x", "/", 0), "a");
  EXPECT_EQ(matched(table, "x", "/", 1), "b");
  EXPECT_EQ(matched(table, "y", "/", 1), "nobody");
}

TEST(RouteTable, RoutesSeveralMatchesToOneService) {
  const RouteTable table = table_of(
      {service("a", {{"public", "x", "/1"}, {"public", "x", "/22"}, {"preview", "", "/"}})});
  EXPECT_EQ(matched(table, "x", "/1"), "a");
  EXPECT_EQ(matched(table, "x", "/22"), "a");
  EXPECT_EQ(matched(table, "x", "/3"), "nobody");
  EXPECT_EQ(matched(table, "z", "/3", 1), "a");
}

TEST(RouteTable, CarriesWhatControlKnowsOfAService) {
  auto config = std::make_shared<config::Config>();
  config->listeners = {listener("public")};
  config->services = {service("shop", {{"public", "", "/"}})};
  ServiceState state;
  state.live = Colour::green;
  state.split = Split::with(Colour::blue, Weight{1250});
  state.groups[Colour::blue] = {"v2", {target(1, "127.0.0.1:1"), target(2, "127.0.0.1:2")}};
  state.groups[Colour::green] = {"v1", {target(3, "127.0.0.1:3", Health::unhealthy)}};
  SlotTable slots;
  const RouteTable table = build_route_table(7, config, {state}, slots);

  EXPECT_EQ(table.version, 7U);
  EXPECT_EQ(table.config, config);
  ASSERT_EQ(table.services.size(), 1U);
  const ServiceView& view = table.services[0];
  EXPECT_EQ(view.spec, &config->services[0]);
  EXPECT_EQ(view.live, Colour::green);
  EXPECT_EQ(view.release(), Colour::blue);
  EXPECT_EQ(view.release_weight(), Weight{1250});
  EXPECT_EQ(view.groups[Colour::blue].revision, "v2");
  EXPECT_EQ(view.groups[Colour::blue].targets, state.groups[Colour::blue].targets);
  EXPECT_EQ(view.groups[Colour::green].colour, Colour::green);
  EXPECT_TRUE(view.groups[Colour::blue].available);
  EXPECT_FALSE(view.groups[Colour::green].available);
  EXPECT_TRUE(view.groups[Colour::blue].ring.empty());
}

TEST(RouteTable, GivesEveryGroupAndAudienceASlotOfItsOwn) {
  auto config = std::make_shared<config::Config>();
  config->services = {service("a", {}), service("b", {})};
  SlotTable slots;
  const RouteTable table = build_route_table(1, config, std::vector<ServiceState>(2), slots);
  EXPECT_EQ(slots.size(), 8U);
  for (const ServiceView& view : table.services)
    for (const Colour colour : kColours)
      for (const Audience audience : {Audience::split, Audience::preview}) {
        const TrafficKey& key = slots.key(view.groups[colour].slots[audience]);
        EXPECT_EQ(key, (TrafficKey{view.spec->name, colour, "", audience}));
      }
}

TEST(RouteTable, IsAvailableOnlyWithATargetThatAcceptsRequests) {
  auto config = std::make_shared<config::Config>();
  config->services = {service("a", {})};
  SlotTable slots;
  const auto available = [&](const TargetState& only) {
    ServiceState state;
    state.groups[Colour::blue].targets = {target(1, "127.0.0.1:1", Health::unknown), only};
    return build_route_table(1, config, {state}, slots).services[0].groups[Colour::blue].available;
  };
  TargetState healthy = target(2, "127.0.0.1:2");
  EXPECT_TRUE(available(healthy));
  healthy.draining = true;
  EXPECT_FALSE(available(healthy));
  healthy.draining = false;
  healthy.ejected = true;
  EXPECT_FALSE(available(healthy));
}

TEST(RouteTable, BuildsTheRingOverAllTargetsWhateverTheirHealth) {
  auto config = std::make_shared<config::Config>();
  config->services = {service("a", {})};
  config->services[0].balance = config::Balance::consistent_hash;
  ServiceState state;
  for (TargetId id = 1; id <= 4; ++id)
    state.groups[Colour::blue].targets.push_back(
        target(id, "10.0.0." + std::to_string(id) + ":80",
               id % 2 == 0 ? Health::healthy : Health::unhealthy));
  SlotTable slots;
  const RouteTable table = build_route_table(1, config, {state}, slots);
  const HashRing& ring = table.services[0].groups[Colour::blue].ring;
  std::vector<int> keys(4);
  for (std::uint64_t key = 0; key < 1000; ++key)
    ++keys[ring.pick(mix64(key), std::vector<Candidate>(4))];
  for (const int count : keys) EXPECT_GT(count, 100);
  EXPECT_TRUE(table.services[0].groups[Colour::green].ring.empty());
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

// ---- panic --------------------------------------------------------------------------------------

class PanicTest : public ::testing::Test {
 protected:
  /// Of three targets in blue and in green so many are healthy.
  RouteTable table(std::size_t healthy) {
    auto spec = service("s", {{"public", "", "/"}});
    spec.panic_percent = 50;
    auto config = std::make_shared<config::Config>();
    config->listeners.resize(1);
    config->listeners[0].name = "public";
    config->services = {spec};
    ServiceState state;
    for (const Colour colour : kColours)
      for (TargetId id = 1; id <= 3; ++id)
        state.groups[colour].targets.push_back(
            target(id, "127.0.0.1:1" + std::to_string(id),
                   id <= healthy ? Health::healthy : Health::unhealthy));
    return build_route_table(1, config, {state}, slots_);
  }
  SlotTable slots_;
};

TEST_F(PanicTest, DoesNotAskTheSickWhereNobodyIsWellAndAFallbackServes) {
  auto spec = service("s", {{"public", "", "/"}});
  spec.panic_percent = 50;
  auto config = std::make_shared<config::Config>();
  config->listeners.resize(1);
  config->listeners[0].name = "public";
  config->services = {spec};
  ServiceState state;
  state.groups[Colour::blue].targets = {target(1, "127.0.0.1:11", Health::unhealthy)};
  state.groups[Colour::green].targets = {target(2, "127.0.0.1:12", Health::healthy)};
  const auto live = [&] {
    return build_route_table(1, config, {state}, slots_).services[0].groups[Colour::blue];
  };
  EXPECT_TRUE(live().panicking);
  state.groups[Colour::green].fallback = true;
  EXPECT_FALSE(live().panicking);
  EXPECT_FALSE(live().available);
  EXPECT_TRUE(
      build_route_table(1, config, {state}, slots_).services[0].groups[Colour::green].fallback);
  state.groups[Colour::green].targets[0].health = Health::unhealthy;
  EXPECT_TRUE(live().panicking) << "a fallback that is ill is nobody";
}

TEST_F(PanicTest, IgnoresHealthInTheLiveGroupOnly) {
  const RouteTable panicking = table(1);
  const ServiceView& view = panicking.services[0];
  EXPECT_TRUE(view.groups[Colour::blue].panicking);
  EXPECT_TRUE(view.groups[Colour::blue].accepts(view.groups[Colour::blue].targets[2]));
  EXPECT_FALSE(view.groups[Colour::green].panicking);
  EXPECT_FALSE(view.groups[Colour::green].accepts(view.groups[Colour::green].targets[2]));
}

TEST_F(PanicTest, BelievesHealthWhereEnoughAreHealthy) {
  const RouteTable calm = table(2);
  EXPECT_FALSE(calm.services[0].groups[Colour::blue].panicking);
}

TEST_F(PanicTest, AsksALiveGroupOfWhichNobodyIsHealthy) {
  const RouteTable hopeless = table(0);
  EXPECT_TRUE(hopeless.services[0].groups[Colour::blue].available);
  EXPECT_FALSE(hopeless.services[0].groups[Colour::green].available);
}

}  // namespace
}  // namespace teal::proxy
