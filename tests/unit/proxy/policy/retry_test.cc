#include "proxy/policy/retry.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

constexpr RequestTraits kGet{.is_repeatable = true, .is_replayable = true};
constexpr RequestTraits kPost{.is_repeatable = false, .is_replayable = true};
constexpr RequestTraits kLong{.is_repeatable = true, .is_replayable = false};

constexpr FailedAttempt died_when_reused() {
  return {.failure = Failure::reset, .on_kept_connection = true, .request_sent = true};
}
constexpr FailedAttempt failed(Failure failure, std::uint16_t status = 0) {
  return {.failure = failure,
          .status = status,
          .request_sent = failure != Failure::connect && failure != Failure::connect_timeout,
          .response_begun = failure == Failure::status};
}
constexpr RetryRules shielded(config::RetryOn on = config::Shield{}.on) {
  return {.is_shielded = true, .shield = on};
}
Next next(const FailedAttempt& attempt, const RequestTraits& request, const RetryRules& rules = {},
          const Tries& tries = {}) {
  return after_failure(attempt, request, rules, tries).next;
}

// ---- in the group -------------------------------------------------------------------------------

TEST(Retry, TriesAnotherTargetWhenNothingWasSent) {
  EXPECT_EQ(next(failed(Failure::connect), kPost), Next::another_target);
  EXPECT_EQ(next(failed(Failure::connect_timeout), kGet, {}, {2}), Next::another_target);
}

TEST(Retry, TriesNobodyElseWhereThatIsTurnedOff) {
  EXPECT_EQ(next(failed(Failure::connect), kGet, {.again = {}}), Next::give_up);
  EXPECT_EQ(next(failed(Failure::connect), kGet, {.attempts = 1}), Next::give_up);
}

TEST(Retry, SendsEvenAPostAgainWhenAKeptConnectionTookNotOneByteOfIt) {
  FailedAttempt attempt = died_when_reused();
  attempt.request_sent = false;
  EXPECT_EQ(next(attempt, kPost), Next::fresh_connection);
  EXPECT_EQ(next(attempt, kPost, {}, {2, true}), Next::give_up);
}

TEST(Retry, StopsAfterTheMostAttempts) {
  EXPECT_EQ(next(failed(Failure::connect), kGet, {}, {3}), Next::give_up);
}

TEST(Retry, SendsARepeatableRequestAgainWhenAKeptConnectionDiesUnderIt) {
  EXPECT_EQ(next(died_when_reused(), kGet), Next::fresh_connection);
}

TEST(Retry, NeverGoesRoundALoopOnceMore) {
  const RetryRules everything{.again = {.any_5xx = true}, .attempts = 10};
  EXPECT_EQ(next(failed(Failure::status, 508), kGet, everything), Next::give_up);
  EXPECT_EQ(next(failed(Failure::status, 507), kGet, everything), Next::another_target);
  EXPECT_EQ(next(failed(Failure::status, 508), kGet, shielded({.any_5xx = true})), Next::live_group)
      << "the live group is no part of the release's loop";
}

TEST(Retry, DoesSoOnlyOnce) {
  EXPECT_EQ(next(died_when_reused(), kGet, {}, {2, true}), Next::give_up);
}

TEST(Retry, NeverSendsAPostTwice) {
  EXPECT_EQ(next(died_when_reused(), kPost), Next::give_up);
}

TEST(Retry, NeedsAllOfTheRequestAtHand) {
  EXPECT_EQ(next(died_when_reused(), kLong), Next::give_up);
}

TEST(Retry, TakesADeathOnAFreshConnectionForTheTargetsFailure) {
  EXPECT_EQ(next(failed(Failure::reset), kGet), Next::give_up);
}

TEST(Retry, GivesUpOnceAByteOfTheResponseHasCome) {
  FailedAttempt attempt = died_when_reused();
  attempt.response_begun = true;
  EXPECT_EQ(next(attempt, kGet), Next::give_up);
}

TEST(Retry, DoesNotRepeatWhatTimedOut) {
  FailedAttempt attempt = died_when_reused();
  attempt.failure = Failure::response_timeout;
  EXPECT_EQ(next(attempt, kGet), Next::give_up);
}

TEST(Retry, AsksAnotherTargetForWhatTheServiceListsIfThatIsSafe) {
  const RetryRules rules{
      .again = {.connect_failure = true, .reset = true, .timeout = true, .status_503 = true}};
  EXPECT_EQ(next(failed(Failure::reset), kGet, rules), Next::another_target);
  EXPECT_EQ(next(failed(Failure::protocol), kGet, rules), Next::another_target);
  EXPECT_EQ(next(failed(Failure::response_timeout), kGet, rules), Next::another_target);
  EXPECT_EQ(next(failed(Failure::status, 503), kGet, rules), Next::another_target);
  EXPECT_EQ(next(failed(Failure::status, 502), kGet, rules), Next::give_up);
  EXPECT_EQ(next(failed(Failure::status, 503), kPost, rules), Next::give_up);
  EXPECT_EQ(next(failed(Failure::status, 503), kLong, rules), Next::give_up);
}

TEST(Retry, AsksAnotherTargetAndNotTheLiveGroupWhereTealLacksWhatAConnectionTakes) {
  constexpr FailedAttempt lack{.failure = Failure::connect, .is_own_lack = true};
  EXPECT_EQ(next(lack, kPost, shielded(), {.attempts = 1}), Next::another_target);
  EXPECT_EQ(next(lack, kGet, shielded(), {.attempts = 3}), Next::give_up);
  EXPECT_FALSE(is_targets_fault(lack, kGet, Next::give_up));
  EXPECT_EQ(next(failed(Failure::connect), kGet, shielded(), {.attempts = 3}), Next::live_group);
}

// ---- what was not begun -------------------------------------------------------------------------

constexpr FailedAttempt not_begun(bool left_behind = false) {
  return {.failure = Failure::not_begun, .on_kept_connection = true, .left_behind = left_behind};
}

TEST(NotBegun, GoesToTheSameTargetByAnotherConnectionWhateverItsMethod) {
  EXPECT_EQ(next(not_begun(), kPost), Next::fresh_connection);
  EXPECT_EQ(next(not_begun(), kPost, {}, {.fresh_was_tried = true}), Next::fresh_connection);
  EXPECT_EQ(next(not_begun(), kPost, {.again = {}, .attempts = 2}), Next::fresh_connection)
      << "no failure of the target has to be listed for that";
}

TEST(NotBegun, GoesToAnotherTargetAsALastAttempt) {
  EXPECT_EQ(next(not_begun(), kPost, {}, {.attempts = 2}), Next::another_target);
  EXPECT_EQ(next(not_begun(), kPost, {.again = {}}, {.attempts = 2}), Next::fresh_connection);
}

TEST(NotBegun, IsGivenUpAfterTheMostAttempts) {
  EXPECT_EQ(next(not_begun(), kGet, {}, {.attempts = 3}), Next::give_up);
  EXPECT_EQ(next(not_begun(), kGet, {.attempts = 1}, {.attempts = 1}), Next::give_up);
}

TEST(NotBegun, CostsNoAttemptWhereOthersHadTheirTurn) {
  EXPECT_EQ(next(not_begun(true), kPost, {.attempts = 1}, {.attempts = 1}), Next::fresh_connection);
  EXPECT_EQ(next(not_begun(true), kPost, {}, {3, true, kMaxLeftBehind - 1}),
            Next::fresh_connection);
}

TEST(NotBegun, IsLeftBehindForOthersOnlySoOften) {
  EXPECT_EQ(next(not_begun(true), kGet, {}, {1, false, kMaxLeftBehind}), Next::fresh_connection);
  EXPECT_EQ(next(not_begun(true), kGet, {}, {2, false, kMaxLeftBehind}), Next::another_target);
  EXPECT_EQ(next(not_begun(true), kGet, {}, {3, false, kMaxLeftBehind}), Next::give_up);
}

TEST(NotBegun, WantsTheBodyAtHandAndNothingOfAResponseSeen) {
  EXPECT_EQ(next(not_begun(), kLong), Next::give_up);
  EXPECT_EQ(next(not_begun(true), kLong), Next::give_up);
  EXPECT_EQ(next(not_begun(true), kGet, {.attempts = 0}), Next::give_up)
      << "of those who have seen an interim response";
}

TEST(NotBegun, GoesToTheLiveGroupWhenTheReleaseNeverBegins) {
  EXPECT_EQ(next(not_begun(), kPost, shielded(), {.attempts = 3}), Next::live_group);
}

TEST(NotBegun, IsHeldAgainstATargetOnlyWhenNobodyOfItsGroupBeganIt) {
  EXPECT_FALSE(is_targets_fault(not_begun(), kGet, Next::fresh_connection));
  EXPECT_FALSE(is_targets_fault(not_begun(), kGet, Next::another_target));
  EXPECT_TRUE(is_targets_fault(not_begun(), kGet, Next::give_up));
  EXPECT_TRUE(is_targets_fault(not_begun(), kGet, Next::live_group));
  EXPECT_FALSE(is_targets_fault(not_begun(), kLong, Next::give_up))
      << "it is Teal that cannot send it again";
}

TEST(Blame, IsForEveryAttemptButOneOnAKeptConnectionThatHadClosed) {
  EXPECT_TRUE(is_targets_fault(failed(Failure::connect), kGet, Next::another_target));
  EXPECT_TRUE(is_targets_fault(failed(Failure::reset), kLong, Next::give_up));
  EXPECT_FALSE(is_targets_fault(died_when_reused(), kGet, Next::fresh_connection));
}

// ---- the shield ---------------------------------------------------------------------------------

TEST(Shield, GivesTheLiveGroupWhatFailsOnTheRelease) {
  for (const FailedAttempt& attempt :
       {failed(Failure::reset), failed(Failure::response_timeout), failed(Failure::protocol),
        failed(Failure::status, 502), failed(Failure::status, 503), failed(Failure::status, 504)})
    EXPECT_EQ(next(attempt, kGet, shielded()), Next::live_group) << to_string(attempt.failure);
}

TEST(Shield, LeavesAnother5xxAloneUnlessItIsListed) {
  EXPECT_EQ(next(failed(Failure::status, 500), kGet, shielded()), Next::give_up);
  EXPECT_EQ(next(failed(Failure::status, 500), kGet, shielded({.any_5xx = true})),
            Next::live_group);
  EXPECT_EQ(next(failed(Failure::status, 599), kGet, shielded({.any_5xx = true})),
            Next::live_group);
}

TEST(Shield, SendsNoPostTwiceAndSaysWhy) {
  EXPECT_EQ(after_failure(failed(Failure::reset), kPost, shielded(), {}),
            (Decision{Next::give_up, Hindrance::not_repeatable}));
  EXPECT_EQ(after_failure(failed(Failure::status, 503), kPost, shielded(), {}),
            (Decision{Next::give_up, Hindrance::not_repeatable}));
}

TEST(Shield, SendsAPostThatNeverLeft) {
  EXPECT_EQ(next(failed(Failure::connect), kPost, shielded(), {3}), Next::live_group);
}

TEST(Shield, SendsNothingOfWhichAPartIsNotAtHandAnyMore) {
  EXPECT_EQ(after_failure(failed(Failure::status, 503), kLong, shielded(), {}),
            (Decision{Next::give_up, Hindrance::not_replayable}));
}

TEST(Shield, ComesAfterTheReleasesOwnOtherTargets) {
  EXPECT_EQ(next(failed(Failure::connect), kGet, shielded()), Next::another_target);
  EXPECT_EQ(next(failed(Failure::connect), kGet, shielded(), {3}), Next::live_group);
  EXPECT_EQ(next(died_when_reused(), kGet, shielded()), Next::fresh_connection);
  EXPECT_EQ(next(died_when_reused(), kGet, shielded(), {2, true}), Next::live_group);
}

TEST(Shield, DoesNotHinderWhatIsNotItsBusiness) {
  EXPECT_EQ(after_failure(failed(Failure::status, 500), kPost, shielded(), {}), Decision{});
  EXPECT_EQ(after_failure(failed(Failure::reset), kPost, {}, {}), Decision{});
}

// ---- the budget ---------------------------------------------------------------------------------

TEST(RetryBudget, IsAShareOfTheActiveRequestsButNeverBelowItsFloor) {
  const config::Retry retry;
  EXPECT_EQ(retry_limit(retry, 0), 3U);
  EXPECT_EQ(retry_limit(retry, 15), 3U);
  EXPECT_EQ(retry_limit(retry, 16), 4U);
  EXPECT_EQ(retry_limit(retry, 1000), 200U);
  EXPECT_EQ(retry_limit({.budget_percent = 0, .budget_least = 0}, 1000), 0U);
}

TEST(RetryBudget, IsNotAskedForWhatNeverLeft) {
  EXPECT_FALSE(needs_budget(failed(Failure::connect), Next::another_target));
  EXPECT_FALSE(needs_budget(died_when_reused(), Next::fresh_connection));
  EXPECT_TRUE(needs_budget(failed(Failure::status, 503), Next::another_target));
  EXPECT_TRUE(needs_budget(failed(Failure::connect), Next::live_group));
}

}  // namespace
}  // namespace teal::proxy
