#include "config/config.h"

#include <gtest/gtest.h>

namespace teal::config {
namespace {

TEST(MinimumHealthy, RoundsAPercentageUp) {
  const MinimumHealthy most{true, 75};
  EXPECT_EQ(most.of(4), 3U);
  EXPECT_EQ(most.of(5), 4U);
  EXPECT_EQ((MinimumHealthy{true, 95}.of(10)), 10U);
  EXPECT_EQ((MinimumHealthy{true, 100}.of(7)), 7U);
}

TEST(MinimumHealthy, IsNeverBelowOne) {
  EXPECT_EQ((MinimumHealthy{true, 1}.of(0)), 1U);
  EXPECT_EQ((MinimumHealthy{true, 1}.of(3)), 1U);
  EXPECT_EQ((MinimumHealthy{false, 0}.of(3)), 1U);
}

TEST(MinimumHealthy, TakesACountAsItIs) {
  EXPECT_EQ((MinimumHealthy{false, 2}.of(10)), 2U);
  EXPECT_EQ((MinimumHealthy{false, 2}.of(1)), 2U);
}

}  // namespace
}  // namespace teal::config
