#include "app/system/watchdog.h"

#include <gtest/gtest.h>

namespace teal::app {
namespace {

class WatchdogTest : public ::testing::Test {
 protected:
  static constexpr Millis kTimeout{10'000};
  static constexpr Millis kTick{100};

  /// So long of ticks, in which workers answer at once or not at all; how often life was told.
  int live(Millis time, bool workers_answer) {
    int told = 0;
    for (const Mono end = now_ + time; now_ < end; now_ += kTick) {
      const Watchdog::Turn turn = watchdog_.tick(now_);
      if (turn.ask) ++asked_;
      if (turn.must_report) {
        ++told;
        last_told_ = now_;
      }
      if (asked_ > answered_ && workers_answer) {
        watchdog_.answered(now_);
        answered_ = asked_;
      }
    }
    return told;
  }

  Watchdog watchdog_{kTimeout};
  Mono now_{std::chrono::hours{1}};
  Mono last_told_{};
  int asked_ = 0;
  int answered_ = 0;
};

TEST_F(WatchdogTest, IsToldOfLifeSeveralTimesInEachTimeout) {
  EXPECT_GE(live(Millis{60'000}, true), 6 * 3);
  EXPECT_LE(asked_, 6 * 5) << "workers have better things to do";
}

TEST_F(WatchdogTest, IsToldNothingOnceAWorkerDoesNotAnswer) {
  live(Millis{60'000}, true);
  const Mono hung = now_;
  live(Millis{60'000}, false);
  EXPECT_LE(last_told_ - hung, kTimeout / 2);
  EXPECT_EQ(asked_, answered_ + 1) << "what hangs is not asked again and again";
}

TEST_F(WatchdogTest, IsToldAgainWhenTheWorkerGoesOn) {
  live(Millis{60'000}, true);
  live(Millis{8000}, false);
  EXPECT_GE(live(Millis{10'000}, true), 3);
}

TEST_F(WatchdogTest, AWorkerThatNeverAnsweredIsNoSignOfLifeForLong) {
  live(Millis{60'000}, false);
  EXPECT_LE(last_told_ - Mono{std::chrono::hours{1}}, kTimeout / 2);
}

TEST(NoWatchdog, AsksAndTellsNobody) {
  Watchdog none{std::nullopt};
  for (int i = 0; i < 100; ++i) {
    const Watchdog::Turn turn = none.tick(Mono{Millis{i * 100}});
    EXPECT_FALSE(turn.ask || turn.must_report);
  }
}

}  // namespace
}  // namespace teal::app
