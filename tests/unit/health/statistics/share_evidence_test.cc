#include "health/statistics/share_evidence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "health/statistics/slow_thresholds.h"

namespace teal::health {
namespace {

TEST(ShareTest, HasAMeanOfOneOnItsBoundary) {
  for (const double p : {0.001, 0.01, 0.3}) {
    const auto mean = [p](double (*log_e)(double, std::uint64_t, std::uint64_t)) {
      return p * std::exp(log_e(p, 1, 0)) + (1 - p) * std::exp(log_e(p, 0, 1));
    };
    EXPECT_NEAR(mean(log_e_above), 1, 1e-9);
    EXPECT_NEAR(mean(log_e_below), 1, 1e-9);
  }
}

TEST(ShareTest, CertifiesALimitByCleanRequestsAlone) {
  EXPECT_LT(log_e_below(0.01, 0, 298), std::log(20.0));  // 4.4: no bet can do it with fewer.
  EXPECT_GT(log_e_below(0.01, 0, 450), std::log(20.0));
  EXPECT_LT(log_e_below(0.01, 5, 450), std::log(20.0));
}

TEST(ShareTest, SaysNothingAboutNothing) {
  EXPECT_NEAR(log_e_above(0.01, 0, 0), 0, 1e-12);
  EXPECT_NEAR(log_e_below(0.01, 0, 0), 0, 1e-12);
}

TEST(ShareTest, IsSureOfAShareFarAbove) {
  EXPECT_GT(log_e_above(0.01, 5, 0), std::log(1000.0));
  EXPECT_LT(log_e_above(0.01, 1, 99), std::log(20.0));
}

TEST(SlowThresholds, AreTheQuantilesThatTheRequestsSuffice) {
  Histogram few;
  for (int i = 1; i <= 99; ++i) few.record(static_cast<std::uint64_t>(i) * 1000);
  EXPECT_TRUE(slow_thresholds(few, std::nullopt).empty());
  EXPECT_EQ(slow_thresholds(few, Millis{7}), std::vector<Micros>{Micros{7000}});
  Histogram some = few;
  some.record(100'000);
  EXPECT_EQ(slow_thresholds(some, std::nullopt).size(), 2U);  // p50 and p90.
  Histogram many;
  for (std::uint64_t i = 1; i <= 10'000; ++i) many.record(i * i / 100);
  const std::vector<Micros> all = slow_thresholds(many, Millis{2000});
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all.back(), Micros{2'000'000});
  TrafficCounters before;
  before.duration = many;
  const std::vector<double> shares = slow_shares(before, all);
  EXPECT_NEAR(shares[0], 0.5, 0.02);
  EXPECT_NEAR(shares[1], 0.1, 0.02);
  EXPECT_EQ(shares[4], 0);
}

TEST(SlowShares, LeaveOutWhatWasGivenUpBeforeTheThreshold) {
  TrafficCounters before;
  for (int i = 0; i < 60; ++i) before.duration.record(1'000);
  for (int i = 0; i < 20; ++i) before.duration.record(50'000);
  for (int i = 0; i < 20; ++i) before.given_up.record(30'000);
  const std::vector<double> shares = slow_shares(before, {Micros{20'000}, Micros{40'000}});
  EXPECT_EQ(shares, (std::vector<double>{0.4, 0.25}));
}

TEST(SlowThresholds, AreNotRepeated) {
  Histogram alike;
  for (int i = 0; i < 1000; ++i) alike.record(5000);
  EXPECT_EQ(slow_thresholds(alike, std::nullopt).size(), 1U);
}

TEST(OverdueAge, FollowsTheLiveGroupWithinBounds) {
  Histogram none;
  EXPECT_EQ(overdue_age(none), Micros{250'000});
  Histogram fast;
  for (int i = 0; i < 1000; ++i) fast.record(100);
  EXPECT_EQ(overdue_age(fast), Micros{1000});
  Histogram usual;
  for (int i = 0; i < 1000; ++i) usual.record(20'000);
  EXPECT_EQ(overdue_age(usual), Micros{21'000});
}

}  // namespace
}  // namespace teal::health
