#include "health/probe/rise_fall.h"

#include <gtest/gtest.h>

namespace teal::health {
namespace {

TEST(RiseFall, KnowsNothingAtFirst) {
  const RiseFall state(2, 3);
  EXPECT_EQ(state.health(), Health::unknown);
  EXPECT_TRUE(state.is_in_transition());
}

TEST(RiseFall, LetsTheFirstResultDecideAtOnce) {
  RiseFall well(2, 3);
  EXPECT_TRUE(well.add(true));
  EXPECT_EQ(well.health(), Health::healthy);
  EXPECT_FALSE(well.is_in_transition());
  RiseFall ill(2, 3);
  EXPECT_TRUE(ill.add(false));
  EXPECT_EQ(ill.health(), Health::unhealthy);
  EXPECT_FALSE(ill.is_in_transition());
}

TEST(RiseFall, FallsAfterSoManyFailuresInARow) {
  RiseFall state(2, 3);
  state.add(true);
  EXPECT_FALSE(state.add(false));
  EXPECT_TRUE(state.is_in_transition());
  EXPECT_FALSE(state.add(false));
  EXPECT_EQ(state.health(), Health::healthy);
  EXPECT_TRUE(state.add(false));
  EXPECT_EQ(state.health(), Health::unhealthy);
  EXPECT_FALSE(state.is_in_transition());
}

TEST(RiseFall, RisesAfterSoManySuccessesInARow) {
  RiseFall state(2, 3);
  state.add(false);
  EXPECT_FALSE(state.add(true));
  EXPECT_TRUE(state.is_in_transition());
  EXPECT_TRUE(state.add(true));
  EXPECT_EQ(state.health(), Health::healthy);
}

TEST(RiseFall, StartsCountingAgainAfterAStrayResult) {
  RiseFall state(2, 3);
  state.add(true);
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(state.add(false));
    EXPECT_FALSE(state.add(false));
    EXPECT_FALSE(state.add(true));
    EXPECT_FALSE(state.is_in_transition());
  }
  EXPECT_EQ(state.health(), Health::healthy);
}

TEST(RiseFall, KeepsWhatItKnowsUnderNewThresholds) {
  RiseFall state(2, 3);
  state.add(true);
  state.add(false);
  state.set_thresholds(2, 2);
  EXPECT_EQ(state.health(), Health::healthy);
  EXPECT_TRUE(state.add(false));
}

TEST(RiseFall, ReadsZeroAsOne) {
  RiseFall state(0, 0);
  EXPECT_TRUE(state.add(true));
  EXPECT_TRUE(state.add(false));
  EXPECT_TRUE(state.add(true));
}

}  // namespace
}  // namespace teal::health
