// How long the old group is kept warm: never shorter than it is used, and by no calendar.
#include <gtest/gtest.h>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;

class KeepOld : public ControllerTestBase {
 protected:
  bool is_warm() {
    const auto& targets = ports->last().groups[Colour::blue].targets;
    return !targets.empty() && !targets[0].draining;
  }
  void split(std::uint32_t percent_of_blue) {
    controller->set_split("shop", Split::with(Colour::blue, Weight::percent(percent_of_blue)),
                          std::nullopt, [](auto) {});
    ports->pump();
  }
};

TEST_F(KeepOld, NeverEmptiesAGroupThatHasAShareOfTheTraffic) {
  succeed();
  advance(4min);
  split(25);
  for (int i = 0; i < 100; ++i) advance(1min);
  EXPECT_TRUE(is_warm());
  EXPECT_EQ(ports->last().split.of(Colour::blue), Weight::percent(25));
  EXPECT_EQ(shop().old_kept_for, 6min) << "its time stands still";
  EXPECT_FALSE(shop().old_kept_until);
  split(0);
  EXPECT_EQ(shop().old_kept_until, clock.wall() + 6min);
  advance(6min - 1ms);
  EXPECT_TRUE(is_warm());
  advance(1ms);
  EXPECT_FALSE(is_warm());
}

TEST_F(KeepOld, DoesNotMindWhatTheCalendarSays) {
  succeed();
  clock.jump(1h);
  advance(100ms);
  EXPECT_TRUE(is_warm());
  clock.jump(-3h);
  advance(10min - 200ms);
  EXPECT_TRUE(is_warm());
  advance(100ms);
  EXPECT_FALSE(is_warm());
}

TEST_F(KeepOld, StandsStillWhileTealIsDown) {
  succeed();
  advance(4min);
  controller->close();
  clock.advance(8h);
  start();
  EXPECT_EQ(shop().old_kept_for, 6min);
  EXPECT_TRUE(is_warm());
}

TEST_F(KeepOld, IsLongerAtMostByAMinuteAfterACrash) {
  succeed();
  for (int i = 0; i < 9; ++i) advance(30s);
  start();
  EXPECT_GE(shop().old_kept_for, 5min + 30s);
  EXPECT_LE(shop().old_kept_for, 6min + 30s);
}

}  // namespace
}  // namespace teal::control
