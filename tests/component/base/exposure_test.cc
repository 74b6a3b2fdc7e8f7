#include "base/exposure.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace teal {
namespace {

TEST(Exposure, HandsOutNoMoreReservationsThanTheBudget) {
  Exposure exposure(2);
  EXPECT_TRUE(exposure.reserve());
  EXPECT_FALSE(exposure.is_full());
  EXPECT_TRUE(exposure.reserve());
  EXPECT_TRUE(exposure.is_full());
  EXPECT_FALSE(exposure.reserve());
  exposure.release();
  EXPECT_TRUE(exposure.reserve());
}

TEST(Exposure, KeepsWhatIsSpent) {
  Exposure exposure(2);
  ASSERT_TRUE(exposure.reserve());
  exposure.spend();
  EXPECT_EQ(exposure.spent(), 1U);
  EXPECT_TRUE(exposure.reserve());
  EXPECT_FALSE(exposure.reserve());
}

TEST(Exposure, TellsOnceUntilItIsListenedTo) {
  Exposure exposure(5);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(exposure.reserve());
  EXPECT_TRUE(exposure.spend());
  EXPECT_FALSE(exposure.spend());
  EXPECT_EQ(exposure.take_news(), 2U);
  EXPECT_TRUE(exposure.spend());
}

TEST(Exposure, GoesOnWhereItWas) {
  Exposure exposure(3, 2);
  EXPECT_EQ(exposure.spent(), 2U);
  EXPECT_TRUE(exposure.reserve());
  EXPECT_FALSE(exposure.reserve());
}

TEST(Exposure, IsExactWhateverTheNumberOfThreads) {
  constexpr std::uint32_t kBudget = 1000;
  Exposure exposure(kBudget);
  std::atomic<std::uint32_t> failures{0};
  std::vector<std::jthread> workers;
  for (int worker = 0; worker < 8; ++worker)
    workers.emplace_back([&] {
      for (int request = 0; request < 2000; ++request) {
        if (!exposure.reserve()) continue;
        if (request % 3 == 0) {
          exposure.release();
        } else {
          exposure.spend();
          ++failures;
        }
      }
    });
  workers.clear();
  EXPECT_EQ(failures, kBudget);
  EXPECT_EQ(exposure.spent(), kBudget);
}

}  // namespace
}  // namespace teal
