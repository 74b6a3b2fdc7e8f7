// One request's wait for room: its place in the queue of its group, how long it waits, what it
// counts as meanwhile.
#include "proxy/request/queue_entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/loop_room.h"

namespace teal::proxy {
namespace {

using testing::ElementsAre;

class QueueEntryTest : public testing::Test {
 protected:
  struct Entry {
    explicit Entry(WorkerLoop& loop)
        : queue(loop, [](void* self) { ++static_cast<Entry*>(self)->calls; }, this) {
      queue.begin();
    }

    int calls = 0;
    QueueEntry queue;
  };

  QueueEntryTest() {
    room_.add_service("shop", 1).limits.pending = 2;
    room_.publish();
    group_ = room_.loop().routes().service(0)->groups[Colour::blue].runtime;
  }
  std::uint64_t waiting() {
    return room_.loop().counters().service(0)[ServiceStat::requests_waiting].read();
  }

  LoopRoom room_;
  GroupPointer group_;
};

TEST_F(QueueEntryTest, ARequestWaitsUntilItIsItsTurn) {
  Entry entry(room_.loop());
  EXPECT_TRUE(entry.queue.enter(group_, false));
  EXPECT_TRUE(entry.queue.is_queued());
  EXPECT_TRUE(entry.queue.is_waiting());
  EXPECT_EQ(waiting(), 1U);
  EXPECT_EQ(group_->waiting.size(), 1U);
  group_->waiting.front()->on_room();
  EXPECT_EQ(entry.calls, 1);
  EXPECT_FALSE(entry.queue.is_queued());
  EXPECT_EQ(waiting(), 0U);
  EXPECT_TRUE(group_->waiting.empty());
}

TEST_F(QueueEntryTest, WhoGoesBackHasItsPlaceBeforeThoseThatCameLater) {
  Entry one(room_.loop()), two(room_.loop());
  one.queue.enter(group_, false);
  two.queue.enter(group_, false);
  one.queue.on_room();
  EXPECT_TRUE(one.queue.has_place());
  one.queue.enter(group_, true);
  EXPECT_THAT(group_->waiting, ElementsAre(&one.queue, &two.queue));
  EXPECT_TRUE(group_->waiting.front()->has_tried_targets());
  EXPECT_FALSE(group_->waiting.back()->has_tried_targets());
}

TEST_F(QueueEntryTest, ItsTimeRunsOnWhileItHasItsPlace) {
  Entry entry(room_.loop());
  const Mono since = room_.loop().now();
  entry.queue.enter(group_, false);
  room_.wait(Millis{100});
  entry.queue.on_room();
  entry.queue.enter(group_, false);
  EXPECT_EQ(entry.queue.queued_at(), since);
  room_.wait(Millis{100});
  entry.queue.on_room();
  EXPECT_EQ(entry.queue.end_wait(room_.loop().now()), Millis{200});
  EXPECT_EQ(entry.queue.waited(), 200'000);
}

TEST_F(QueueEntryTest, WhoGaveItsPlaceUpWaitsAnew) {
  Entry one(room_.loop()), two(room_.loop());
  one.queue.enter(group_, false);
  two.queue.enter(group_, false);
  room_.wait(Millis{100});
  one.queue.leave();
  one.queue.give_up_place();
  one.queue.enter(group_, false);
  EXPECT_THAT(group_->waiting, ElementsAre(&two.queue, &one.queue));
  EXPECT_EQ(one.queue.queued_at(), room_.loop().now());
}

TEST_F(QueueEntryTest, AFullQueueTakesNobodyMore) {
  Entry one(room_.loop()), two(room_.loop()), three(room_.loop());
  EXPECT_TRUE(one.queue.enter(group_, false));
  EXPECT_TRUE(two.queue.enter(group_, false));
  EXPECT_FALSE(three.queue.enter(group_, false));
  EXPECT_FALSE(three.queue.is_queued());
  EXPECT_EQ(waiting(), 2U);
}

TEST_F(QueueEntryTest, WhoTriesIsCountedAmongThoseThatWaitUntilItHasATarget) {
  Entry one(room_.loop()), two(room_.loop()), three(room_.loop());
  one.queue.enter(group_, false);
  two.queue.enter(group_, false);
  one.queue.on_room();
  EXPECT_FALSE(three.queue.enter(group_, false)) << "its place may be needed again";
  one.queue.found_target();
  EXPECT_FALSE(one.queue.has_place());
  EXPECT_TRUE(three.queue.enter(group_, false));
}

TEST_F(QueueEntryTest, WhoHasWaitedForNothingMayFindATargetAndEnd) {
  Entry entry(room_.loop());
  entry.queue.found_target();
  entry.queue.leave();
  entry.queue.end();
  EXPECT_EQ(entry.queue.waited(), -1);
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(QueueEntryTest, WhoseRequestEndsLeavesItsPlaceToOthers) {
  Entry one(room_.loop()), three(room_.loop());
  one.queue.enter(group_, false);
  {
    Entry two(room_.loop());
    two.queue.enter(group_, false);
    EXPECT_FALSE(three.queue.enter(group_, false));
  }
  one.queue.end();
  EXPECT_EQ(waiting(), 0U);
  EXPECT_TRUE(group_->waiting.empty());
  EXPECT_TRUE(three.queue.enter(group_, false));
  EXPECT_TRUE(one.queue.enter(group_, false));
}

TEST_F(QueueEntryTest, ARequestMayWaitForAStreamInNoQueue) {
  Entry entry(room_.loop());
  entry.queue.wait_for_stream(room_.loop().now());
  EXPECT_TRUE(entry.queue.waits_for_stream());
  EXPECT_TRUE(entry.queue.is_waiting());
  EXPECT_FALSE(entry.queue.is_queued());
  room_.wait(Millis{40});
  entry.queue.stop_waiting_for_stream();
  EXPECT_EQ(entry.queue.end_wait(room_.loop().now()), Millis{40});
  EXPECT_FALSE(entry.queue.is_waiting());
}

TEST_F(QueueEntryTest, TheNextRequestHasWaitedForNothing) {
  Entry entry(room_.loop());
  entry.queue.wait_for_stream(room_.loop().now());
  entry.queue.end_wait(room_.loop().now());
  entry.queue.begin();
  EXPECT_FALSE(entry.queue.is_waiting());
  EXPECT_FALSE(entry.queue.has_place());
  EXPECT_EQ(entry.queue.waited(), -1);
}

}  // namespace
}  // namespace teal::proxy
