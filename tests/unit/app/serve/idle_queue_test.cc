#include "app/serve/idle_queue.h"

#include <string>

#include <gtest/gtest.h>

namespace teal::app {
namespace {

using namespace std::chrono_literals;

class IdleQueueTest : public testing::Test {
 protected:
  void push(char name) {
    queue_.push([this, name] { run_ += name; }, now_);
  }
  void run() { queue_.take(now_)(); }

  Mono now_ = Mono{} + 1h;
  std::string run_;
  IdleQueue queue_;
};

TEST_F(IdleQueueTest, HandsOutSlicesInTheOrderTheyCame) {
  EXPECT_TRUE(queue_.is_empty());
  push('a');
  push('b');
  run();
  push('c');
  run();
  run();
  EXPECT_EQ(run_, "abc");
  EXPECT_TRUE(queue_.is_empty());
}

TEST_F(IdleQueueTest, IsDueOnlyOnceTheOldestHasWaitedForTheWholePatience) {
  EXPECT_FALSE(queue_.is_due(now_)) << "there is none";
  push('a');
  EXPECT_FALSE(queue_.is_due(now_ + IdleQueue::kPatience - 1us));
  EXPECT_TRUE(queue_.is_due(now_ + IdleQueue::kPatience));
}

TEST_F(IdleQueueTest, IsDueOnceInEachPatienceHoweverManyWait) {
  push('a');
  push('b');
  now_ += IdleQueue::kPatience;
  run();
  EXPECT_FALSE(queue_.is_due(now_)) << "one was handed out just now";
  push('c');
  EXPECT_TRUE(queue_.is_due(now_ + IdleQueue::kPatience))
      << "whatever came since makes none wait longer";
}

TEST_F(IdleQueueTest, CountsNoWaitOfSlicesThatAreGone) {
  push('a');
  run();
  now_ += 1h;
  push('b');
  EXPECT_FALSE(queue_.is_due(now_));
}

}  // namespace
}  // namespace teal::app
