#include "proxy/telemetry/untold.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

Mono at(int micros) {
  return Mono{Micros{micros}};
}

TEST(Untold, ShowsTheBeginningOfItsOldest) {
  Untold untold;
  EXPECT_EQ(untold.read().oldest, Mono::max());
  UntoldHook first, second, third;
  untold.push(first, at(1));
  untold.push(second, at(2));
  untold.push(third, at(2));
  EXPECT_EQ(untold.read().oldest, at(1));
  untold.remove(second);
  EXPECT_EQ(untold.read().oldest, at(1));
  untold.remove(first);
  EXPECT_EQ(untold.read().oldest, at(2));
  untold.remove(third);
  EXPECT_EQ(untold.read().oldest, Mono::max());
}

TEST(Untold, KeepsTheOrderOfBeginningsWhereOneComesLate) {
  Untold untold;
  UntoldHook older, newer, waited;
  untold.push(older, at(1));
  untold.push(newer, at(5));
  untold.push(waited, at(3));
  untold.remove(older);
  EXPECT_EQ(untold.read().oldest, at(3));
  untold.remove(waited);
  EXPECT_EQ(untold.read().oldest, at(5));
  UntoldHook first;
  untold.push(first, at(2));
  EXPECT_EQ(untold.read().oldest, at(2));
}

TEST(Untold, TakesOutTwiceWhatIsOutAlready) {
  Untold untold;
  UntoldHook first, second;
  untold.push(first, at(1));
  untold.push(second, at(2));
  untold.remove(first);
  untold.remove(first);
  EXPECT_FALSE(first.is_linked());
  EXPECT_EQ(untold.read().oldest, at(2));
}

TEST(Untold, CountsWhatControlMustHaveTakenToRelyOnTheOldest) {
  Untold untold;
  UntoldHook hook;
  untold.push(hook, at(1));
  untold.told();
  untold.told();
  untold.remove(hook);
  EXPECT_EQ(untold.read().told, 2U);
}

TEST(Untold, SaysOnceWhenWhatControlWantsIsSettled) {
  Untold untold;
  UntoldHook older, newer;
  untold.on_turn(at(1));
  untold.push(older, at(1));
  untold.on_turn(at(3));
  untold.push(newer, at(3));
  untold.want(at(2));
  untold.on_turn(at(4));
  untold.on_idle();
  EXPECT_FALSE(untold.is_settled());
  untold.on_turn(at(5));
  untold.remove(older);
  EXPECT_TRUE(untold.is_settled());
  untold.clear_settled();
  untold.remove(newer);
  EXPECT_FALSE(untold.is_settled()) << "nothing else was wanted";
}

TEST(Untold, IsNotSettledWhileATurnRunsInWhichOlderOnesMayBegin) {
  Untold untold;
  untold.on_turn(at(1));
  untold.want(at(2));
  EXPECT_EQ(untold.read().turn, at(1));
  UntoldHook begun;
  untold.push(begun, at(1));
  untold.remove(begun);
  EXPECT_FALSE(untold.is_settled()) << "a second one may begin";
  untold.on_idle();
  EXPECT_TRUE(untold.is_settled());
  EXPECT_EQ(untold.read().turn, Mono::max());
  untold.want(at(6));
  untold.clear_settled();
  untold.before_turn(at(1));
  EXPECT_EQ(untold.read().turn, at(1)) << "as long as the clock is being read";
  untold.on_turn(at(7));
  EXPECT_TRUE(untold.is_settled());
}

}  // namespace
}  // namespace teal::proxy
