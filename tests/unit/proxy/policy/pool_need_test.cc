#include "proxy/policy/pool_need.h"

#include <algorithm>
#include <deque>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace teal::proxy {
namespace {

/// Periods until `open` connections of which none is in use any more are at most `enough`.
int periods_until(PoolNeed& need, std::uint32_t open, std::uint32_t enough) {
  int periods = 0;
  for (; open > enough && periods < 1000; ++periods) open -= need.end_period(0, open, false);
  return periods;
}

TEST(PoolNeed, GrowsAtOnce) {
  PoolNeed need;
  EXPECT_EQ(need.needed(), 0U);
  need.saw(256);
  EXPECT_EQ(need.needed(), 256U);
}

TEST(PoolNeed, KeepsWhatABurstNeededThroughALullOfSeconds) {
  PoolNeed need;
  for (int burst = 0; burst < 10; ++burst) {
    need.saw(256);
    EXPECT_EQ(need.end_period(0, 256, false), 0U);
    for (std::size_t lull = 1; lull < PoolNeed::kPeriods; ++lull)
      EXPECT_EQ(need.end_period(0, 256, false), 0U) << burst << ' ' << lull;
  }
}

TEST(PoolNeed, LetsGoOfHalfOfWhatIsNotNeededEachPeriodOnceTheBurstIsForgotten) {
  PoolNeed need;
  need.saw(256);
  for (std::size_t period = 0; period < PoolNeed::kPeriods; ++period)
    ASSERT_EQ(need.end_period(0, 256, false), 0U) << period;
  EXPECT_EQ(need.end_period(0, 256, false), 128U);
  EXPECT_EQ(need.end_period(0, 128, false), 64U);
  EXPECT_EQ(need.end_period(0, 64, false), 32U);
}

TEST(PoolNeed, IsOverInSecondsHoweverLargeTheBurstWas) {
  PoolNeed need;
  need.saw(10'000);
  EXPECT_LE(periods_until(need, 10'000, 0), static_cast<int>(PoolNeed::kPeriods) + 15);
}

TEST(PoolNeed, NeverAsksForMoreThanThereAreIdle) {
  PoolNeed need;
  EXPECT_EQ(need.end_period(100, 0, false), 0U);
  EXPECT_EQ(need.end_period(100, 1, true), 1U);
}

TEST(PoolNeed, KeepsNothingButWhatIsInUseWhereTheProcessIsShort) {
  PoolNeed need;
  need.saw(100);
  EXPECT_EQ(need.end_period(40, 60, true), 30U);
  EXPECT_EQ(need.end_period(40, 30, true), 15U);
}

/// Against the plain definition: the most in use at once in the last periods, the present included.
TEST(PoolNeed, IsTheMostOfItsWindowWhateverIsUsed) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    PoolNeed need;
    std::deque<std::uint32_t> window{0};
    std::uint32_t in_use = 0;
    std::uint32_t idle = 0;
    for (int step = 0; step < 500; ++step) {
      if (rng.below(4) > 0) {
        const std::uint32_t before = in_use;
        in_use = rng.below(1 + rng.below(200));
        // Requests take idle connections first, and leave them idle.
        idle = in_use > before ? idle - std::min(idle, in_use - before) : idle + before - in_use;
        need.saw(in_use);
        window.back() = std::max(window.back(), in_use);
      } else {
        const std::uint32_t most = *std::ranges::max_element(window);
        ASSERT_EQ(need.needed(), most) << seed << ' ' << step;
        const std::uint32_t closed = need.end_period(in_use, idle, false);
        ASSERT_LE(closed, idle);
        ASSERT_GE(in_use + idle - closed, std::min(most, in_use + idle)) << seed << ' ' << step;
        ASSERT_EQ(closed > 0, idle > 0 && in_use + idle > most) << seed << ' ' << step;
        idle -= closed;
        window.push_back(in_use);
        if (window.size() > PoolNeed::kPeriods) window.pop_front();
      }
    }
  }
}

}  // namespace
}  // namespace teal::proxy
