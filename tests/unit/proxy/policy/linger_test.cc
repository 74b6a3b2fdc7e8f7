#include "proxy/policy/linger.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

constexpr std::size_t kMiB = std::size_t{1024} * 1024;
const Mono kStart{Millis{1'000'000}};

struct LingerTest : testing::Test {
  LingerTest() { linger.begin(kStart); }

  Mono after(int millis) const { return kStart + Millis{millis}; }
  Mono end(const Linger::Bounds& bounds = Linger::kUsual) const { return linger.end(bounds); }
  bool is_over(int millis, const Linger::Bounds& bounds = Linger::kUsual) const {
    return linger.is_over(bounds, after(millis));
  }

  Linger linger;
};

TEST_F(LingerTest, EndsTwoSecondsAfterTheLastByte) {
  EXPECT_EQ(end(), after(2000));
  linger.note(1, after(1500));
  EXPECT_EQ(end(), after(3500));
  EXPECT_FALSE(is_over(3499));
  EXPECT_TRUE(is_over(3500));
}

TEST_F(LingerTest, EndsAfterThirtySecondsThoughBytesCome) {
  for (int millis = 1000; millis < 30'000; millis += 1000) linger.note(1, after(millis));
  EXPECT_EQ(end(), after(30'000));
  EXPECT_TRUE(is_over(30'000));
}

TEST_F(LingerTest, EndsBehind64MiB) {
  linger.note(64 * kMiB, after(10));
  EXPECT_FALSE(is_over(10));
  linger.note(1, after(10));
  EXPECT_TRUE(is_over(10));
}

TEST_F(LingerTest, IsBriefWhateverComesWhereItHasToBe) {
  linger.note(512 * 1024, after(1900));
  EXPECT_EQ(end(Linger::kBrief), after(2000));
  EXPECT_FALSE(is_over(1900, Linger::kBrief));
  EXPECT_TRUE(is_over(2000, Linger::kBrief));
  linger.note(1, after(1900));
  EXPECT_TRUE(is_over(1900, Linger::kBrief));
  EXPECT_FALSE(is_over(1900));
}

}  // namespace
}  // namespace teal::proxy
