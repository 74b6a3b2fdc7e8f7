#include "base/counters.h"

#include <gtest/gtest.h>

namespace teal {
namespace {

TEST(TrafficCounters, KnowThatARequestWhichWasGivenUpTookAsLongAsItsAge) {
  TrafficCounters counters;
  counters.duration.record(1'000);
  counters.duration.record(30'000);
  counters.given_up.record(20'000);
  EXPECT_EQ(counters.slow_count(10'000), (SlowCount{2, 1}));
  EXPECT_EQ(counters.slow_count(20'000), (SlowCount{2, 1}));
  EXPECT_EQ(counters.slow_count(25'000), (SlowCount{1, 1})) << "nobody knows of the one given up";
  EXPECT_EQ(counters.slow_count(50'000), (SlowCount{0, 2}));
}

TEST(TrafficCounters, AddAndSubtractWhatWasGivenUp) {
  TrafficCounters one;
  one.given_up.record(500);
  TrafficCounters sum = one;
  sum += one;
  EXPECT_EQ(sum.given_up.count(), 2U);
  sum -= one;
  EXPECT_EQ(sum, one);
}

}  // namespace
}  // namespace teal
