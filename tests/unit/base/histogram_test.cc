#include "base/histogram.h"

#include <gtest/gtest.h>

namespace teal {
namespace {

TEST(Histogram, PutsEveryValueInTheBucketWhoseBordersHoldIt) {
  for (std::uint64_t v = 0; v < 200'000'000; v = v + 1 + v / 37) {
    const std::size_t i = Histogram::index(v);
    ASSERT_LE(Histogram::lower_bound(i), v);
    if (i + 1 < Histogram::kSize) {
      ASSERT_GT(Histogram::lower_bound(i + 1), v);
    }
  }
}

TEST(Histogram, HasBordersAtTheRoundBoundsPeopleUse) {
  for (const std::uint64_t bound :
       {500, 1000, 2500, 5000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000,
        2'500'000, 5'000'000, 10'000'000, 30'000'000})
    EXPECT_EQ(Histogram::lower_bound(Histogram::index(bound)), bound);
}

TEST(Histogram, GivesQuantilesAsTheUpperBorder) {
  Histogram h;
  for (std::uint64_t v = 1; v <= 1000; ++v) h.record(v * 1000);
  EXPECT_EQ(h.quantile(0.5), 510'000U);
  EXPECT_EQ(h.quantile(0.99), 1'000'000U);
  EXPECT_EQ(h.count_below(250'000), 249U);
}

TEST(Histogram, KnowsTheBucketOfAQuantileEvenWhereItHasNoUpperBorder) {
  Histogram h;
  h.record(250'000);
  EXPECT_EQ(h.quantile_index(0.5), Histogram::index(250'000));
  h.buckets = {};
  h.record(3'600'000'000);
  EXPECT_EQ(h.quantile_index(0.99), Histogram::kSize - 1);
  EXPECT_EQ(h.quantile(0.99), 100'000'000U);
}

TEST(Histogram, HasNoQuantileWithoutValues) {
  EXPECT_EQ(Histogram{}.quantile_index(0.5), std::nullopt);
  EXPECT_EQ(Histogram{}.quantile(0.5), std::nullopt);
}

TEST(Histogram, OfAWindowIsTheDifferenceOfTwoReadings) {
  Histogram earlier;
  earlier.record(5);
  Histogram later = earlier;
  later.record(77'000);
  later -= earlier;
  EXPECT_EQ(later.count(), 1U);
  EXPECT_EQ(later.sum_micros, 77'000U);
  EXPECT_EQ(later.quantile(1.0), 78'000U);
}

}  // namespace
}  // namespace teal
