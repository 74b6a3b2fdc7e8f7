// What is remembered for a while.
#include "proxy/policy/expiring_map.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

net::Mac::Tag tag(std::uint8_t number) {
  net::Mac::Tag made{};
  made[0] = number;
  return made;
}

constexpr Mono at(int ms) {
  return Mono(Millis{ms});
}

TEST(ExpiringMap, ForgetsWhatIsOver) {
  ExpiringMap<int> map(4);
  map.put(tag(1), 10, at(100));
  ASSERT_NE(map.find(tag(1), at(99)), nullptr);
  EXPECT_EQ(*map.find(tag(1), at(99)), 10);
  EXPECT_EQ(map.find(tag(2), at(99)), nullptr);
  EXPECT_EQ(map.find(tag(1), at(100)), nullptr);
  EXPECT_EQ(map.size(), 0U);
}

TEST(ExpiringMap, HoldsTheNewestOnly) {
  ExpiringMap<int> map(2);
  for (std::uint8_t i = 1; i <= 3; ++i) map.put(tag(i), i, at(100));
  EXPECT_EQ(map.size(), 2U);
  EXPECT_EQ(map.find(tag(1), at(0)), nullptr);
  EXPECT_NE(map.find(tag(2), at(0)), nullptr);
  EXPECT_NE(map.find(tag(3), at(0)), nullptr);
}

TEST(ExpiringMap, TakesAnotherWordForTheSame) {
  ExpiringMap<int> map(2);
  map.put(tag(1), 1, at(100));
  map.put(tag(2), 2, at(100));
  map.put(tag(1), 3, at(200));
  EXPECT_EQ(map.size(), 2U);
  ASSERT_NE(map.find(tag(1), at(150)), nullptr);
  EXPECT_EQ(*map.find(tag(1), at(150)), 3);
  map.put(tag(4), 4, at(200));
  EXPECT_EQ(map.find(tag(2), at(0)), nullptr) << "the oldest by then";
  EXPECT_NE(map.find(tag(1), at(0)), nullptr);
}

}  // namespace
}  // namespace teal::proxy
