#include "control/deploy/publisher.h"

#include <gtest/gtest.h>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

class PublisherTest : public testing::Test {
 protected:
  void add(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      services.push_back(shop_config().services[0]);
      services.back().name = "service-" + std::to_string(i);
    }
    for (const config::Service& service : services) registry.add(service, clock.wall());
  }
  ServiceEntry& service(std::size_t nth) { return *registry.find(services.at(nth).name); }
  void set_split(std::size_t nth, std::uint32_t green_percent) {
    service(nth).edit().split = Split::with(Colour::green, Weight::percent(green_percent));
  }
  void publish(std::size_t nth) { publisher.publish(service(nth)); }
  /// The first target's.
  void change_health(std::size_t nth) {
    Health& health = service(nth).edit().groups[Colour::blue].targets[0].health;
    health = health == Health::healthy ? Health::unhealthy : Health::healthy;
    publisher.publish_health(service(nth), clock.mono());
  }
  /// The names in the last publication.
  std::vector<std::string> last() const {
    std::vector<std::string> names;
    for (const SharedService& each : ports.publications.back().services)
      names.push_back(each->name);
    return names;
  }

  ManualClock clock;
  FakePorts ports{clock};
  std::vector<config::Service> services;  ///< Entries point into it.
  ServiceRegistry registry;
  Publisher publisher{ports, registry};
};

TEST_F(PublisherTest, PublishesNothingThatTheWorkersHaveAlready) {
  add(1);
  set_split(0, 10);
  publish(0);
  publish(0);
  set_split(0, 10);
  publish(0);
  EXPECT_EQ(publisher.count(), 1);
}

TEST_F(PublisherTest, TheFirstPublicationHasEveryService) {
  add(3);
  publish(1);
  EXPECT_EQ(last(), (std::vector<std::string>{"service-0", "service-1", "service-2"}));
}

TEST_F(PublisherTest, TheFirstPublicationIsMadeOfNoServicesToo) {
  publisher.publish_changed(clock.mono());
  EXPECT_EQ(publisher.count(), 1);
}

TEST_F(PublisherTest, OneSplitOfAThousandMakesOneSnapshotThatSharesItsTargets) {
  add(1000);
  publisher.publish_changed(clock.mono());
  const SharedService before = service(500).published;
  set_split(500, 10);
  publish(500);
  EXPECT_EQ(last(), std::vector<std::string>{"service-500"});
  const SharedService& now = ports.publications.back().services.front();
  EXPECT_NE(now, before);
  for (const Colour colour : kColours)
    EXPECT_EQ(now->groups[colour].targets, before->groups[colour].targets);
}

TEST_F(PublisherTest, CarriesOnlyTheServiceThatItIsFor) {
  add(3);
  publisher.publish_changed(clock.mono());
  set_split(0, 10);
  set_split(2, 10);
  publish(2);
  EXPECT_EQ(last(), std::vector<std::string>{"service-2"});
  publisher.publish_changed(clock.mono());
  EXPECT_EQ(last(), std::vector<std::string>{"service-0"});
}

TEST_F(PublisherTest, IsMadeForWhatGoesWithTheServicesThoughNoneHasChanged) {
  add(1);
  publish(0);
  publisher.renew();
  publisher.publish_changed(clock.mono());
  EXPECT_EQ(publisher.count(), 2);
  EXPECT_TRUE(last().empty());
  publisher.publish_changed(clock.mono());
  EXPECT_EQ(publisher.count(), 2);
}

TEST_F(PublisherTest, CallsEveryWaiterInOrderOnceItsPublicationIsApplied) {
  add(1);
  std::vector<int> called;
  publisher.when_applied([&] { called.push_back(0); });
  EXPECT_EQ(called.size(), 1U) << "nothing to wait for";
  publish(0);
  publisher.when_applied([&] { called.push_back(1); });
  set_split(0, 20);
  publish(0);
  publisher.when_applied([&] { called.push_back(2); });
  ports.waiting.at(0)(clock.mono());
  EXPECT_EQ(called, (std::vector<int>{0, 1}));
  ports.waiting.at(1)(clock.mono());
  EXPECT_EQ(called, (std::vector<int>{0, 1, 2}));
}

TEST_F(PublisherTest, MayBeGoneWhenTheWorkersAnswer) {
  add(1);
  int called = 0;
  {
    Publisher brief{ports, registry};
    brief.publish(service(0));
    brief.when_applied([&] { ++called; });
  }
  ports.pump();
  EXPECT_EQ(called, 0);
}

TEST_F(PublisherTest, LetsABurstOfHealthOutAtOnceAndThenTwentyASecond) {
  add(1);
  publish(0);
  for (int i = 0; i < 2 * HealthTurns::kBurst; ++i) change_health(0);
  EXPECT_EQ(publisher.count(), 1 + HealthTurns::kBurst);
  clock.advance(HealthTurns::kPause);
  change_health(0);
  change_health(0);
  EXPECT_EQ(publisher.count(), 2 + HealthTurns::kBurst);
}

TEST_F(PublisherTest, AFloodOfOneServicesHealthDoesNotDelayAnothers) {
  add(2);
  publish(0);
  for (int i = 0; i < 2 * HealthTurns::kBurst + 1; ++i) change_health(0);
  change_health(1);
  EXPECT_EQ(last(), std::vector<std::string>{"service-1"});
}

TEST_F(PublisherTest, HealthWhoseTurnHasNotComeGoesWithTheNextTickAtTheExpenseOfLaterOnes) {
  add(1);
  publish(0);
  for (int i = 0; i < HealthTurns::kBurst + 1; ++i) change_health(0);
  const std::uint64_t before = publisher.count();
  publisher.publish_changed(clock.mono());
  EXPECT_EQ(publisher.count(), before + 1);
  clock.advance(HealthTurns::kPause);
  change_health(0);
  EXPECT_EQ(publisher.count(), before + 1) << "that turn was used up";
  clock.advance(HealthTurns::kPause);
  publisher.publish_health(service(0), clock.mono());
  EXPECT_EQ(publisher.count(), before + 2);
}

}  // namespace
}  // namespace teal::control
