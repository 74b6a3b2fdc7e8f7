// Requests of one worker that wait for room: who is let try, who is called on another worker, and
// that no place is left free while somebody waits for one.
#include "proxy/loop/group_queues.h"

#include <gtest/gtest.h>

#include "tests/support/loop_room.h"

namespace teal::proxy {
namespace {

/// A request that takes a place of its target when it is let try, or goes back into the queue.
class FakeRequest final : public WaitingRequest {
 public:
  FakeRequest(WorkerLoop& loop, boost::local_shared_ptr<GroupRuntime> group)
      : loop_(loop), group_(std::move(group)), number_(loop.queues().next_number()) {
    EXPECT_TRUE(group_->limits->pending.take(100));
    since_ = loop.now();
    enter();
  }
  ~FakeRequest() {
    if (is_waiting_) leave();
  }

  void on_room() override {
    ++tries;
    leave_queue();
    const TargetRuntime& target =
        *loop_.routes().service(group_->service)->groups[group_->colour].targets[0];
    if (is_choosy || !target.shared->in_flight.take(target.in_flight_limit)) {
      enter();
      return;
    }
    leave();
    served = true;
  }
  Mono queued_at() const override { return since_; }
  std::uint64_t queue_number() const override { return number_; }
  bool has_tried_targets() const override { return is_choosy; }

  int tries = 0;
  bool served = false;
  bool is_choosy = false;  ///< The target that has room is not for it.

 private:
  void leave_queue() {
    const auto me = std::ranges::find(group_->waiting, this);
    if (me != group_->waiting.end()) group_->waiting.erase(me);
  }
  void enter() {
    is_waiting_ = true;
    group_->waiting.push_back(this);
    std::ranges::sort(group_->waiting, {}, &WaitingRequest::queue_number);
    loop_.queues().show(*group_);
  }
  void leave() {
    is_waiting_ = false;
    leave_queue();
    group_->limits->pending.give_back();
    loop_.queues().show(*group_);
  }

  WorkerLoop& loop_;
  boost::local_shared_ptr<GroupRuntime> group_;
  const std::uint64_t number_;
  Mono since_;
  bool is_waiting_ = false;
};

/// Two workers, of which the first one is looked at; one target with one place.
class GroupQueuesTest : public testing::Test {
 protected:
  GroupQueuesTest() {
    config::Service& spec = room_.add_service("shop", 1);
    spec.limits.in_flight_per_target = 1;
    spec.limits.pending = 100;
    room_.publish();
  }
  GroupQueues& queues() { return room_.loop().queues(); }
  const boost::local_shared_ptr<GroupRuntime>& group() {
    return room_.loop().routes().service(0)->groups[Colour::blue].runtime;
  }
  SharedTarget& target() {
    return *room_.loop().routes().service(0)->groups[Colour::blue].targets[0]->shared;
  }
  WaitBoard& board() { return group()->limits->board; }
  void fill() { ASSERT_TRUE(target().in_flight.take(1)); }
  /// A request of any worker is over.
  void end_one() {
    target().in_flight.give_back();
    queues().offer_room(group());
  }
  void end_callback() { room_.loop().finish_callback(); }

  LoopRoom room_{2};
};

TEST_F(GroupQueuesTest, LetsTheOldestTryWhenThereIsRoom) {
  fill();
  FakeRequest first(room_.loop(), group()), second(room_.loop(), group());
  end_one();
  EXPECT_EQ(first.tries, 0) << "the callback is not over";
  end_callback();
  EXPECT_TRUE(first.served);
  EXPECT_EQ(second.tries, 1) << "it found the room gone";
  EXPECT_EQ(group()->waiting.size(), 1U);
  EXPECT_TRUE(room_.peers.calls.empty());
}

TEST_F(GroupQueuesTest, AsksNobodyFurtherWhoFoundNoRoom) {
  fill();
  FakeRequest first(room_.loop(), group()), second(room_.loop(), group());
  queues().wake_soon(group());
  end_callback();
  EXPECT_EQ(first.tries, 1);
  EXPECT_EQ(second.tries, 0) << "the first had none: there is none";
}

TEST_F(GroupQueuesTest, PassesOverOneThatMayNotGoWhereThereIsRoom) {
  fill();
  FakeRequest first(room_.loop(), group()), second(room_.loop(), group());
  first.is_choosy = true;
  end_one();
  end_callback();
  EXPECT_FALSE(first.served);
  EXPECT_TRUE(second.served);
}

TEST_F(GroupQueuesTest, CallsTheWorkerWhoseRequestHasWaitedLongest) {
  fill();
  ASSERT_TRUE(group()->limits->pending.take(100));
  board().show(1, room_.loop().now() - Millis{5});
  FakeRequest here(room_.loop(), group());
  end_one();
  ASSERT_EQ(room_.peers.calls.size(), 1U);
  EXPECT_EQ(room_.peers.calls[0].first, 1U);
  EXPECT_EQ(room_.peers.calls[0].second, group()->limits);
  end_callback();
  EXPECT_EQ(here.tries, 0) << "the place is promised to the other";
  EXPECT_FALSE(queues().has_room(*group()));
}

TEST_F(GroupQueuesTest, CallsAWorkerOnceUntilItAnswers) {
  ASSERT_TRUE(group()->limits->pending.take(100));
  board().show(1, room_.loop().now() - Millis{5});
  queues().offer_room(group());
  queues().offer_room(group());
  EXPECT_EQ(room_.peers.calls.size(), 1U);
  EXPECT_EQ(board().promised(), 2U);
  board().answer(1);
  queues().offer_room(group());
  EXPECT_EQ(room_.peers.calls.size(), 2U);
}

TEST_F(GroupQueuesTest, PassesOnTheRoomThatItsOwnCouldNotUse) {
  FakeRequest here(room_.loop(), group());
  here.is_choosy = true;
  ASSERT_TRUE(group()->limits->pending.take(100));
  board().show(1, room_.loop().now() + Millis{5});
  queues().offer_room(group());
  EXPECT_TRUE(room_.peers.calls.empty()) << "it was here that somebody had waited longest";
  end_callback();
  EXPECT_EQ(here.tries, 1);
  ASSERT_EQ(room_.peers.calls.size(), 1U);
  EXPECT_EQ(room_.peers.calls[0].first, 1U);
}

TEST_F(GroupQueuesTest, OffersNothingWhereNobodyWaits) {
  fill();
  end_one();
  EXPECT_FALSE(queues().has_woken());
  EXPECT_TRUE(room_.peers.calls.empty());
  EXPECT_TRUE(queues().has_room(*group()));
}

TEST_F(GroupQueuesTest, HasNoRoomWhereTheTargetsThatHaveSomeTakeNoRequests) {
  EXPECT_TRUE(queues().has_room(*group()));
  room_.states[0].groups[Colour::blue].targets[0].health = Health::unhealthy;
  room_.publish();
  EXPECT_FALSE(queues().has_room(*group()));
}

TEST_F(GroupQueuesTest, LetsAllOfAServiceTryAnewWithItsNewView) {
  fill();
  FakeRequest request(room_.loop(), group());
  room_.publish();
  EXPECT_EQ(request.tries, 0) << "nothing has changed";
  ++room_.states[0].draw;
  room_.publish();
  EXPECT_EQ(request.tries, 1);
}

TEST_F(GroupQueuesTest, ShowsOthersSinceWhenItsOldestWaits) {
  FakeRequest request(room_.loop(), group());
  EXPECT_EQ(board().longest(), 0U);
  {
    ASSERT_TRUE(group()->limits->pending.take(100));
    board().show(1, room_.loop().now() - Millis{5});
    EXPECT_EQ(board().longest(), 1U);
  }
  board().show(1, Mono::max());
  EXPECT_EQ(board().longest(), 0U);
}

}  // namespace
}  // namespace teal::proxy
