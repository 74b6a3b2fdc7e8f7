// What comes next for a request whose attempt has failed, with the budgets that bound retries.
#include "proxy/exchange/retries.h"

#include <gtest/gtest.h>

#include "tests/support/unit_exchange_parts.h"

namespace teal::proxy {
namespace {

constexpr FailedAttempt kRefused{.failure = Failure::connect};
constexpr FailedAttempt kBad{
    .failure = Failure::status, .status = 503, .request_sent = true, .response_begun = true};

class RetriesTest : public ExchangePartsTest {
 protected:
  RetriesTest() {
    service_->retry.attempts = 3;
    service_->retry.on = {.connect_failure = true, .status_503 = true};
  }
  ExchangeParts& attempt(std::string_view start_line = "GET / HTTP/1.1") {
    ExchangeParts& parts = draw(start_line);
    parts.attempt(side_);
    return parts;
  }
};

TEST_F(RetriesTest, ATargetThatRefusesIsFollowedByAnotherForNothing) {
  ExchangeParts& parts = attempt();
  EXPECT_TRUE(parts.retries.has_other_target());
  EXPECT_EQ(parts.retries.decide(kRefused), Next::another_target);
  EXPECT_FALSE(parts.retries.permit().is_granted()) << "what never left loads nobody";
}

TEST_F(RetriesTest, ARequestThatWasSentCostsAPlaceInTheBudgetOfItsGroup) {
  ExchangeParts& parts = attempt();
  EXPECT_EQ(parts.retries.decide(kBad), Next::another_target);
  EXPECT_TRUE(parts.retries.permit().is_granted());
  EXPECT_EQ(parts.serving.group().runtime->retries, 1U);
  parts.retries.permit().end();
}

TEST_F(RetriesTest, WithoutAPlaceInTheBudgetItIsGivenUp) {
  service_->retry.budget_least = 0;
  service_->retry.budget_percent = 0;
  ExchangeParts& parts = attempt();
  EXPECT_EQ(parts.retries.decide(kBad), Next::give_up);
  EXPECT_EQ(counted(ServiceStat::retries_over_budget), 1U);
}

TEST_F(RetriesTest, WhatMayNotBeRepeatedIsGivenUp) {
  ExchangeParts& parts = attempt("POST / HTTP/1.1");
  EXPECT_EQ(parts.retries.decide(kBad), Next::give_up);
}

TEST_F(RetriesTest, TheLastTargetHasNoOther) {
  ExchangeParts& parts = attempt();
  parts.attempts.leave_target_out();
  parts.attempts.drop(false);
  parts.attempt(side_, 1);
  EXPECT_FALSE(parts.retries.has_other_target());
}

class ShieldedRetriesTest : public RetriesTest {
 protected:
  ShieldedRetriesTest() {
    add_release();
    service_->shield.enabled = true;
    service_->shield.on = {.connect_failure = true, .reset = true, .any_5xx = true};
  }
};

TEST_F(ShieldedRetriesTest, WhatFailsOnTheReleaseGoesToTheLiveGroupAndCountsAsARetryThere) {
  ExchangeParts& parts = attempt();
  EXPECT_EQ(parts.retries.decide(kBad, true), Next::live_group);
  const auto& groups = room_.loop().routes().service(0)->groups;
  EXPECT_EQ(groups[Colour::blue].runtime->retries, 1U);
  EXPECT_EQ(groups[Colour::green].runtime->retries, 0U);
  parts.retries.permit().end();
}

TEST_F(ShieldedRetriesTest, WhereTheLiveGroupsBudgetIsSpentTheFailureIsSeen) {
  service_->retry.budget_least = 0;
  service_->retry.budget_percent = 0;
  ExchangeParts& parts = attempt();
  EXPECT_EQ(parts.retries.decide(kBad, true), Next::give_up);
  EXPECT_EQ(counted(ServiceStat::shield_over_budget), 1U);
}

TEST_F(ShieldedRetriesTest, WhatStandsInTheWayOfTheShieldIsCounted) {
  ExchangeParts& parts = attempt("POST / HTTP/1.1");
  EXPECT_EQ(parts.retries.decide(kBad, true), Next::give_up);
  EXPECT_EQ(counted(ServiceStat::shield_not_repeatable), 1U);
}

TEST_F(ShieldedRetriesTest, AnAnswerThatNobodyHasSeenCanBeTakenBack) {
  ExchangeParts& parts = attempt();
  EXPECT_TRUE(parts.retries.can_take_back());
  parts.response.has_sent_interim = true;
  EXPECT_FALSE(parts.retries.can_take_back()) << "its client has seen a beginning";
}

TEST_F(ShieldedRetriesTest, WhatMayNotBeRepeatedCannotBeTakenBack) {
  EXPECT_FALSE(attempt("POST / HTTP/1.1").retries.can_take_back());
}

TEST_F(ShieldedRetriesTest, AFailureThatMayNotBeSeenGoesToTheLiveGroup) {
  service_->shield.on = {};
  room_.states[0].exposure = std::make_shared<Exposure>(1);
  ExchangeParts& parts = attempt();
  ASSERT_TRUE(room_.states[0].exposure->reserve());  // another request has the last place
  EXPECT_EQ(parts.retries.decide(kBad, true), Next::live_group);
  EXPECT_EQ(counted(ServiceStat::exposure_replayed), 1U);
}

}  // namespace
}  // namespace teal::proxy
