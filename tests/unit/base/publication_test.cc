#include "base/publication.h"

#include <gtest/gtest.h>

namespace teal {
namespace {

ServiceState shop() {
  ServiceState state;
  state.name = "shop";
  for (const Colour colour : kColours) {
    TargetState& target = state.groups[colour].targets.emplace_back();
    target.id = colour == Colour::blue ? 1 : 2;
    target.health = Health::healthy;
  }
  return state;
}

TEST(SnapshotOf, IsTheOneBeforeWhereNothingHasChanged) {
  const SharedService first = snapshot_of(shop(), nullptr);
  EXPECT_EQ(snapshot_of(shop(), first), first);
}

TEST(SnapshotOf, SharesTheTargetsThatAreTheSame) {
  const SharedService first = snapshot_of(shop(), nullptr);
  ServiceState state = shop();
  state.split = Split::with(Colour::green, Weight{1000});
  const SharedService second = snapshot_of(state, first);
  ASSERT_NE(second, first);
  EXPECT_EQ(second->split, state.split);
  for (const Colour colour : kColours)
    EXPECT_EQ(second->groups[colour].targets, first->groups[colour].targets);
  state.groups[Colour::green].targets[0].ejected = true;
  const SharedService third = snapshot_of(state, second);
  EXPECT_EQ(third->groups[Colour::blue].targets, first->groups[Colour::blue].targets);
  EXPECT_NE(third->groups[Colour::green].targets, first->groups[Colour::green].targets);
  EXPECT_FALSE(first->groups[Colour::green].targets->front().ejected)
      << "it is never written again";
}

TEST(SnapshotOf, SeesEveryKindOfChange) {
  const SharedService first = snapshot_of(shop(), nullptr);
  const auto differs = [&](auto change) {
    ServiceState state = shop();
    change(state);
    return snapshot_of(state, first) != first;
  };
  EXPECT_TRUE(differs([](ServiceState& s) { s.live = Colour::green; }));
  EXPECT_TRUE(differs([](ServiceState& s) { ++s.draw; }));
  EXPECT_TRUE(differs([](ServiceState& s) { ++s.step; }));
  EXPECT_TRUE(differs([](ServiceState& s) { s.judging.emplace(); }));
  EXPECT_TRUE(differs([](ServiceState& s) { s.groups[Colour::blue].revision = "v2"; }));
  EXPECT_TRUE(differs([](ServiceState& s) { s.groups[Colour::blue].fallback = true; }));
  EXPECT_TRUE(differs([](ServiceState& s) { s.groups[Colour::blue].targets.clear(); }));
}

}  // namespace
}  // namespace teal
