#include <gtest/gtest.h>

#include "proxy/policy/expectation.h"

namespace teal::proxy {
namespace {

constexpr Mono kNow{std::chrono::hours{1}};

/// One that waits for its target, which was asked.
Expectation asked() {
  Expectation expectation;
  expectation.begin(true);
  EXPECT_TRUE(expectation.ask({}, kNow));
  return expectation;
}

TEST(ExpectationTest, NobodyIsAskedForAClientThatWaitsForNothing) {
  Expectation expectation;
  expectation.begin(false);
  EXPECT_FALSE(expectation.ask({}, kNow));
  EXPECT_FALSE(expectation.is_waited_for());
  EXPECT_FALSE(expectation.take_continue()) << "one that nobody waits for is dropped";
  EXPECT_FALSE(expectation.is_in_doubt());
  expectation.take_answer(true);
  EXPECT_FALSE(expectation.is_body_refused());
}

TEST(ExpectationTest, TheTargets100IsTheClientsOnce) {
  Expectation expectation = asked();
  EXPECT_TRUE(expectation.is_in_doubt());
  EXPECT_TRUE(expectation.take_continue());
  EXPECT_FALSE(expectation.is_in_doubt());
  EXPECT_FALSE(expectation.take_continue()) << "a second one";
  expectation.take_answer(true);
  EXPECT_FALSE(expectation.is_body_refused());
}

TEST(ExpectationTest, AnAnswerInsteadRefusesTheBody) {
  Expectation expectation = asked();
  expectation.take_answer(true);
  EXPECT_TRUE(expectation.is_body_refused());
  EXPECT_TRUE(expectation.is_in_doubt());
  expectation.take_body(kNow);
  EXPECT_TRUE(expectation.is_body_refused()) << "what comes all the same is for nobody";
}

TEST(ExpectationTest, ABodyThatComesUnaskedWaitsForNothingAndLeavesDoubt) {
  Expectation expectation = asked();
  expectation.take_body(kNow);
  EXPECT_FALSE(expectation.is_waited_for());
  EXPECT_TRUE(expectation.is_in_doubt()) << "the target may not have read it";
}

TEST(ExpectationTest, AnAnswerRefusesTheRestOfABodyThatNobodyMayRead) {
  Expectation expectation = asked();
  EXPECT_FALSE(expectation.take_body(kNow)) << "no time to be silent in";
  EXPECT_FALSE(expectation.take_answer(true)) << "nobody waited for a 100";
  EXPECT_TRUE(expectation.is_body_refused());
  EXPECT_TRUE(expectation.is_body_needless());
}

TEST(ExpectationTest, AnAnswerOverHttp2LeavesTheBodyToTheClient) {
  Expectation expectation = asked();
  EXPECT_TRUE(expectation.take_answer(false));
  EXPECT_FALSE(expectation.is_body_refused());
  EXPECT_TRUE(expectation.is_body_needless());
  EXPECT_FALSE(expectation.take_continue());
}

TEST(ExpectationTest, ABodyAfterAnUnansweredTimeTellsOfASilentTarget) {
  Expectation expectation = asked();
  EXPECT_TRUE(expectation.take_body(kNow + Expectation::kSilence));
  EXPECT_FALSE(expectation.take_body(kNow + Expectation::kSilence)) << "once";
  Expectation quick = asked();
  EXPECT_FALSE(quick.take_body(kNow + Expectation::kSilence - Micros{1}));
}

TEST(ExpectationTest, A100BehindTheBeginningOfTheBodyIsDroppedAndEndsTheDoubt) {
  Expectation expectation = asked();
  expectation.take_body(kNow);
  EXPECT_FALSE(expectation.take_continue());
  EXPECT_FALSE(expectation.is_in_doubt());
}

TEST(ExpectationTest, TealsWordInATargetsPlaceLeavesDoubt) {
  Expectation expectation = asked();
  EXPECT_TRUE(expectation.take_word());
  EXPECT_FALSE(expectation.take_word());
  EXPECT_TRUE(expectation.is_in_doubt());
}

TEST(ExpectationTest, EachTargetIsAskedWhileTheClientWaits) {
  Expectation expectation = asked();
  EXPECT_TRUE(expectation.ask({}, kNow)) << "the first one died before it said anything";
  EXPECT_TRUE(expectation.take_continue());
  EXPECT_FALSE(expectation.ask({}, kNow)) << "its body is on its way";
  EXPECT_FALSE(expectation.is_in_doubt());
}

TEST(ExpectationTest, OneThatIsKnownToBeSilentIsNotAsked) {
  ContinueHabit target;
  target.was_silent(kNow, kNow);
  Expectation expectation;
  expectation.begin(true);
  EXPECT_FALSE(expectation.ask(target, kNow));
  EXPECT_FALSE(expectation.is_asked());
  EXPECT_TRUE(expectation.take_word()) << "Teal's own";
  EXPECT_FALSE(expectation.is_in_doubt());
}

TEST(ExpectationTest, ASilentOneBehindOneThatWasAskedIsNotAsked) {
  ContinueHabit silent;
  silent.was_silent(kNow, kNow);
  Expectation expectation = asked();
  EXPECT_FALSE(expectation.ask(silent, kNow));
  EXPECT_FALSE(expectation.is_asked());
  EXPECT_TRUE(expectation.is_waited_for());
}

TEST(ContinueHabitTest, SilenceIsRememberedForATime) {
  ContinueHabit target;
  EXPECT_FALSE(target.is_silent(kNow));
  target.was_silent(kNow, kNow);
  EXPECT_TRUE(target.is_silent(kNow));
  EXPECT_FALSE(target.is_silent(kNow + ContinueHabit::kRemembered));
}

TEST(ContinueHabitTest, OneThatHasSaid100IsASilentOneAfterSeveralSilencesInARow) {
  ContinueHabit target;
  target.answered();
  target.was_silent(kNow, kNow);
  target.was_silent(kNow, kNow);
  target.answered();
  for (int i = 1; i < ContinueHabit::kSilences; ++i) {
    target.was_silent(kNow, kNow);
    EXPECT_FALSE(target.is_silent(kNow)) << i;
  }
  target.was_silent(kNow, kNow);
  EXPECT_TRUE(target.is_silent(kNow));
  target.answered();
  EXPECT_FALSE(target.is_silent(kNow));
}

TEST(ContinueHabitTest, SilencesAtTheSameTimeAreOne) {
  ContinueHabit target;
  target.answered();
  for (int i = 0; i < 10; ++i) target.was_silent(kNow, kNow + Millis{800});
  EXPECT_FALSE(target.is_silent(kNow + Millis{800}));
}

TEST(ContinueHabitTest, OneThatSpeaksHttp10IsASilentOneAtOnce) {
  ContinueHabit target;
  target.answered();
  target.answered_in_http10(kNow);
  EXPECT_TRUE(target.is_silent(kNow));
}

}  // namespace
}  // namespace teal::proxy
