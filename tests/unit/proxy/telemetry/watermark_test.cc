#include "proxy/telemetry/watermark.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

Mono at(int micros) {
  return Mono{Micros{micros}};
}

TEST(InFlightWatermark, ShowsTheBeginningOfItsOldest) {
  InFlightWatermark watermark;
  EXPECT_EQ(watermark.read().oldest, Mono::max());
  InFlightHook first, second, third;
  watermark.push(first, at(1));
  watermark.push(second, at(2));
  watermark.push(third, at(2));
  EXPECT_EQ(watermark.read().oldest, at(1));
  watermark.remove(second);
  EXPECT_EQ(watermark.read().oldest, at(1));
  watermark.remove(first);
  EXPECT_EQ(watermark.read().oldest, at(2));
  watermark.remove(third);
  EXPECT_EQ(watermark.read().oldest, Mono::max());
}

TEST(InFlightWatermark, KeepsTheOrderOfBeginningsWhereOneComesLate) {
  InFlightWatermark watermark;
  InFlightHook older, newer, waited;
  watermark.push(older, at(1));
  watermark.push(newer, at(5));
  watermark.push(waited, at(3));
  watermark.remove(older);
  EXPECT_EQ(watermark.read().oldest, at(3));
  watermark.remove(waited);
  EXPECT_EQ(watermark.read().oldest, at(5));
  InFlightHook first;
  watermark.push(first, at(2));
  EXPECT_EQ(watermark.read().oldest, at(2));
}

TEST(InFlightWatermark, TakesOutTwiceWhatIsOutAlready) {
  InFlightWatermark watermark;
  InFlightHook first, second;
  watermark.push(first, at(1));
  watermark.push(second, at(2));
  watermark.remove(first);
  watermark.remove(first);
  EXPECT_FALSE(first.is_linked());
  EXPECT_EQ(watermark.read().oldest, at(2));
}

TEST(InFlightWatermark, CountsWhatControlMustHaveTakenToRelyOnTheOldest) {
  InFlightWatermark watermark;
  InFlightHook hook;
  watermark.push(hook, at(1));
  watermark.reported();
  watermark.reported();
  watermark.remove(hook);
  EXPECT_EQ(watermark.read().reported, 2U);
}

TEST(InFlightWatermark, SaysOnceWhenWhatControlWantsIsSettled) {
  InFlightWatermark watermark;
  InFlightHook older, newer;
  watermark.on_turn(at(1));
  watermark.push(older, at(1));
  watermark.on_turn(at(3));
  watermark.push(newer, at(3));
  watermark.want(at(2));
  watermark.on_turn(at(4));
  watermark.on_idle();
  EXPECT_FALSE(watermark.is_settled());
  watermark.on_turn(at(5));
  watermark.remove(older);
  EXPECT_TRUE(watermark.is_settled());
  watermark.clear_settled();
  watermark.remove(newer);
  EXPECT_FALSE(watermark.is_settled()) << "nothing else was wanted";
}

TEST(InFlightWatermark, IsNotSettledWhileATurnRunsInWhichOlderOnesMayBegin) {
  InFlightWatermark watermark;
  watermark.on_turn(at(1));
  watermark.want(at(2));
  EXPECT_EQ(watermark.read().turn, at(1));
  InFlightHook begun;
  watermark.push(begun, at(1));
  watermark.remove(begun);
  EXPECT_FALSE(watermark.is_settled()) << "a second one may begin";
  watermark.on_idle();
  EXPECT_TRUE(watermark.is_settled());
  EXPECT_EQ(watermark.read().turn, Mono::max());
  watermark.want(at(6));
  watermark.clear_settled();
  watermark.before_turn(at(1));
  EXPECT_EQ(watermark.read().turn, at(1)) << "as long as the clock is being read";
  watermark.on_turn(at(7));
  EXPECT_TRUE(watermark.is_settled());
}

}  // namespace
}  // namespace teal::proxy
