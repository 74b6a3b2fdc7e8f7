// What comes next for a request whose attempt has failed, as its service, its group and those who
// are there allow it.
#include "proxy/request/recovery.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() {
    spec_.retry.attempts = 3;
    spec_.shield.enabled = true;
    spec_.shield.on = {.connect_failure = true, .reset = true, .any_5xx = true};
  }

  RecoveryFacts facts() const {
    return {.spec = spec_,
            .request = {.is_repeatable = true, .is_replayable = true},
            .tries = {.attempts = 1},
            .is_on_release = true,
            .has_other_target = true,
            .live_is_available = true};
  }
  static FailedAttempt reset_after_sending() {
    return {.failure = Failure::reset, .request_sent = true};
  }

  config::Service spec_;
};

TEST_F(RecoveryTest, AskAnotherTargetWhereTheRequestNeverLeft) {
  spec_.retry.on = {.connect_failure = true};
  EXPECT_EQ(plan_recovery({.failure = Failure::connect}, facts()).next, Next::another_target);
}

TEST_F(RecoveryTest, GoToTheLiveGroupWhereTheGroupIsExhausted) {
  spec_.retry.on = {.connect_failure = true};
  EXPECT_EQ(plan_recovery({.failure = Failure::connect}, facts(), true).next, Next::live_group);
}

TEST_F(RecoveryTest, DoNotThrowAnAnswerAwayForNobody) {
  spec_.retry.on = {.any_5xx = true};
  const FailedAttempt failed{.failure = Failure::status, .status = 503, .request_sent = true};
  EXPECT_EQ(plan_recovery(failed, facts()).next, Next::another_target);
  RecoveryFacts alone = facts();
  alone.has_other_target = false;
  EXPECT_EQ(plan_recovery(failed, alone).next, Next::live_group) << "the shield has somebody";
  alone.is_on_release = false;
  EXPECT_EQ(plan_recovery(failed, alone).next, Next::give_up);
}

TEST_F(RecoveryTest, AskTheSameTargetAgainWhereItDidNotBeginAndIsTheOnlyOne) {
  spec_.retry.on = {.connect_failure = true};
  RecoveryFacts last = facts();
  last.tries.attempts = 2;
  const FailedAttempt failed{.failure = Failure::not_begun};
  EXPECT_EQ(plan_recovery(failed, last).next, Next::another_target);
  last.has_other_target = false;
  EXPECT_EQ(plan_recovery(failed, last).next, Next::fresh_connection);
}

TEST_F(RecoveryTest, GiveUpWhatTheShieldMayNotRepeatAndSayWhy) {
  RecoveryFacts post = facts();
  post.request.is_repeatable = false;
  EXPECT_EQ(plan_recovery(reset_after_sending(), post),
            (Recovery{Next::give_up, ServiceStat::shield_not_repeatable}));
  post.request.is_replayable = false;
  EXPECT_EQ(plan_recovery(reset_after_sending(), post),
            (Recovery{Next::give_up, ServiceStat::shield_not_replayable}));
}

TEST_F(RecoveryTest, GiveUpWhereTheLiveGroupHasNobodyAndSayWhy) {
  RecoveryFacts dead = facts();
  dead.live_is_available = false;
  EXPECT_EQ(plan_recovery(reset_after_sending(), dead),
            (Recovery{Next::give_up, ServiceStat::shield_without_target}));
}

TEST_F(RecoveryTest, GiveUpOnceTheClientHasSeenABeginning) {
  spec_.retry.on = {.connect_failure = true, .reset = true};
  RecoveryFacts begun = facts();
  begun.has_sent_interim = true;
  EXPECT_EQ(plan_recovery(reset_after_sending(), begun), Recovery{});
}

TEST_F(RecoveryTest, TheLiveGroupIsForTheReleasesRequestsOnly) {
  EXPECT_TRUE(may_go_live(facts(), true));
  RecoveryFacts of_live = facts();
  of_live.is_on_release = false;
  EXPECT_FALSE(may_go_live(of_live, true));
  RecoveryFacts alone = facts();
  alone.live_is_available = false;
  EXPECT_FALSE(may_go_live(alone, true));
  RecoveryFacts begun = facts();
  begun.has_sent_interim = true;
  EXPECT_FALSE(may_go_live(begun, true));
  spec_.shield.enabled = false;
  EXPECT_FALSE(may_go_live(facts(), true));
}

TEST_F(RecoveryTest, TheLiveGroupGetsWhatMayBeRepeatedOrWasNeverSent) {
  RecoveryFacts post = facts();
  post.request.is_repeatable = false;
  EXPECT_FALSE(may_go_live(post, true));
  EXPECT_TRUE(may_go_live(post, false));
  post.request.is_replayable = false;
  EXPECT_FALSE(may_go_live(post, false));
}

TEST_F(RecoveryTest, ABodyIsKeptWhereItMayBeWantedOnceMore) {
  spec_.retry.on = {.connect_failure = true};
  EXPECT_FALSE(keeps_body(spec_, false));
  EXPECT_TRUE(keeps_body(spec_, true)) << "the shield";
  spec_.shield.enabled = false;
  EXPECT_FALSE(keeps_body(spec_, true));
  spec_.retry.on.status_503 = true;
  EXPECT_TRUE(keeps_body(spec_, false));
}

TEST_F(RecoveryTest, TheReleaseIsBlamedForWhatTheClientWouldHaveGot) {
  EXPECT_EQ(blamed_status({.failure = Failure::status, .status = 500}), 500);
  EXPECT_EQ(blamed_status({.failure = Failure::reset}), 502);
  EXPECT_EQ(blamed_status({.failure = Failure::response_timeout}), 504);
  EXPECT_EQ(blamed_status({.failure = Failure::connect_timeout}), 504);
  EXPECT_EQ(blamed_status({.failure = Failure::not_begun}), 503);
}

}  // namespace
}  // namespace teal::proxy
