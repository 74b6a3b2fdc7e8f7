#include "net/io/timer_wheel.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/rng.h"

namespace teal::net {
namespace {

using namespace std::chrono_literals;

class TimerWheelTest : public testing::Test {
 protected:
  static void count(void* self) { ++static_cast<TimerWheelTest*>(self)->fired_; }

  Mono start_{1000s};
  TimerWheel wheel_{start_};
  int fired_ = 0;
  Timer timer_{count, this};
};

TEST_F(TimerWheelTest, NeverFiresEarlyAndAtMostOneTickLate) {
  Rng rng{11};
  Mono now = start_;
  for (int i = 0; i < 2000; ++i) {
    const Mono deadline = now + Millis{rng.below(40'000)};
    wheel_.set(timer_, deadline);
    fired_ = 0;
    while (fired_ == 0) {
      now += 1ms;
      wheel_.advance(now);
    }
    ASSERT_GE(now, deadline);
    ASSERT_LE(now, std::max(deadline, now - TimerWheel::kTick) + TimerWheel::kTick);
    if (i > 20) now += 777ms;
    wheel_.advance(now);
  }
}

TEST_F(TimerWheelTest, AMovedDeadlineIsTheOneThatCounts) {
  wheel_.set(timer_, start_ + 100ms);
  wheel_.set(timer_, start_ + 5s);  // later: only stored
  wheel_.advance(start_ + 4900ms);
  EXPECT_EQ(fired_, 0);
  wheel_.set(timer_, start_ + 4950ms);  // earlier: moved
  wheel_.advance(start_ + 4980ms);
  EXPECT_EQ(fired_, 1);
}

TEST_F(TimerWheelTest, ACancelledTimerDoesNotFireAndCanBeSetAgain) {
  wheel_.set(timer_, start_ + 100ms);
  timer_.cancel();
  EXPECT_FALSE(timer_.is_set());
  wheel_.advance(start_ + 1s);
  EXPECT_EQ(fired_, 0);
  wheel_.set(timer_, start_ + 1100ms);
  wheel_.advance(start_ + 1200ms);
  EXPECT_EQ(fired_, 1);
}

TEST_F(TimerWheelTest, HoldsDeadlinesBeyondOneTurnOfTheWheel) {
  const Mono far = start_ + TimerWheel::kTick * (3 * TimerWheel::kSlots);
  wheel_.set(timer_, far);
  wheel_.advance(far - 1ms);
  EXPECT_EQ(fired_, 0);
  wheel_.advance(far + TimerWheel::kTick);
  EXPECT_EQ(fired_, 1);
}

TEST_F(TimerWheelTest, AFiringTimerMayDestroyTheOthersOfItsSlot) {
  std::vector<std::unique_ptr<Timer>> others;
  struct Owner {
    std::vector<std::unique_ptr<Timer>>* others;
    int fired = 0;
  } owner{&others};
  const auto clear = [](void* self) {
    ++static_cast<Owner*>(self)->fired;
    static_cast<Owner*>(self)->others->clear();
  };
  Timer first(clear, &owner);
  wheel_.set(first, start_ + 50ms);
  for (int i = 0; i < 3; ++i) {
    others.push_back(std::make_unique<Timer>(count, this));
    wheel_.set(*others.back(), start_ + 50ms);
  }
  wheel_.advance(start_ + 100ms);
  EXPECT_EQ(owner.fired, 1);
  EXPECT_EQ(fired_, 0);
}

}  // namespace
}  // namespace teal::net
