// Until when a request may take: its phase, and the whole of it.
#include "proxy/request/deadlines.h"

#include <gtest/gtest.h>

#include "tests/support/loop_room.h"

namespace teal::proxy {
namespace {

class DeadlinesTest : public testing::Test {
 protected:
  DeadlinesTest() {
    room_.add_service("shop", 1);
    room_.publish();
    deadlines_.emplace(room_.loop(), [](void* fired) { ++*static_cast<int*>(fired); }, &fired_);
  }

  LoopRoom room_;
  int fired_ = 0;
  std::optional<Deadlines> deadlines_;
};

TEST_F(DeadlinesTest, APhaseThatTakesLongerThanItMayFiresOnce) {
  deadlines_->begin(room_.loop().now(), Millis{0});
  deadlines_->begin_phase(Millis{1'000});
  room_.wait(Millis{900});
  EXPECT_EQ(fired_, 0);
  room_.wait(Millis{200});
  EXPECT_EQ(fired_, 1);
  EXPECT_FALSE(deadlines_->is_request_over()) << "that has no end";
  room_.wait(Millis{5'000});
  EXPECT_EQ(fired_, 1);
}

TEST_F(DeadlinesTest, APhaseThatBeginsAnewHasItsWholeTime) {
  deadlines_->begin(room_.loop().now(), Millis{0});
  for (int i = 0; i < 5; ++i) {
    deadlines_->begin_phase(Millis{1'000});
    room_.wait(Millis{900});
  }
  EXPECT_EQ(fired_, 0);
}

TEST_F(DeadlinesTest, TheRequestAsAWholeEndsItsPhases) {
  deadlines_->begin(room_.loop().now(), Millis{1'000});
  for (int i = 0; i < 3; ++i) {
    deadlines_->begin_phase(Millis{400});
    room_.wait(Millis{300});
  }
  EXPECT_EQ(fired_, 0);
  EXPECT_FALSE(deadlines_->is_request_over());
  deadlines_->begin_phase(Millis{400});
  room_.wait(Millis{200});
  EXPECT_EQ(fired_, 1);
  EXPECT_TRUE(deadlines_->is_request_over());
}

TEST_F(DeadlinesTest, APhaseWithoutALimitHasThatOfTheRequest) {
  deadlines_->begin(room_.loop().now(), Millis{1'000});
  deadlines_->begin_phase(Millis{0});
  room_.wait(Millis{1'100});
  EXPECT_EQ(fired_, 1);
}

TEST_F(DeadlinesTest, NothingFiresWhereNothingIsLimited) {
  deadlines_->begin(room_.loop().now(), Millis{0});
  EXPECT_EQ(deadlines_->of_request(), Mono::max());
  deadlines_->begin_phase(Millis{1'000});
  deadlines_->begin_phase(Millis{0});
  room_.wait(Millis{10'000});
  EXPECT_EQ(fired_, 0);
}

TEST_F(DeadlinesTest, AnEarlierEndMayBeGivenToTheRequest) {
  const Mono began = room_.loop().now();
  deadlines_->begin(began, Millis{60'000});
  deadlines_->set_of_request(began + Millis{100});
  deadlines_->begin_phase(Millis{1'000});
  room_.wait(Millis{200});
  EXPECT_EQ(fired_, 1);
  EXPECT_TRUE(deadlines_->is_request_over());
}

TEST_F(DeadlinesTest, WhatIsCancelledDoesNotFire) {
  deadlines_->begin(room_.loop().now(), Millis{1'000});
  deadlines_->begin_phase(Millis{500});
  deadlines_->cancel();
  room_.wait(Millis{2'000});
  EXPECT_EQ(fired_, 0);
}

}  // namespace
}  // namespace teal::proxy
