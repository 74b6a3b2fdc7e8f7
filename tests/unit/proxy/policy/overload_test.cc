// Scenarios: how much is used at which time, and the level that follows.
#include "proxy/policy/overload.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

const Mono kStart{std::chrono::hours{1}};

Usages memory(std::uint64_t thousandths) {
  Usages usages;
  usages[0] = {thousandths, 1000};
  return usages;
}

struct Moment {
  int at;  ///< Milliseconds.
  std::uint64_t used;
  int level;
};

void play(const std::vector<Moment>& moments) {
  OverloadLadder ladder;
  int level = 0;
  for (const Moment& each : moments) {
    const bool has_changed = ladder.step(memory(each.used), kStart + Millis{each.at});
    EXPECT_EQ(static_cast<int>(ladder.level()), each.level) << "at " << each.at;
    EXPECT_EQ(has_changed, each.level != level) << "at " << each.at;
    level = each.level;
  }
}

TEST(OverloadLadder, GoesUpAtOnceAsFarAsItMust) {
  play({{0, 849, 0}, {100, 850, 1}, {200, 899, 1}, {300, 900, 2}, {400, 950, 3}, {500, 980, 4}});
  play({{0, 0, 0}, {100, 990, 4}});
  play({{0, 2000, 4}});
}

TEST(OverloadLadder, ComesDownOneLevelAtATimeAfterACalmSecond) {
  play({{0, 990, 4},
        {100, 100, 4},
        {999, 100, 4},
        {1000, 100, 3},
        {1900, 100, 3},
        {2000, 100, 2},
        {3000, 100, 1},
        {4000, 100, 0},
        {9000, 100, 0}});
}

TEST(OverloadLadder, StaysWhereItIsJustBelowAMark) {
  // 5% of slack: at 950 the third level begins, below 900 it ends.
  play({{0, 955, 3},
        {2000, 940, 3},
        {4000, 901, 3},
        {6000, 900, 3},
        {6999, 899, 3},
        {7000, 899, 2}});
}

TEST(OverloadLadder, DoesNotFlapAroundAMark) {
  OverloadLadder ladder;
  int changes = 0;
  for (int i = 0; i < 1000; ++i)
    changes += ladder.step(memory(i % 2 == 0 ? 949 : 951), kStart + Millis{i * 100}) ? 1 : 0;
  EXPECT_EQ(changes, 2) << "to the second level, to the third";
}

TEST(OverloadLadder, BeginsTheCalmAnewWithEachPeak) {
  play({{0, 850, 1}, {900, 100, 1}, {950, 860, 1}, {1900, 100, 1}, {1950, 100, 0}});
}

TEST(OverloadLadder, FollowsTheScarcestAndNamesIt) {
  OverloadLadder ladder;
  Usages usages;
  usages[0] = {910, 1000};
  usages[1] = {96, 100};
  usages[2] = {5, 0};  // no limit
  EXPECT_TRUE(ladder.step(usages, kStart));
  EXPECT_EQ(ladder.level(), OverloadLevel::no_requests);
  EXPECT_EQ(ladder.reasons(), "memory 91%, connections 96%");
  usages[1] = {0, 100};
  EXPECT_FALSE(ladder.step(usages, kStart + Millis{100}));
  EXPECT_EQ(ladder.reasons(), "memory 91%");
}

TEST(OverloadLadder, IsCalmWhereNothingHasALimit) {
  OverloadLadder ladder;
  EXPECT_FALSE(ladder.step({Usage{100, 0}, Usage{100, 0}, Usage{100, 0}}, kStart));
  EXPECT_EQ(ladder.level(), OverloadLevel::none);
  EXPECT_EQ(ladder.reasons(), "");
}

}  // namespace
}  // namespace teal::proxy
