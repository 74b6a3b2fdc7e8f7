#include "health/probe/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace teal::health {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kSeed = 7;

TEST(ProbeSchedule, ProbesALoneNewTargetAtOnce) {
  EXPECT_EQ(first_probe_delay(config::HealthCheck{}, 0, 1), Micros{0});
}

TEST(ProbeSchedule, SpreadsManyNewTargetsOverLessThanATimeout) {
  const config::HealthCheck check;
  for (const std::size_t count : {2U, 10U, 100U, 10'000U}) {
    Micros last{-1};
    for (std::size_t i = 0; i < count; ++i) {
      const Micros delay = first_probe_delay(check, i, count);
      ASSERT_GT(delay, last);
      ASSERT_LE(delay, std::min(check.timeout, check.fast_interval) / 2);
      last = delay;
    }
  }
}

TEST(ProbeSchedule, StaysWithinTheJitterAndUsesAllOfIt) {
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  Rng rng(kSeed);
  config::HealthCheck check;
  check.interval = seconds{2};
  check.jitter_percent = 10;
  Micros least = hours{1};
  Micros most{0};
  Micros sum{0};
  constexpr int kDraws = 10'000;
  for (int i = 0; i < kDraws; ++i) {
    const Micros delay = next_probe_delay(check, false, rng);
    least = std::min(least, delay);
    most = std::max(most, delay);
    sum += delay;
  }
  EXPECT_GE(least, milliseconds{1800});
  EXPECT_LT(least, milliseconds{1810});
  EXPECT_LE(most, milliseconds{2200});
  EXPECT_GT(most, milliseconds{2190});
  EXPECT_NEAR(static_cast<double>((sum / kDraws).count()), 2'000'000, 10'000);
}

TEST(ProbeSchedule, IsExactWithoutJitter) {
  Rng rng(kSeed);
  config::HealthCheck check;
  check.jitter_percent = 0;
  EXPECT_EQ(next_probe_delay(check, false, rng), check.interval);
}

TEST(ProbeSchedule, IsFasterInTransitionButNeverSlower) {
  Rng rng(kSeed);
  config::HealthCheck check;
  check.jitter_percent = 0;
  EXPECT_EQ(next_probe_delay(check, true, rng), check.fast_interval);
  check.interval = milliseconds{100};
  EXPECT_EQ(next_probe_delay(check, true, rng), milliseconds{100});
}

TEST(ProbeSchedule, NeverBecomesABusyLoop) {
  Rng rng(kSeed);
  config::HealthCheck check;
  check.interval = check.fast_interval = Millis{0};
  EXPECT_EQ(next_probe_delay(check, true, rng), milliseconds{1});
  check.interval = seconds{1};
  check.jitter_percent = 4'000'000'000U;
  for (int i = 0; i < 1000; ++i) EXPECT_GE(next_probe_delay(check, false, rng), milliseconds{1});
}

TEST(ProbeSchedule, SpreadsSecondProbesOverAllOfTheIntervalWhereThereAreMany) {
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  Rng rng(kSeed);
  std::vector<int> tenths(10);
  for (int i = 0; i < 10'000; ++i) {
    const Micros delay = spread_delay(seconds{2}, 40'000, rng);
    ASSERT_GE(delay, Micros{0});
    ASSERT_LE(delay, seconds{2});
    ++tenths[static_cast<std::size_t>(std::min<Micros::rep>(delay / milliseconds{200}, 9))];
  }
  for (const int tenth : tenths) EXPECT_NEAR(tenth, 1000, 150);
}

TEST(ProbeSchedule, HasNothingToSpreadOfOneTargetAndLittleOfAFew) {
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  Rng rng(kSeed);
  EXPECT_EQ(spread_delay(seconds{2}, 1, rng), seconds{2});
  for (int i = 0; i < 100; ++i) EXPECT_GE(spread_delay(seconds{2}, 11, rng), milliseconds{1900});
}

}  // namespace
}  // namespace teal::health
