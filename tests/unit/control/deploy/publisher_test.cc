#include "control/deploy/publisher.h"

#include <gtest/gtest.h>

#include "tests/support/control_fakes.h"

namespace teal::control {
namespace {

std::vector<ServiceState> states(std::uint32_t green_percent) {
  ServiceState state;
  state.split = Split::with(Colour::green, Weight::percent(green_percent));
  return {state};
}

TEST(Publisher, PublishesNothingThatTheWorkersHaveAlready) {
  const ManualClock clock;
  FakePorts ports{clock};
  Publisher publisher{ports};
  publisher.publish(states(10));
  publisher.publish(states(10));
  EXPECT_EQ(publisher.count(), 1U);
}

TEST(Publisher, CallsEveryWaiterInOrderOnceItsPublicationIsApplied) {
  const ManualClock clock;
  FakePorts ports{clock};
  Publisher publisher{ports};
  std::vector<int> called;
  publisher.when_applied([&] { called.push_back(0); });
  EXPECT_EQ(called.size(), 1U) << "nothing to wait for";
  publisher.publish(states(10));
  publisher.when_applied([&] { called.push_back(1); });
  publisher.publish(states(20));
  publisher.when_applied([&] { called.push_back(2); });
  ports.waiting.at(0)(clock.mono());
  EXPECT_EQ(called, (std::vector<int>{0, 1}));
  ports.waiting.at(1)(clock.mono());
  EXPECT_EQ(called, (std::vector<int>{0, 1, 2}));
}

TEST(Publisher, MayBeGoneWhenTheWorkersAnswer) {
  const ManualClock clock;
  FakePorts ports{clock};
  int called = 0;
  {
    Publisher publisher{ports};
    publisher.publish(states(10));
    publisher.when_applied([&] { ++called; });
  }
  ports.pump();
  EXPECT_EQ(called, 0);
}

TEST(Publisher, LetsABurstOfHealthOutAtOnceAndThenTwentyASecond) {
  const ManualClock clock;
  FakePorts ports{clock};
  Publisher publisher(ports);
  Mono now{std::chrono::hours{1}};
  for (int i = 0; i < Publisher::kHealthBurst; ++i) EXPECT_TRUE(publisher.take_health_turn(now));
  EXPECT_FALSE(publisher.take_health_turn(now));
  now += Publisher::kHealthPause;
  EXPECT_TRUE(publisher.take_health_turn(now));
  EXPECT_FALSE(publisher.take_health_turn(now));
}

}  // namespace
}  // namespace teal::control
