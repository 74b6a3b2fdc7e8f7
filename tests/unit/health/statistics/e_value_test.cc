#include "health/statistics/e_value.h"

#include <gtest/gtest.h>

#include <limits>

namespace teal::health {
namespace {

TEST(FiniteEValue, IsTheExponentialOfItsLogarithm) {
  EXPECT_EQ(finite_e_value(0), 1);
  EXPECT_DOUBLE_EQ(finite_e_value(std::log(1000)), 1000);
  EXPECT_DOUBLE_EQ(finite_e_value(600), std::exp(600));
  EXPECT_EQ(finite_e_value(-std::numeric_limits<double>::infinity()), 0);
}

TEST(FiniteEValue, IsNeverMoreThanADoubleHolds) {
  for (const double log_e : {600.5, 710.0, 1e300, std::numeric_limits<double>::infinity()})
    EXPECT_EQ(finite_e_value(log_e), std::exp(600)) << log_e;
}

}  // namespace
}  // namespace teal::health
