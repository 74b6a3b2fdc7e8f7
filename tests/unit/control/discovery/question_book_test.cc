#include "control/discovery/question_book.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

using namespace std::chrono_literals;
using net::dns::Outcome;
using net::dns::Reply;
using net::dns::Type;

const Question kApp{"app.internal", Type::a};
const Question kApp6{"app.internal", Type::aaaa};

Reply reply(std::optional<std::chrono::seconds> ttl,
            const std::vector<std::string>& ips = {"10.0.0.1"}) {
  Reply made;
  made.outcome = ips.empty() ? Outcome::no_data : Outcome::found;
  made.ttl = ttl;
  for (const std::string& ip : ips) made.addresses.push_back(parse_ip(ip).value());
  return made;
}

class QuestionBookTest : public testing::Test {
 protected:
  QuestionBookTest() { book.want({kApp}); }

  /// Asks what is due and answers it; how long the answer holds.
  Millis lifetime(const AskResult& result) {
    book.take_due(now);
    book.answer(kApp, result, now);
    const Mono due = book.next_due();
    const auto life = std::chrono::duration_cast<Millis>(due - now);
    now = due;
    return life;
  }

  Mono now{1h};
  config::Discovery rules;
  QuestionBook book{rules, 7};
};

TEST_F(QuestionBookTest, AsksOnceWhatManyWantToKnow) {
  EXPECT_EQ(book.take_due(now), std::vector{kApp});
  EXPECT_TRUE(book.take_due(now).empty());
  book.want({kApp, kApp6});
  EXPECT_EQ(book.take_due(now), std::vector{kApp6});
  EXPECT_EQ(book.next_due(), Mono::max());
}

TEST_F(QuestionBookTest, AnAnswerHoldsForItsTimeOrATenthLess) {
  std::set<Millis> lives;
  for (int i = 0; i < 100; ++i) {
    const Millis life = lifetime(reply(60s));
    EXPECT_LE(life, 60s);
    EXPECT_GE(life, 54s);
    lives.insert(life);
  }
  EXPECT_GT(lives.size(), 50U);
}

TEST_F(QuestionBookTest, TimesOutOfTheBoundsCountAsTheBounds) {
  EXPECT_GE(lifetime(reply(0s)), 900ms);
  EXPECT_GE(lifetime(reply(100'000s)), 270s);
  EXPECT_LE(lifetime(reply(100'000s)), 300s);
}

TEST_F(QuestionBookTest, AnEmptyAnswerHoldsForAsLongAsItsZoneSaysOrFiveSeconds) {
  EXPECT_LE(lifetime(reply(30s, {})), 30s);
  EXPECT_GE(lifetime(reply(30s, {})), 27s);
  EXPECT_LE(lifetime(reply(std::nullopt, {})), 5s);
  EXPECT_GE(lifetime(reply(std::nullopt, {})), 4500ms);
}

TEST_F(QuestionBookTest, AFailureIsTriedAgainEachTimeAfterTwiceAsLong) {
  const LookProblem timeout{LookFault::timeout, "nobody answers"};
  for (const Millis pause : {1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 30000ms, 30000ms})
    EXPECT_EQ(lifetime(timeout), pause);
  Reply failed;
  failed.outcome = Outcome::server_failure;
  EXPECT_EQ(lifetime(failed), 30s);
  lifetime(reply(60s));
  EXPECT_EQ(lifetime(failed), 1s);
}

TEST_F(QuestionBookTest, AFailureKeepsTheAnswerBefore) {
  lifetime(reply(60s));
  Reply refused;
  refused.outcome = Outcome::refused;
  lifetime(refused);
  const KnownAnswer* const known = book.find(kApp);
  ASSERT_NE(known, nullptr);
  EXPECT_EQ(known->reply, reply(60s));
  ASSERT_TRUE(known->problem);
  EXPECT_EQ(known->problem->fault, LookFault::refused);
  lifetime(reply(60s));
  EXPECT_FALSE(book.find(kApp)->problem);
}

TEST_F(QuestionBookTest, LooksAgainSoonWhereMoreThanHalfHasGone) {
  lifetime(reply(300s, {"10.0.0.1", "10.0.0.2", "10.0.0.3"}));
  EXPECT_GE(lifetime(reply(300s, {"10.0.0.1", "10.0.0.2"})), 270s);
  EXPECT_LE(lifetime(reply(300s, {"10.0.0.3"})), 10500ms);
  EXPECT_GE(lifetime(reply(300s, {"10.0.0.3"})), 270s);
}

TEST_F(QuestionBookTest, WhatIsStillWantedKeepsItsTime) {
  lifetime(reply(60s));
  const Mono due = now;
  book.want({kApp});
  EXPECT_EQ(book.next_due(), due);
  book.want({});
  EXPECT_EQ(book.next_due(), Mono::max());
  EXPECT_EQ(book.find(kApp), nullptr);
  book.answer(kApp, reply(60s), now);  // That was under way.
  EXPECT_EQ(book.find(kApp), nullptr);
}

}  // namespace
}  // namespace teal::control
