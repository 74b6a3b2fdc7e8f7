#include "control/registry/service_registry.h"

#include <gmock/gmock.h>

#include <deque>
#include <type_traits>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ServiceRegistryTest : public testing::Test {
 protected:
  ServiceRegistryTest() {
    for (const char* name : {"shop", "cart", "mail"}) {
      services.push_back(shop_config().services[0]);
      services.back().name = name;
    }
    for (const config::Service& service : services) registry.add(service, clock.wall());
    for (const ServiceEntry& entry : registry.entries()) ids.push_back(entry.id());
    forget();
  }
  /// What was to be done so far.
  void forget() {
    registry.take_changed();
    registry.take_unsaved();
    registry.take_visits(now());
  }
  Mono now() const { return clock.mono(); }
  std::vector<std::string> changed() { return names(registry.take_changed()); }
  std::vector<std::string> unsaved() { return names(registry.take_unsaved()); }
  std::vector<ServiceId> visits() { return registry.take_visits(now()); }
  static std::vector<std::string> names(const std::vector<ServiceEntry*>& entries) {
    std::vector<std::string> names;
    for (const ServiceEntry* entry : entries) names.push_back(entry->state().name);
    return names;
  }
  ServiceEntry& cart() { return *registry.find("cart"); }
  TargetId target(std::size_t nth) {
    return cart().state().groups[Colour::blue].targets.at(nth).id;
  }

  ManualClock clock;
  std::deque<config::Service> services;  ///< Entries point into it.
  ServiceRegistry registry;
  std::vector<ServiceId> ids;
};

TEST_F(ServiceRegistryTest, GivesIdsInTheOrderOfAdding) {
  EXPECT_THAT(ids, ElementsAre(0, 1, 2));
  EXPECT_EQ(registry.at(1), registry.find("cart"));
  EXPECT_EQ(registry.at(3), nullptr);
  EXPECT_EQ(registry.find("search"), nullptr);
}

TEST_F(ServiceRegistryTest, ANameThatComesBackHasTheSameId) {
  ASSERT_TRUE(registry.remove("cart"));
  EXPECT_FALSE(registry.remove("cart"));
  EXPECT_EQ(registry.at(1), nullptr);
  services.push_back(services[1]);
  services.back().name = "search";
  EXPECT_EQ(registry.add(services.back(), clock.wall()).id(), 3) << "nobody else gets its id";
  EXPECT_EQ(registry.add(services[1], clock.wall()).id(), 1);
  EXPECT_EQ(registry.size(), 4);
}

TEST_F(ServiceRegistryTest, NothingIsToBeDoneAboutAServiceThatIsGone) {
  const TargetId gone = target(0);
  cart().edit().live = Colour::green;
  cart().touch();
  registry.settle(cart(), now());
  registry.remove("cart");
  EXPECT_THAT(changed(), IsEmpty());
  EXPECT_THAT(unsaved(), IsEmpty());
  EXPECT_THAT(visits(), IsEmpty());
  EXPECT_EQ(registry.find_target(gone), std::nullopt);
}

TEST_F(ServiceRegistryTest, AServicesAddressOutlivesTheComingAndGoingOfOthers) {
  const ServiceEntry* const before = registry.find("mail");
  registry.remove("shop");
  for (int i = 0; i < 100; ++i) {
    services.push_back(services[0]);
    services.back().name = "more-" + std::to_string(i);
    registry.add(services.back(), clock.wall());
  }
  EXPECT_EQ(registry.find("mail"), before);
}

TEST_F(ServiceRegistryTest, NobodyChangesAStateWithoutItsBeingNoted) {
  static_assert(std::is_const_v<std::remove_reference_t<decltype(cart().state())>>);
  EXPECT_THAT(changed(), IsEmpty());
  cart().edit().live = Colour::green;
  EXPECT_THAT(changed(), ElementsAre("cart"));
  EXPECT_THAT(changed(), IsEmpty());
}

TEST_F(ServiceRegistryTest, WhatTheStoreMustKnowIsNotedOnceAndInOrder) {
  registry.find("mail")->touch();
  cart().touch();
  cart().note_unsaved();
  EXPECT_EQ(cart().version, 2);
  EXPECT_THAT(unsaved(), ElementsAre("cart", "mail"));
  EXPECT_THAT(unsaved(), IsEmpty());
}

TEST_F(ServiceRegistryTest, AServiceThatComesFromTheStoreNeedNotBeWritten) {
  SavedService saved = cart().saved(now());
  saved.kept = Kept{Colour::green, Millis{1000}};
  registry.remove("cart");
  registry.add(services[1], saved, clock.wall(), now());
  EXPECT_THAT(unsaved(), IsEmpty());
  saved.kept_until = clock.wall();
  registry.remove("cart");
  registry.add(services[1], saved, clock.wall(), now());
  EXPECT_THAT(unsaved(), ElementsAre("cart"));
}

TEST_F(ServiceRegistryTest, FindsATargetWhereverOthersHaveLeft) {
  registry.put(cart(), Colour::blue, target_address(9), clock.wall());
  const TargetId last = target(2);
  registry.drain(cart(), Colour::blue, target_address(1));
  ASSERT_TRUE(registry.remove_drained(cart(), Colour::blue, target(0)));
  const std::optional<FoundTarget> found = registry.find_target(last);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->entry, &cart());
  EXPECT_EQ(found->colour, Colour::blue);
  EXPECT_EQ(found->target().address, target_address(9));
}

TEST_F(ServiceRegistryTest, ATargetThatIsReplacedIsFoundNoMore) {
  const TargetId before = target(0);
  registry.install(cart(), Colour::blue, "v2", {target_address(1)}, clock.wall());
  EXPECT_EQ(registry.find_target(before), std::nullopt);
  ASSERT_TRUE(registry.find_target(target(0)));
  EXPECT_EQ(registry.find_target(target(0))->target().address, target_address(1));
}

TEST_F(ServiceRegistryTest, ATargetIsChangedAsItsServiceIs) {
  registry.find_target(target(0))->edit().ejected = true;
  EXPECT_TRUE(cart().state().groups[Colour::blue].targets[0].ejected);
  EXPECT_THAT(changed(), ElementsAre("cart"));
}

TEST_F(ServiceRegistryTest, WhoeverMayHaveChangedAServiceHasTheNextTickLookAtIt) {
  EXPECT_THAT(visits(), IsEmpty());
  registry.find("mail");
  EXPECT_THAT(visits(), ElementsAre(2));
  std::as_const(registry).find("mail");
  registry.at(0);
  const std::vector<ServiceId> all{0, 1, 2};
  for (ServiceEntry& entry : registry.visited(all)) entry.panicking = false;
  EXPECT_THAT(visits(), IsEmpty()) << "looking changes nothing";
}

}  // namespace
}  // namespace teal::control
