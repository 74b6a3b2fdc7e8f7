#include "net/io/reactor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <thread>
#include <utility>

#include "net/io/socket.h"

namespace teal::net {
namespace {

using namespace std::chrono_literals;

class Recorder final : public EventHandler {
 public:
  explicit Recorder(std::function<void(Recorder&)> act = {}) : act_(std::move(act)) {}
  ~Recorder() override { ++destroyed; }
  void on_ready(Readiness ready) override {
    last = ready;
    ++calls;
    if (act_) act_(*this);
  }

  Readiness last;
  int calls = 0;
  static inline int destroyed = 0;

 private:
  std::function<void(Recorder&)> act_;
};

class ReactorTest : public testing::Test {
 protected:
  ReactorTest()
      : reactor_({.before_turn = [this] { ++turns_; },
                  .after_each = [this] { ++after_each_; },
                  .woken = [this] { ++woken_; },
                  .after_turn = [] {}}) {
    Recorder::destroyed = 0;
  }

  std::pair<Socket, Socket> make_pair() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
    return {Socket(pair[0]), Socket(pair[1])};
  }
  void turn(Millis at_most = 5s) { reactor_.turn(at_most); }
  static void say(const Socket& socket) { ASSERT_EQ(::send(socket.fd(), "x", 1, 0), 1); }

  int turns_ = 0;
  int woken_ = 0;
  int after_each_ = 0;
  Reactor reactor_;
};

TEST_F(ReactorTest, TellsReadinessOnceAndAgainWhenMoreComes) {
  auto [ours, theirs] = make_pair();
  const boost::intrusive_ptr<Recorder> recorder(new Recorder);
  ASSERT_TRUE(reactor_.add(ours.fd(), *recorder));
  turn();
  EXPECT_EQ(recorder->calls, 1);
  EXPECT_TRUE(recorder->last.write);
  EXPECT_FALSE(recorder->last.read);
  say(theirs);
  turn();
  EXPECT_EQ(recorder->calls, 2);
  EXPECT_TRUE(recorder->last.read);
  say(theirs);
  turn();
  EXPECT_EQ(recorder->calls, 3);
  EXPECT_EQ(after_each_, 3);
  reactor_.remove(ours.fd(), *recorder);
}

TEST_F(ReactorTest, TellsThatThePeerHasEnded) {
  auto [ours, theirs] = make_pair();
  const boost::intrusive_ptr<Recorder> recorder(new Recorder);
  ASSERT_TRUE(reactor_.add(ours.fd(), *recorder));
  ::shutdown(theirs.fd(), SHUT_WR);
  turn();
  EXPECT_TRUE(recorder->last.ended);
  EXPECT_FALSE(recorder->last.broken);
  theirs.close();
  turn();
  EXPECT_TRUE(recorder->last.broken);
  reactor_.remove(ours.fd(), *recorder);
}

TEST_F(ReactorTest, AWatcherMayRemoveAndSoDestroyItself) {
  auto [ours, theirs] = make_pair();
  const int fd = ours.fd();
  ASSERT_TRUE(
      reactor_.add(fd, *new Recorder([this, fd](Recorder& self) { reactor_.remove(fd, self); })));
  turn();
  EXPECT_EQ(Recorder::destroyed, 1);
}

TEST_F(ReactorTest, EventsFetchedForARemovedWatcherAreForgotten) {
  auto [a, a_peer] = make_pair();
  auto [b, b_peer] = make_pair();
  Recorder* recorders[2] = {nullptr, nullptr};
  const int fds[2] = {a.fd(), b.fd()};
  int calls = 0;
  // Whichever is told first removes both; the other one's event is in the same batch.
  for (int i = 0; i < 2; ++i)
    recorders[i] = new Recorder([&](Recorder&) {
      ++calls;
      reactor_.remove(fds[0], *recorders[0]);
      reactor_.remove(fds[1], *recorders[1]);
    });
  ASSERT_TRUE(reactor_.add(fds[0], *recorders[0]));
  ASSERT_TRUE(reactor_.add(fds[1], *recorders[1]));
  turn();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(Recorder::destroyed, 2);
}

TEST_F(ReactorTest, ASocketThatWasClosedNeedsNoSystemCallToBeForgotten) {
  auto [ours, theirs] = make_pair();
  ASSERT_TRUE(reactor_.add(ours.fd(), *new Recorder([&](Recorder& self) {
                             ours.close();
                             reactor_.remove_closed(self);
                           })));
  say(theirs);
  turn();
  EXPECT_EQ(Recorder::destroyed, 1);
  turn(0ms);
  EXPECT_EQ(after_each_, 1);
}

TEST_F(ReactorTest, WhoRingsFromAnotherThreadEndsTheWait) {
  std::thread other([this] { reactor_.wake(); });
  turn(1h);
  other.join();
  EXPECT_EQ(woken_, 1);
  turn(0ms);
  EXPECT_EQ(woken_, 1) << "once for each ring";
  reactor_.wake();
  reactor_.wake();
  turn(1h);
  EXPECT_EQ(woken_, 2) << "and once for those that came together";
}

TEST_F(ReactorTest, ATurnEndsAtItsTimeWithoutAnyEvent) {
  turn(1ms);
  EXPECT_EQ(turns_, 1);
  EXPECT_EQ(after_each_, 0);
}

}  // namespace
}  // namespace teal::net
