// A worker's loop a step at a time: who goes on when, and what it is given by its owner.
#include "proxy/loop/worker_loop.h"

#include <gtest/gtest.h>

#include "tests/support/loop_room.h"

namespace teal::proxy {
namespace {

/// A connection that writes its name down when it may go on.
class NotedChannel final : public Channel {
 public:
  NotedChannel(WorkerLoop& loop, std::string name, std::vector<std::string>& notes)
      : Channel(loop, net::Stream(net::Socket())), name_(std::move(name)), notes_(notes) {}

  void on_ready(net::Readiness /*ready*/) override {}
  void resume() override { notes_.push_back(name_); }
  void finish_turn() override { notes_.push_back(name_ + " at the end"); }

 private:
  std::string name_;
  std::vector<std::string>& notes_;
};

class WorkerLoopTest : public testing::Test {
 protected:
  WorkerLoopTest() {
    room_.add_service("shop", 2);
    room_.publish();
  }
  boost::intrusive_ptr<NotedChannel> channel(const std::string& name) {
    return new NotedChannel(room_.loop(), name, notes_);
  }
  std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }

  LoopRoom room_;
  std::vector<std::string> notes_;
};

using Notes = std::vector<std::string>;

TEST_F(WorkerLoopTest, HasTheTimeOfItsTurnWhateverTheClockSaysMeanwhile) {
  WorkerLoop& loop = room_.loop();
  const Mono began = loop.now();
  EXPECT_EQ(loop.date(), "Tue, 14 Nov 2023 22:13:20 GMT");
  room_.clock.advance(Millis{1000});
  EXPECT_EQ(loop.now(), began);
  EXPECT_EQ(loop.date(), "Tue, 14 Nov 2023 22:13:20 GMT");
  loop.begin_turn();
  EXPECT_EQ(loop.now(), began + Millis{1000});
  EXPECT_EQ(loop.date(), "Tue, 14 Nov 2023 22:13:21 GMT");
}

TEST_F(WorkerLoopTest, ResumesAChannelOnceWhenTheCallbackIsOver) {
  const auto one = channel("one");
  room_.loop().resume_soon(*one);
  room_.loop().resume_soon(*one);
  EXPECT_EQ(take_notes(), Notes{});
  room_.loop().finish_callback();
  EXPECT_EQ(take_notes(), Notes{"one"});
  room_.loop().finish_callback();
  EXPECT_EQ(take_notes(), Notes{});
}

TEST_F(WorkerLoopTest, KeepsAChannelThatIsToGoOnUntilItHas) {
  room_.loop().resume_soon(*channel("gone"));
  room_.loop().finish_callback();
  EXPECT_EQ(take_notes(), Notes{"gone"});
}

TEST_F(WorkerLoopTest, LetsThoseForTheNextTurnWaitForIt) {
  const auto one = channel("one");
  room_.loop().resume_next_turn(*one);
  room_.loop().finish_callback();
  EXPECT_EQ(take_notes(), Notes{});
  EXPECT_TRUE(room_.loop().has_next());
  EXPECT_TRUE(room_.loop().resume_next());
  room_.loop().finish_callback();
  EXPECT_EQ(take_notes(), Notes{"one"});
  EXPECT_FALSE(room_.loop().resume_next());
}

TEST_F(WorkerLoopTest, LetsThoseSpeakLastWhoWaitForTheOthers) {
  const auto one = channel("one"), two = channel("two");
  room_.loop().resume_after_turn(*one);
  room_.loop().resume_soon(*two);
  room_.loop().finish_callback();
  EXPECT_TRUE(room_.loop().finish_turns());
  EXPECT_EQ(take_notes(), (Notes{"two", "one at the end"}));
  EXPECT_FALSE(room_.loop().finish_turns());
}

TEST_F(WorkerLoopTest, FiresTimersByTheClockThatItIsGiven) {
  int fired = 0;
  net::Timer timer([](void* count) { ++*static_cast<int*>(count); }, &fired);
  room_.loop().wheel().set(timer, room_.loop().now() + Millis{100});
  room_.wait(Millis{80});
  EXPECT_EQ(fired, 0);
  room_.wait(Millis{60});
  EXPECT_EQ(fired, 1);
}

TEST_F(WorkerLoopTest, GoesOverToANewViewWhileOthersHoldTheOld) {
  const PinnedService old = room_.loop().routes().service(0);
  EXPECT_EQ(old->groups[Colour::blue].targets.size(), 2U);
  room_.add_targets(0, Colour::blue, 1);
  room_.publish();
  EXPECT_EQ(room_.loop().routes().service(0)->groups[Colour::blue].targets.size(), 3U);
  EXPECT_EQ(old->groups[Colour::blue].targets.size(), 2U);
  EXPECT_EQ(room_.loop().routes().version(), 2U);
}

TEST_F(WorkerLoopTest, IsAsShortOfIdleConnectionsAsTheOverloadOfItsTurnSays) {
  WorkerLoop& loop = room_.loop();
  constexpr Millis kUsual{60'000};
  EXPECT_EQ(loop.idle_limit(kUsual), kUsual);
  room_.pool.overload = OverloadLevel::short_idle;
  EXPECT_EQ(loop.idle_limit(kUsual), kUsual) << "the turn has not ended";
  loop.begin_turn();
  EXPECT_EQ(loop.idle_limit(kUsual), kUsual / 8);
  room_.pool.overload = OverloadLevel::no_keep_alive;
  loop.begin_turn();
  loop.follow_overload();
  EXPECT_EQ(loop.idle_limit(kUsual), Millis{1000});
  EXPECT_TRUE(loop.ends_connections());
  room_.pool.overload = OverloadLevel::none;
  loop.begin_turn();
  loop.follow_overload();
  EXPECT_FALSE(loop.ends_connections());
}

TEST_F(WorkerLoopTest, EndsConnectionsWhileItDrainsWhateverTheOverload) {
  room_.loop().begin_drain();
  room_.loop().begin_turn();
  room_.loop().follow_overload();
  EXPECT_TRUE(room_.loop().is_draining());
  EXPECT_TRUE(room_.loop().ends_connections());
}

TEST_F(WorkerLoopTest, GivesOutSoManyCompressorsAtOnce) {
  std::vector<std::unique_ptr<Compressor>> taken;
  while (auto compressor = room_.loop().take_compressor(Coding::gzip))
    taken.push_back(std::move(compressor));
  EXPECT_EQ(taken.size(), kMaxCompressors);
  room_.loop().give_back(std::move(taken.back()));
  taken.pop_back();
  taken.push_back(room_.loop().take_compressor(Coding::gzip));
  EXPECT_NE(taken.back(), nullptr);
}

}  // namespace
}  // namespace teal::proxy
