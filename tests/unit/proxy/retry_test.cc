#include "proxy/retry.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

constexpr RequestTraits kGet{.is_repeatable = true, .is_replayable = true};
constexpr RequestTraits kPost{.is_repeatable = false, .is_replayable = true};

constexpr FailedAttempt died_when_reused() {
  return {.failure = Failure::reset, .on_kept_connection = true, .request_sent = true};
}

TEST(Retry, TriesAnotherTargetWhenNothingWasSent) {
  EXPECT_EQ(after_failure({.failure = Failure::connect}, kPost, 1, false), Next::another_target);
  EXPECT_EQ(after_failure({.failure = Failure::connect_timeout}, kGet, 2, false),
            Next::another_target);
}

TEST(Retry, SendsEvenAPostAgainWhenAKeptConnectionTookNotOneByteOfIt) {
  FailedAttempt failed = died_when_reused();
  failed.request_sent = false;
  EXPECT_EQ(after_failure(failed, kPost, 1, false), Next::fresh_connection);
  EXPECT_EQ(after_failure(failed, kPost, 2, true), Next::give_up);
}

TEST(Retry, StopsAfterTheMostAttempts) {
  EXPECT_EQ(after_failure({.failure = Failure::connect}, kGet, kMostAttempts, false),
            Next::give_up);
}

TEST(Retry, SendsARepeatableRequestAgainWhenAKeptConnectionDiesUnderIt) {
  EXPECT_EQ(after_failure(died_when_reused(), kGet, 1, false), Next::fresh_connection);
}

TEST(Retry, DoesSoOnlyOnce) {
  EXPECT_EQ(after_failure(died_when_reused(), kGet, 2, true), Next::give_up);
}

TEST(Retry, NeverSendsAPostTwice) {
  EXPECT_EQ(after_failure(died_when_reused(), kPost, 1, false), Next::give_up);
}

TEST(Retry, NeedsAllOfTheRequestAtHand) {
  EXPECT_EQ(after_failure(died_when_reused(), {.is_repeatable = true}, 1, false), Next::give_up);
}

TEST(Retry, TakesADeathOnAFreshConnectionForTheTargetsFailure) {
  FailedAttempt failed = died_when_reused();
  failed.on_kept_connection = false;
  EXPECT_EQ(after_failure(failed, kGet, 1, false), Next::give_up);
}

TEST(Retry, GivesUpOnceAByteOfTheResponseHasCome) {
  FailedAttempt failed = died_when_reused();
  failed.response_begun = true;
  EXPECT_EQ(after_failure(failed, kGet, 1, false), Next::give_up);
}

TEST(Retry, DoesNotRepeatWhatTimedOut) {
  FailedAttempt failed = died_when_reused();
  failed.failure = Failure::response_timeout;
  EXPECT_EQ(after_failure(failed, kGet, 1, false), Next::give_up);
}

}  // namespace
}  // namespace teal::proxy
