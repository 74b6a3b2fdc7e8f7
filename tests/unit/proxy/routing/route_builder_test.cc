// What a publication makes: views that say what control and the file do, and no more of them than
// have changed.
#include "proxy/routing/route_builder.h"

#include <array>

#include <gtest/gtest.h>

#include "tests/support/routes_room.h"

namespace teal::proxy {
namespace {

config::Service service(std::string name, std::vector<config::Match> match = {}) {
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

TargetState numbered(TargetId id) {
  return target(id, "10.0." + std::to_string(id / 250) + "." + std::to_string(id % 250) + ":80");
}

class RouteBuilderTest : public ::testing::Test {
 protected:
  RouteBuilderTest() { config_.listeners.emplace_back().name = "public"; }

  config::Service& add(config::Service spec) {
    config_.services.push_back(std::move(spec));
    states_.emplace_back();
    return config_.services.back();
  }
  /// So many services with so many targets in each group.
  void add_many(std::size_t services, std::size_t targets) {
    TargetId next = 0;
    for (std::size_t i = 0; i < services; ++i) {
      const std::string name = "shop" + std::to_string(i);
      add(service(name, {{"public", name, "/"}}));
      for (const Colour colour : kColours)
        for (std::size_t t = 0; t < targets; ++t)
          states_[i].groups[colour].targets.push_back(numbered(++next));
    }
  }
  std::shared_ptr<const RouteUpdate> publish() { return room_.publish(config_, states_); }
  /// The first service's view, where it has changed.
  const ServiceView& view() {
    if (const auto update = publish(); !update->services.empty()) view_ = update->services[0];
    return *view_;
  }
  const RouteBuilder::Built& built() const { return room_.builder.built(); }

  config::Config config_;
  std::vector<ServiceState> states_;
  RoutesRoom room_;
  SharedView view_;
};

TEST_F(RouteBuilderTest, SaysWhatControlKnowsOfAService) {
  add(service("shop", {{"public", "", "/"}}));
  ServiceState& state = states_[0];
  state.live = Colour::green;
  state.split = Split::with(Colour::blue, Weight{1250});
  state.groups[Colour::blue] = {"v2", {target(1, "127.0.0.1:1"), target(2, "127.0.0.1:2")}};
  state.groups[Colour::green] = {"v1", {target(3, "127.0.0.1:3", Health::unhealthy)}};
  const auto update = publish();
  EXPECT_EQ(update->version, 1U);
  ASSERT_EQ(update->services.size(), 1U);
  const ServiceView& view = *update->services[0];
  EXPECT_EQ(*view.spec, config_.services[0]);
  EXPECT_EQ(view.live, Colour::green);
  EXPECT_EQ(view.release(), Colour::blue);
  EXPECT_EQ(view.release_weight(), Weight{1250});
  EXPECT_EQ(view.groups[Colour::blue].revision, "v2");
  EXPECT_TRUE(
      std::ranges::equal(view.groups[Colour::blue].targets, state.groups[Colour::blue].targets));
  EXPECT_EQ(view.groups[Colour::green].colour, Colour::green);
  EXPECT_TRUE(view.groups[Colour::blue].available);
  EXPECT_FALSE(view.groups[Colour::green].available);
  EXPECT_TRUE(view.groups[Colour::blue].set->ring.empty());
}

TEST_F(RouteBuilderTest, GivesEveryGroupAndAudienceASlotOfItsOwn) {
  add(service("a"));
  add(service("b"));
  const auto update = publish();
  EXPECT_EQ(room_.slots.size(), 8U);
  for (const SharedView& view : update->services)
    for (const Colour colour : kColours)
      for (const Audience audience : {Audience::split, Audience::preview}) {
        const TrafficKey& key = room_.slots.key(view->groups[colour].slots[audience]);
        EXPECT_EQ(key, (TrafficKey{view->spec->name, colour, "", audience}));
      }
}

TEST_F(RouteBuilderTest, CallsAGroupAvailableOnlyWithATargetThatAcceptsRequests) {
  add(service("a"));
  const auto available = [&](const TargetState& only) {
    states_[0].groups[Colour::blue].targets = {target(1, "127.0.0.1:1", Health::unknown), only};
    return view().groups[Colour::blue].available;
  };
  TargetState healthy = target(2, "127.0.0.1:2");
  EXPECT_TRUE(available(healthy));
  healthy.draining = true;
  EXPECT_FALSE(available(healthy));
  healthy.draining = false;
  healthy.ejected = true;
  EXPECT_FALSE(available(healthy));
}

TEST_F(RouteBuilderTest, BuildsTheRingOverAllTargetsWhateverTheirHealth) {
  add(service("a")).balance = config::Balance::consistent_hash;
  for (TargetId id = 1; id <= 4; ++id)
    states_[0].groups[Colour::blue].targets.push_back(
        target(id, "10.0.0." + std::to_string(id) + ":80",
               id % 2 == 0 ? Health::healthy : Health::unhealthy));
  const HashRing& ring = view().groups[Colour::blue].set->ring;
  std::array<int, 4> keys{};
  for (std::uint64_t key = 0; key < 1000; ++key)
    ++keys.at(ring.pick(mix64(key), std::vector<Candidate>(4)));
  for (const int count : keys) EXPECT_GT(count, 100);
  EXPECT_TRUE(view_->groups[Colour::green].set->ring.empty());
}

// ---- what is shared -----------------------------------------------------------------------------

TEST_F(RouteBuilderTest, MakesOneViewAndNoTargetsForASplitOfOneServiceOfAThousand) {
  add_many(1000, 4);
  publish();
  EXPECT_EQ(built(), (RouteBuilder::Built{1000, 2000, 1}));
  const auto before = room_.builder.built();
  states_[500].split = Split::with(Colour::green, Weight{1000});
  const auto update = publish();
  EXPECT_EQ(update->services.size(), 1U);
  EXPECT_EQ(update->index, nullptr);
  EXPECT_EQ(built(), (RouteBuilder::Built{before.views + 1, before.target_sets, before.indexes}));
}

TEST_F(RouteBuilderTest, MakesOnlyTheGroupAnewWhoseHealthHasChanged) {
  add_many(10, 3);
  publish();
  const auto before = built();
  states_[3].groups[Colour::green].targets[1].health = Health::unhealthy;
  publish();
  EXPECT_EQ(built(),
            (RouteBuilder::Built{before.views + 1, before.target_sets + 1, before.indexes}));
}

TEST_F(RouteBuilderTest, MakesNothingWhereTheFileSaysTheSame) {
  add_many(10, 3);
  publish();
  const auto before = built();
  const auto update = publish();
  EXPECT_TRUE(update->services.empty());
  EXPECT_EQ(built().views, before.views);
}

TEST_F(RouteBuilderTest, MakesTheViewAnewOfAServiceOfWhichTheFileSaysSomethingElse) {
  add_many(10, 3);
  publish();
  const auto before = built();
  config_.services[7].panic_percent = 30;
  const auto update = publish();
  ASSERT_EQ(update->services.size(), 1U);
  EXPECT_EQ(update->services[0]->id, 7U);
  EXPECT_EQ(built().target_sets, before.target_sets);
  EXPECT_NE(update->index, nullptr) << "its routes point into what the file said";
}

TEST_F(RouteBuilderTest, LetsGoOfTheSlotsAndCountsOfAServiceThatIsRemoved) {
  add_many(2, 1);
  config_.services[1].metrics.per_target = true;
  publish();
  EXPECT_TRUE(room_.targets.read_after({}).has_value());
  config_.services.pop_back();
  states_.pop_back();
  const auto update = publish();
  EXPECT_EQ(update->removed, std::vector<ServiceId>{1});
  EXPECT_FALSE(room_.targets.read_after({}).has_value());
  EXPECT_EQ(room_.slots.leaving().size(), 4U);
}

TEST_F(RouteBuilderTest, KeepsTheIdsOfListenersWhateverTheirPlaceInTheFile) {
  config_.listeners.emplace_back().name = "preview";
  add(service("shop", {{"public", "", "/"}, {"preview", "", "/p"}}));
  const auto first = publish();
  EXPECT_EQ(first->index->listener(1).spec->name, "preview");
  const std::shared_ptr<ListenerCounts> counts = first->index->listener(1).counts;
  config_.listeners.erase(config_.listeners.begin());
  config_.services[0].match.erase(config_.services[0].match.begin());
  const auto second = publish();
  EXPECT_EQ(second->index->listener(1).spec->name, "preview");
  EXPECT_EQ(second->index->listener(1).counts, counts);
  EXPECT_NE(second->index->listener(1).routes->match("", "/p", {}), nullptr);
  EXPECT_EQ(second->index->listener(0).spec->name, "public") << "there may be connections of it";
  EXPECT_EQ(second->index->listener(0).routes->match("", "/", {}), nullptr);
}

TEST_F(RouteBuilderTest, KeepsTheBucketsOfARateLimitThatStays) {
  config::Service& shop = add(service("shop", {{"public", "", "/"}}));
  shop.actions.rate_limit.emplace().requests = 1;
  const auto limiter = [&] {
    publish();
    return room_.builder.index().listener(0).routes->match("", "/", {})->limiter;
  };
  const auto first = limiter();
  add(service("cart"));
  EXPECT_EQ(limiter(), first);
  config_.services[0].actions.rate_limit->requests = 2;
  EXPECT_NE(limiter(), first);
}

TEST_F(RouteBuilderTest, GivesRoutesThatInheritALimitTheBucketsOfTheirService) {
  config::Service& shop = add(service("shop", {{"public", "", "/"}}));
  shop.actions.rate_limit.emplace();
  config::Route inherits;
  inherits.name = "a";
  inherits.match = {{"public", "", "/a"}};
  inherits.actions.rate_limit = shop.actions.rate_limit;
  inherits.actions.rate_limit->is_inherited = true;
  shop.routes = {inherits};
  publish();
  const ListenerRoutes& routes = *room_.builder.index().listener(0).routes;
  EXPECT_EQ(routes.match("", "/a", {})->limiter, routes.match("", "/", {})->limiter);
}

TEST_F(RouteBuilderTest, CarriesNewSecretsToStickyServicesOnly) {
  add(service("plain"));
  add(service("sticky")).sticky.emplace();
  publish();
  room_.builder.set_sticky_secrets({});
  const auto update = publish();
  ASSERT_EQ(update->services.size(), 1U);
  EXPECT_EQ(update->services[0]->spec->name, "sticky");
  EXPECT_NE(update->services[0]->sticky, nullptr);
}

// ---- panic --------------------------------------------------------------------------------------

class PanicTest : public RouteBuilderTest {
 protected:
  PanicTest() { add(service("s", {{"public", "", "/"}})).panic_percent = 50; }

  /// Of three targets in blue and in green so many are healthy.
  const ServiceView& view_with(std::size_t healthy) {
    for (const Colour colour : kColours) {
      states_[0].groups[colour].targets.clear();
      for (TargetId id = 1; id <= 3; ++id)
        states_[0].groups[colour].targets.push_back(
            target(id, "127.0.0.1:1" + std::to_string(id),
                   id <= healthy ? Health::healthy : Health::unhealthy));
    }
    return view();
  }
};

TEST_F(PanicTest, DoesNotAskTheSickWhereNobodyIsWellAndAFallbackServes) {
  ServiceState& state = states_[0];
  state.groups[Colour::blue].targets = {target(1, "127.0.0.1:11", Health::unhealthy)};
  state.groups[Colour::green].targets = {target(2, "127.0.0.1:12", Health::healthy)};
  EXPECT_TRUE(view().groups[Colour::blue].panicking);
  state.groups[Colour::green].fallback = true;
  EXPECT_FALSE(view().groups[Colour::blue].panicking);
  EXPECT_FALSE(view().groups[Colour::blue].available);
  EXPECT_TRUE(view().groups[Colour::green].fallback);
  state.groups[Colour::green].targets[0].health = Health::unhealthy;
  EXPECT_TRUE(view().groups[Colour::blue].panicking) << "a fallback that is ill is nobody";
}

TEST_F(PanicTest, IgnoresHealthInTheLiveGroupOnly) {
  const ServiceView& view = view_with(1);
  EXPECT_TRUE(view.groups[Colour::blue].panicking);
  EXPECT_TRUE(view.groups[Colour::blue].accepts(view.groups[Colour::blue].targets[2]));
  EXPECT_FALSE(view.groups[Colour::green].panicking);
  EXPECT_FALSE(view.groups[Colour::green].accepts(view.groups[Colour::green].targets[2]));
}

TEST_F(PanicTest, BelievesHealthWhereEnoughAreHealthy) {
  EXPECT_FALSE(view_with(2).groups[Colour::blue].panicking);
}

TEST_F(PanicTest, AsksALiveGroupOfWhichNobodyIsHealthy) {
  const ServiceView& view = view_with(0);
  EXPECT_TRUE(view.groups[Colour::blue].available);
  EXPECT_FALSE(view.groups[Colour::green].available);
}

}  // namespace
}  // namespace teal::proxy
