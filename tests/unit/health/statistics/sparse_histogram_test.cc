#include "health/statistics/sparse_histogram.h"

#include <gtest/gtest.h>

namespace teal::health {
namespace {

Histogram of(std::initializer_list<std::uint64_t> micros) {
  Histogram histogram;
  for (const std::uint64_t value : micros) histogram.record(value);
  return histogram;
}

TEST(SparseHistogram, HoldsEveryValue) {
  const Histogram all = of({0, 9, 10, 12'345, 12'345, 99'999'999, 500'000'000});
  Histogram again;
  SparseHistogram(all).add_to(again);
  EXPECT_EQ(again, all);
}

TEST(SparseHistogram, TakesItsValuesOutOfMore) {
  Histogram more = of({5, 700, 700, 8'000});
  SparseHistogram(of({5, 700})).subtract_from(more);
  EXPECT_EQ(more, of({700, 8'000}));
}

TEST(SparseHistogram, OfNothingIsEmpty) {
  EXPECT_TRUE(SparseHistogram().empty());
  EXPECT_TRUE(SparseHistogram(Histogram{}).empty());
  EXPECT_FALSE(SparseHistogram(of({1})).empty());
}

TEST(SparseHistogram, HoldsMoreValuesThanThirtyTwoBitsCount) {
  Histogram many;
  many.buckets[3] = 5'000'000'000;
  Histogram again;
  SparseHistogram(many).add_to(again);
  EXPECT_EQ(again, many);
}

}  // namespace
}  // namespace teal::health
