#include "control/publisher.h"

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
  FakePorts ports;
  Publisher publisher{ports};
  publisher.publish(states(10), Mono{});
  publisher.publish(states(10), Mono{});
  EXPECT_EQ(publisher.count(), 1U);
}

TEST(Publisher, CallsEveryWaiterInOrderOnceItsPublicationIsApplied) {
  FakePorts ports;
  Publisher publisher{ports};
  std::vector<int> called;
  publisher.when_applied([&] { called.push_back(0); });
  EXPECT_EQ(called.size(), 1U) << "nothing to wait for";
  publisher.publish(states(10), Mono{});
  publisher.when_applied([&] { called.push_back(1); });
  publisher.publish(states(20), Mono{});
  publisher.when_applied([&] { called.push_back(2); });
  ports.waiting.at(0)();
  EXPECT_EQ(called, (std::vector<int>{0, 1}));
  ports.waiting.at(1)();
  EXPECT_EQ(called, (std::vector<int>{0, 1, 2}));
}

TEST(Publisher, MayBeGoneWhenTheWorkersAnswer) {
  FakePorts ports;
  int called = 0;
  {
    Publisher publisher{ports};
    publisher.publish(states(10), Mono{});
    publisher.when_applied([&] { ++called; });
  }
  ports.pump();
  EXPECT_EQ(called, 0);
}

}  // namespace
}  // namespace teal::control
