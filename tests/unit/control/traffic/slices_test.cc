#include "control/traffic/slices.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SlicesTest : public testing::Test {
 protected:
  SlicesTest() { slices.take(1000, now); }
  std::size_t pass(Millis time, std::size_t things = 1000) {
    now += time;
    return slices.take(things, now);
  }

  Slices slices{Millis{1000}};
  Mono now{std::chrono::hours{1}};
};

TEST_F(SlicesTest, EachTickHasItsPartOfARound) {
  for (int tick = 0; tick < 20; ++tick) EXPECT_EQ(pass(milliseconds{100}), 100);
}

TEST_F(SlicesTest, FewThingsHaveTheirTurnOnceInARound) {
  std::size_t turns = 0;
  for (int tick = 0; tick < 100; ++tick) turns += pass(milliseconds{100}, 1);
  EXPECT_EQ(turns, 10);
}

TEST_F(SlicesTest, NothingIsLostToTicksOfOddLengths) {
  std::size_t turns = 0;
  for (int tick = 0; tick < 1000; ++tick) turns += pass(milliseconds{7}, 3);
  EXPECT_EQ(turns, 21);
}

TEST_F(SlicesTest, AfterALongTimeEverythingIsDueOnce) {
  EXPECT_EQ(pass(seconds{60}), 1000);
  EXPECT_EQ(pass(milliseconds{100}), 100);
}

TEST_F(SlicesTest, OfNothingNothingIsDue) {
  EXPECT_EQ(pass(seconds{60}, 0), 0);
}

}  // namespace
}  // namespace teal::control
