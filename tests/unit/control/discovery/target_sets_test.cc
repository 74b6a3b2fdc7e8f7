#include "control/discovery/target_sets.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

using namespace std::chrono_literals;

Address at(int host) {
  return {Address::Kind::ip4, "10.0.0." + std::to_string(host), 80};
}

std::vector<Address> all(std::initializer_list<int> hosts) {
  std::vector<Address> addresses;
  for (const int host : hosts) addresses.push_back(at(host));
  return addresses;
}

config::DiscoverSource name(const std::string& text = "app", const std::string& revision = "v1") {
  config::DiscoverSource source;
  source.name = text;
  source.port = 80;
  source.revision = revision;
  return source;
}

config::DiscoverSource file(const std::string& path = "t.yml") {
  config::DiscoverSource source;
  source.kind = config::DiscoverSource::Kind::file;
  source.path = path;
  source.revision = "v1";
  return source;
}

/// Blue is live and runs v1, green runs nothing. Changes are carried out by hand, as control would.
class TargetSetsTest : public testing::Test {
 protected:
  TargetSetsTest() {
    service.groups[Colour::blue].revision = "v1";
    configure({name()});
  }

  void configure(const std::vector<config::DiscoverSource>& list) { sets.reconfigure(list); }

  void find(const std::string& source, std::initializer_list<int> hosts,
            const std::string& revision = "v1") {
    Finding finding;
    finding.entries.emplace();
    for (const int host : hosts) finding.entries->push_back({revision, at(host)});
    // Twice, with time between: what has gone is believed.
    for (int i = 0; i < 2; ++i) {
      sets.find(source)->take(finding, {}, now, WallTime{});
      now += SourceMemory::kHold;
    }
    sets.settle();
  }

  std::vector<SetChanges> next() { return sets.next_changes(service, retiring, now); }

  /// What is to be done is done: whoever comes is healthy, whoever drains has gone.
  void carry_out() {
    for (const SetChanges& changes : next()) {
      GroupState& group = service.groups[changes.colour];
      for (const Address& address : changes.add) put(group, address, Health::healthy);
      std::erase_if(group.targets, [&](const TargetState& target) {
        return std::ranges::find(changes.drain, target.address) != changes.drain.end();
      });
      sets.done(service, changes, now);
    }
    now += TargetSets::kPause;
  }

  static void put(GroupState& group, const Address& address, Health health) {
    TargetState target;
    target.address = address;
    target.health = health;
    group.targets.push_back(target);
  }

  std::vector<Address> targets(Colour colour) {
    std::vector<Address> addresses;
    for (const TargetState& target : service.groups[colour].targets)
      addresses.push_back(target.address);
    std::ranges::sort(addresses);
    return addresses;
  }

  Mono now{1h};
  ServiceState service;
  PerColour<bool> retiring;
  TargetSets sets;
};

TEST_F(TargetSetsTest, TheGroupThatRunsARevisionHasItsSet) {
  find("dns:app:80", {1, 2});
  ASSERT_EQ(next().size(), 1U);
  EXPECT_EQ(next()[0].colour, Colour::blue);
  EXPECT_EQ(next()[0].add, all({1, 2}));
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({1, 2}));
  EXPECT_TRUE(next().empty());
  find("dns:app:80", {2, 3});
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({2, 3}));
}

TEST_F(TargetSetsTest, WhateverItsColour) {
  service.groups[Colour::green].revision = "v1";
  service.groups[Colour::blue].revision = "v0";
  service.live = Colour::green;
  find("dns:app:80", {1});
  carry_out();
  EXPECT_EQ(targets(Colour::green), all({1}));
  EXPECT_EQ(targets(Colour::blue), all({}));
}

TEST_F(TargetSetsTest, WhereBothRunTheSameItIsTheLiveGroups) {
  service.groups[Colour::green].revision = "v1";
  find("dns:app:80", {1});
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({1}));
  EXPECT_EQ(targets(Colour::green), all({}));
}

TEST_F(TargetSetsTest, WhatNobodyRunsWaits) {
  configure({name("app"), name("next", "v2")});
  find("dns:next:80", {7, 8}, "v2");
  EXPECT_TRUE(next().empty());
  const std::map<std::string, std::vector<Address>> expected{{"v2", all({7, 8})}};
  EXPECT_EQ(sets.waiting(service), expected);
  EXPECT_EQ(sets.of("v2"), all({7, 8}));
  service.groups[Colour::green].revision = "v2";
  EXPECT_TRUE(sets.waiting(service).empty());
  carry_out();
  EXPECT_EQ(targets(Colour::green), all({7, 8}));
}

TEST_F(TargetSetsTest, TakesAwayOnlyWhatItHasBrought) {
  put(service.groups[Colour::blue], at(1), Health::healthy);
  find("dns:app:80", {1, 2});
  carry_out();
  find("dns:app:80", {3});
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({1, 3}));
  EXPECT_FALSE(sets.is_ours("v1", at(1)));
  EXPECT_TRUE(sets.is_ours("v1", at(3)));
}

TEST_F(TargetSetsTest, WhatAPersonNamesStays) {
  find("dns:app:80", {1, 2});
  carry_out();
  sets.named("v1", at(1));
  find("dns:app:80", {2});
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({1, 2}));
}

TEST_F(TargetSetsTest, WhatTwoSourcesNameGoesWhenBothLetGo) {
  configure({name(), file()});
  find("dns:app:80", {1, 2});
  find("file:t.yml", {2, 3});
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({1, 2, 3}));
  EXPECT_EQ(sets.kinds("v1", at(2)), (std::vector<std::string_view>{"dns", "file"}));
  find("dns:app:80", {1});
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({1, 2, 3}));
  find("file:t.yml", {3});
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({1, 3}));
}

TEST_F(TargetSetsTest, WhatAPersonDrainsStaysAwayUntilItHasBeenDroppedOnce) {
  find("dns:app:80", {1, 2});
  carry_out();
  sets.drained(at(1));
  std::erase_if(service.groups[Colour::blue].targets,
                [](const TargetState& target) { return target.address == at(1); });
  EXPECT_TRUE(next().empty());
  EXPECT_EQ(sets.of("v1"), all({2}));
  find("dns:app:80", {2});
  find("dns:app:80", {1, 2});
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({1, 2}));
}

TEST_F(TargetSetsTest, WhatAPersonPutsBackIsTheirs) {
  find("dns:app:80", {1, 2});
  carry_out();
  sets.drained(at(1));
  sets.named("v1", at(1));
  find("dns:app:80", {2});
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({1, 2}));
}

TEST_F(TargetSetsTest, WhoComesBackWhileItDrainsIsTakenBack) {
  find("dns:app:80", {1, 2});
  carry_out();
  service.groups[Colour::blue].targets[0].draining = true;
  ASSERT_EQ(next().size(), 1U);
  EXPECT_EQ(next()[0].add, all({1}));
}

TEST_F(TargetSetsTest, TheLastWhoServesStays) {
  find("dns:app:80", {1, 2});
  carry_out();
  service.groups[Colour::blue].targets[0].health = Health::unhealthy;
  find("dns:app:80", {3});
  for (const SetChanges& changes : next()) {
    EXPECT_EQ(changes.drain, all({1}));
    EXPECT_EQ(changes.kept, 1U);
  }
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({2, 3}));
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({3}));
}

TEST_F(TargetSetsTest, NobodyServesIsNoReasonToLetEverybodyGo) {
  find("dns:app:80", {1, 2});
  carry_out();
  for (TargetState& target : service.groups[Colour::blue].targets)
    target.health = Health::unhealthy;
  configure({});
  carry_out();
  EXPECT_EQ(targets(Colour::blue).size(), 1U);
  carry_out();
  EXPECT_EQ(targets(Colour::blue).size(), 1U);
}

TEST_F(TargetSetsTest, ASourceThatMayBeEmptyMayTakeTheLast) {
  config::DiscoverSource source = name();
  source.allow_empty = true;
  configure({source});
  find("dns:app:80", {1, 2});
  carry_out();
  find("dns:app:80", {});
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({}));
}

TEST_F(TargetSetsTest, NobodyGoesBeforeEverySourceHasSaidSomething) {
  find("dns:app:80", {1, 2});
  carry_out();
  configure({name("other")});
  EXPECT_TRUE(next().empty());
  find("dns:other:80", {2, 3});
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({2, 3}));
}

TEST_F(TargetSetsTest, OneChangeASecond) {
  find("dns:app:80", {1});
  now = Mono{10h};
  carry_out();
  now = Mono{10h};
  find("dns:app:80", {1, 2});
  now = Mono{10h} + 999ms;
  EXPECT_TRUE(next().empty());
  EXPECT_EQ(sets.due(service, retiring, now), Mono{10h} + 1s);
  now += 1ms;
  EXPECT_EQ(next().size(), 1U);
  carry_out();
  EXPECT_EQ(sets.due(service, retiring, now), Mono::max());
}

TEST_F(TargetSetsTest, AnAddressOfTheOtherGroupIsLeftOut) {
  service.groups[Colour::green].revision = "v2";
  put(service.groups[Colour::green], at(1), Health::healthy);
  find("dns:app:80", {1, 2});
  ASSERT_EQ(next().size(), 1U);
  EXPECT_EQ(next()[0].add, all({2}));
  EXPECT_EQ(next()[0].left_out, 1U);
  service.groups[Colour::green].targets.clear();
  EXPECT_EQ(next()[0].add, all({1, 2}));
}

TEST_F(TargetSetsTest, AGroupHasAThousandAtMost) {
  for (int i = 0; i < 999; ++i)
    put(service.groups[Colour::blue], {Address::Kind::ip4, "10.1.0.1", std::uint16_t(i + 1)},
        Health::healthy);
  find("dns:app:80", {1, 2, 3});
  EXPECT_EQ(next()[0].add, all({1}));
  EXPECT_EQ(next()[0].left_out, 2U);
}

TEST_F(TargetSetsTest, AGroupThatRetiresIsLeftAlone) {
  retiring[Colour::blue] = true;
  find("dns:app:80", {1});
  EXPECT_TRUE(next().empty());
}

TEST_F(TargetSetsTest, TheSameSourcesKeepWhatTheyKnow) {
  configure({name("app"), name("gone")});
  find("dns:app:80", {1});
  find("dns:gone:80", {2});
  carry_out();
  config::DiscoverSource same = name("app");
  same.allow_empty = true;
  configure({file(), same});
  EXPECT_EQ(sets.of("v1"), all({1}));
  EXPECT_TRUE(sets.find("dns:app:80")->has_answered());
  EXPECT_TRUE(sets.find("dns:app:80")->spec().allow_empty);
  EXPECT_EQ(sets.find("dns:gone:80"), nullptr);
  find("file:t.yml", {3});
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({1, 3}));
}

TEST_F(TargetSetsTest, ADeploymentTakesASetOver) {
  configure({name("app"), name("next", "v2")});
  find("dns:app:80", {1});
  find("dns:next:80", {7, 8}, "v2");
  sets.take_over("v2", sets.of("v2"));
  service.groups[Colour::green].revision = "v2";
  for (const int host : {7, 8}) put(service.groups[Colour::green], at(host), Health::healthy);
  carry_out();
  find("dns:next:80", {8, 9}, "v2");
  carry_out();
  EXPECT_EQ(targets(Colour::green), all({8, 9}));
}

TEST_F(TargetSetsTest, WhatARollbackPutsBackGoesAgain) {
  find("dns:app:80", {1, 2});
  carry_out();
  find("dns:app:80", {2});
  carry_out();
  put(service.groups[Colour::blue], at(1), Health::unhealthy);
  carry_out();
  EXPECT_EQ(targets(Colour::blue), all({2}));
}

TEST_F(TargetSetsTest, SurviveARestart) {
  find("dns:app:80", {1, 2, 3});
  carry_out();
  sets.drained(at(1));
  const SavedSets saved = sets.saved();
  sets = TargetSets{};
  configure({name()});
  sets.restore(saved);
  EXPECT_EQ(sets.of("v1"), all({2, 3}));
  EXPECT_TRUE(sets.is_ours("v1", at(2)));
  EXPECT_EQ(sets.saved(), saved);
}

TEST_F(TargetSetsTest, AfterARestartWithoutTheSourceItsTargetsGoButForTheLast) {
  find("dns:app:80", {1, 2});
  carry_out();
  const SavedSets saved = sets.saved();
  sets = TargetSets{};
  sets.restore(saved);
  EXPECT_FALSE(sets.is_idle());
  carry_out();
  EXPECT_EQ(targets(Colour::blue).size(), 1U);
}

TEST_F(TargetSetsTest, OfRevisionsThatNobodyRunsNotAllIsRemembered) {
  for (int revision = 0; revision < 5; ++revision) {
    std::vector<Address> many;
    for (int i = 1; i <= 1000; ++i)
      many.push_back({Address::Kind::ip4, "10.1.0.1", std::uint16_t(i)});
    sets.take_over("r" + std::to_string(revision), many);
  }
  find("dns:app:80", {1});
  carry_out();
  find("dns:app:80", {1, 2});
  carry_out();
  EXPECT_EQ(sets.saved().ours, (std::vector<FoundTargetPlace>{{"v1", at(1)}, {"v1", at(2)}}));
}

}  // namespace
}  // namespace teal::control
