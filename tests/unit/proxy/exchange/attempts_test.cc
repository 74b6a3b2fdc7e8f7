// The targets that a request is sent to one after the other: what each attempt costs, how it ends,
// what is said of its target.
#include "proxy/exchange/attempts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/unit_exchange_parts.h"

namespace teal::proxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AttemptsTest : public ExchangePartsTest {
 protected:
  /// A request is with its group, and was sent to nobody yet.
  Attempts& begin() {
    ExchangeParts& parts = draw();
    parts.attempts.join(parts.serving.group().runtime);
    return parts.attempts;
  }
  std::vector<BadOutcome> outcomes() {
    room_.wait(net::TimerWheel::kTick);
    auto taken = room_.loop().reports().take();
    return taken.reports ? taken.reports->outcomes : std::vector<BadOutcome>{};
  }
};

TEST_F(AttemptsTest, ARequestThatWasSentToNobodyHasNoTarget) {
  Attempts& attempts = begin();
  EXPECT_EQ(attempts.count(), 0U);
  EXPECT_EQ(attempts.side(), nullptr);
  EXPECT_EQ(attempts.target_id(), 0U);
  EXPECT_EQ(attempts.connect_micros(), -1) << "it was never connected";
  EXPECT_FALSE(attempts.is_blocked());
  attempts.drop(true);
}

TEST_F(AttemptsTest, AnAttemptIsInFlightUntilItsSideIsLetGoOf) {
  Attempts& attempts = begin();
  parts_->attempt(side_);
  EXPECT_EQ(attempts.count(), 1U);
  EXPECT_EQ(attempts.target()->in_flight, 1U);
  side_.blocked = true;
  EXPECT_TRUE(attempts.is_blocked());
  attempts.drop(true);
  EXPECT_THAT(side_.calls.take(), ElementsAre("release"));
  EXPECT_EQ(attempts.target()->in_flight, 0U);
  EXPECT_EQ(attempts.target_id(), 1U) << "it is known who it was";
}

TEST_F(AttemptsTest, AConnectionThatIsOfNoMoreUseIsAbandoned) {
  Attempts& attempts = begin();
  parts_->attempt(side_);
  attempts.drop(false);
  EXPECT_THAT(side_.calls.take(), ElementsAre("abandon"));
}

TEST_F(AttemptsTest, AResponseThatNobodyWantsIsThrownAwayWhereItsConnectionMayBeKept) {
  Attempts& attempts = begin();
  parts_->attempt(side_);
  attempts.discard(true);
  EXPECT_THAT(side_.calls.take(), ElementsAre("discard"));
  parts_->attempt(side_);
  attempts.discard(false);
  EXPECT_THAT(side_.calls.take(), ElementsAre("abandon"));
  parts_->attempt(side_);
  side_.blocked = true;
  attempts.discard(true);
  EXPECT_THAT(side_.calls.take(), ElementsAre("abandon")) << "the request still goes out";
}

TEST_F(AttemptsTest, HowLongAConnectionTookIsKnownOfOneThatWasMade) {
  Attempts& attempts = begin();
  parts_->attempt(side_);
  attempts.begin_to_connect(room_.loop().now());
  room_.wait(Millis{40});
  attempts.note_connected(room_.loop().now());
  EXPECT_EQ(attempts.connect_micros(), 40'000);
  attempts.note_kept();
  EXPECT_EQ(attempts.connect_micros(), 0);
}

TEST_F(AttemptsTest, ATargetThatRefusesAtOnceIsReportedAndLeftOut) {
  Attempts& attempts = begin();
  attempts.start(parts_->serving.group().targets[0], room_.loop().now());
  attempts.fail_at_once(false);
  EXPECT_THAT(attempts.tried(), ElementsAre(1U));
  EXPECT_EQ(attempts.failed().failure, Failure::connect);
  const auto told = outcomes();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].target, 1U);
  EXPECT_EQ(told[0].failure, Failure::connect);
}

TEST_F(AttemptsTest, ATargetThatTealCouldNotAskIsLeftOutAndNotReported) {
  Attempts& attempts = begin();
  attempts.start(parts_->serving.group().targets[0], room_.loop().now());
  attempts.fail_at_once(true);
  EXPECT_THAT(attempts.tried(), ElementsAre(1U));
  EXPECT_TRUE(attempts.failed().is_own_lack);
  EXPECT_THAT(outcomes(), IsEmpty());
  EXPECT_EQ(attempts.target()->consecutive_failures, 0U);
  EXPECT_EQ(attempts.target()->tally.requests, 0U);
}

TEST_F(AttemptsTest, FailuresInARowAreCountedUntilAGoodAnswer) {
  Attempts& attempts = begin();
  parts_->attempt(side_);
  EXPECT_TRUE(attempts.note_outcome(503));
  EXPECT_TRUE(attempts.note_outcome(500));
  EXPECT_EQ(attempts.target()->consecutive_failures, 2U);
  EXPECT_EQ(attempts.target()->consecutive_gateway, 0U) << "500 is the target's own";
  EXPECT_FALSE(attempts.note_outcome(404));
  EXPECT_EQ(attempts.target()->consecutive_failures, 0U);
  EXPECT_EQ(attempts.target()->tally.requests, 3U);
  EXPECT_EQ(attempts.target()->tally.failures, 2U);
  EXPECT_THAT(outcomes(), testing::SizeIs(2));
}

TEST_F(AttemptsTest, AFullTargetIsLeftForOthersAndThatIsNoAttempt) {
  Attempts& attempts = begin();
  parts_->attempt(side_);
  attempts.set_full_aside();
  EXPECT_EQ(attempts.count(), 0U);
  EXPECT_EQ(attempts.tries().attempts, 0U);
  EXPECT_THAT(side_.calls.take(), ElementsAre("abandon"));
  EXPECT_TRUE(attempts.has_full_aside());
  EXPECT_THAT(attempts.tried(), ElementsAre(1U));
  EXPECT_EQ(attempts.take_full(), 1U);
  EXPECT_THAT(attempts.tried(), IsEmpty()) << "it may be asked again";
  EXPECT_FALSE(attempts.has_full_aside());
}

TEST_F(AttemptsTest, WhatWasLeftBehindForOthersCostsTheRequestNothing) {
  Attempts& attempts = begin();
  parts_->attempt(side_);
  EXPECT_TRUE(attempts.pass_over({.failure = Failure::not_begun, .left_behind = true}));
  EXPECT_EQ(attempts.tries().attempts, 0U);
  EXPECT_EQ(attempts.tries().left_behind, 1U);
  EXPECT_FALSE(attempts.tries().fresh_was_tried);
}

TEST_F(AttemptsTest, AKeptConnectionThatDiedLeadsToAFreshOneOnce) {
  Attempts& attempts = begin();
  parts_->attempt(side_);
  EXPECT_FALSE(attempts.pass_over({.failure = Failure::reset, .on_kept_connection = true}));
  EXPECT_EQ(attempts.tries().attempts, 1U);
  EXPECT_TRUE(attempts.tries().fresh_was_tried);
}

TEST_F(AttemptsTest, WhyThereIsAFurtherAttemptIsSaidOnce) {
  Attempts& attempts = begin();
  EXPECT_FALSE(attempts.has_reason());
  attempts.note_reason(ServiceStat::retries_connect);
  EXPECT_TRUE(attempts.has_reason());
  EXPECT_EQ(attempts.take_reason(), ServiceStat::retries_connect);
  EXPECT_EQ(attempts.take_reason(), std::nullopt);
}

TEST_F(AttemptsTest, InAnotherGroupItHasItsTriesAgain) {
  Attempts& attempts = begin();
  parts_->attempt(side_);
  attempts.drop(false);
  const GroupPointer group = attempts.group();
  attempts.leave();
  EXPECT_EQ(group->active, 0U);
  attempts.join(group);
  EXPECT_EQ(group->active, 1U);
  EXPECT_EQ(attempts.tries().attempts, 0U);
  EXPECT_EQ(attempts.count(), 1U) << "which counts over all groups";
}

TEST_F(AttemptsTest, ATunnelIsNoRequestOfItsGroupAnyMore) {
  Attempts& attempts = begin();
  parts_->attempt(side_);
  const GroupPointer group = attempts.group();
  attempts.end_request();
  EXPECT_EQ(group->active, 0U);
  EXPECT_EQ(group->in_flight, 1U) << "and yet has a connection";
  attempts.drop(false);
}

TEST_F(AttemptsTest, WhoFindsTheLastPlaceTakenGoesToNobody) {
  service_->limits.in_flight_per_target = 1;
  Attempts& attempts = begin();
  TargetRuntime& target = *parts_->serving.group().targets[0];
  ASSERT_TRUE(target.shared->in_flight.take(1));  // another worker was faster
  EXPECT_FALSE(attempts.reserve(target, true));
  EXPECT_TRUE(attempts.wants_fresh()) << "and the next one is to be as this one";
  target.shared->in_flight.give_back();
  EXPECT_TRUE(attempts.reserve(target, true));
  EXPECT_FALSE(attempts.wants_fresh());
}

}  // namespace
}  // namespace teal::proxy
