#include "proxy/untold.h"

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

}  // namespace
}  // namespace teal::proxy
