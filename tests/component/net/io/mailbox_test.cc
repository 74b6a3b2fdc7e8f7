// What other threads bring to a reactor's thread: all of it comes, once, and in the order in which
// each of them put it in.
#include "net/io/mailbox.h"

#include <thread>

#include <gtest/gtest.h>

namespace teal::net {
namespace {

using namespace std::chrono_literals;

struct Letter {
  int from = 0;
  int number = 0;
};

class MailboxTest : public testing::Test {
 protected:
  void look() {
    if (!mailbox_.has_items()) return;
    for (const Letter& each : mailbox_.take()) got_.push_back(each);
  }
  void turn(Millis at_most) { reactor_.turn(at_most); }

  Reactor reactor_{{.before_turn = [] {},
                    .after_each = [this] { look(); },
                    .woken = [this] { ++woken_; },
                    .after_turn = [] {}}};
  Mailbox<Letter> mailbox_{reactor_};
  std::vector<Letter> got_;
  int woken_ = 0;
};

TEST_F(MailboxTest, IsEmptyUntilSomethingIsPutIn) {
  EXPECT_FALSE(mailbox_.has_items());
  EXPECT_TRUE(mailbox_.take().empty());
  mailbox_.put({1, 1});
  EXPECT_TRUE(mailbox_.has_items());
  EXPECT_EQ(mailbox_.take().size(), 1U);
  EXPECT_FALSE(mailbox_.has_items());
}

TEST_F(MailboxTest, EndsTheWaitOnceForAllThatIsThere) {
  mailbox_.put({1, 1});
  mailbox_.put({1, 2});
  turn(10s);
  EXPECT_EQ(woken_, 1);
  ASSERT_EQ(got_.size(), 2U);
  EXPECT_EQ(got_[0].number, 1);
  EXPECT_EQ(got_[1].number, 2);
}

TEST_F(MailboxTest, EndsAWaitThatIsUnderWay) {
  std::thread other([this] { mailbox_.put({1, 1}); });
  while (got_.empty()) turn(10s);
  other.join();
  EXPECT_EQ(got_.size(), 1U);
}

TEST_F(MailboxTest, LosesNothingOfManyThreadsAndKeepsTheOrderOfEach) {
  constexpr int kThreads = 4, kLetters = 2000;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int from = 0; from < kThreads; ++from)
    threads.emplace_back([this, from] {
      for (int number = 0; number < kLetters; ++number) mailbox_.put({from, number});
    });
  while (got_.size() < std::size_t{kThreads} * kLetters) turn(10s);
  for (std::thread& each : threads) each.join();
  std::vector<int> next(kThreads);
  for (const Letter& each : got_) {
    EXPECT_EQ(each.number, next[static_cast<std::size_t>(each.from)]);
    next[static_cast<std::size_t>(each.from)] = each.number + 1;
  }
  EXPECT_FALSE(mailbox_.has_items());
}

TEST_F(MailboxTest, TakesWhatIsPutInWhileItIsTaken) {
  mailbox_.put({1, 1});
  for (const Letter& each : mailbox_.take())
    if (each.number < 3) mailbox_.put({1, each.number + 1});
  EXPECT_TRUE(mailbox_.has_items());
  EXPECT_EQ(mailbox_.take().at(0).number, 2);
}

}  // namespace
}  // namespace teal::net
