#include "health/judge/outlook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace teal::health {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

config::Alarm errors(std::uint64_t minimum = 50, Millis over = seconds{30}) {
  return {"errors", config::ErrorRateAlarm{{config::Threshold::Op::above, 0.01}}, over, minimum};
}

config::Deploy canary(config::Alarm alarm, Weight weight = Weight::percent(10)) {
  config::Deploy deploy;
  deploy.plan = {"custom", {config::SetWeight{weight}, config::Bake{minutes{5}}}};
  deploy.alarms = {std::move(alarm)};
  return deploy;
}

// ---- while it holds -----------------------------------------------------------------------------

TEST(Outlook, SaysAboutHowLongWhatIsMissingTakesAtThisRate) {
  const Shortfall shortfall{12, 38, false, seconds{30}};
  EXPECT_EQ(time_until(shortfall, {4, 36}), Millis{9500});
  EXPECT_EQ(outlook_of(shortfall, {4, 36}), "about 10s at this rate");
}

TEST(Outlook, CountsTheRequestsOfBothGroupsWhereBothAreCompared) {
  const Shortfall shortfall{400, 3660, true};
  EXPECT_EQ(outlook_of(shortfall, {4, 35.8}), "about 1m32s at this rate");
}

TEST(Outlook, SaysNeverWhereAWindowForgetsThemSoonerThanTheyCome) {
  const Shortfall shortfall{40, 10, false, seconds{10}};
  EXPECT_FALSE(time_until(shortfall, {4, 36}));
  EXPECT_EQ(outlook_of(shortfall, {4, 36}),
            "never at this rate: at 4 requests/s of the release this needs over >= 13s");
}

TEST(Outlook, SaysWhereNoRequestsCome) {
  EXPECT_EQ(outlook_of({0, 50, false, seconds{30}}, {0, 36}),
            "no requests of the release come at present");
  EXPECT_EQ(outlook_of({0, 50, true}, {0, 0}), "no requests come at present");
}

TEST(Outlook, SaysNothingOfPathsWhoseRateNobodyCounts) {
  const Shortfall shortfall{0, 10, false, seconds{5}, true};
  EXPECT_EQ(outlook_of(shortfall, {60, 0}), "");
  EXPECT_FALSE(time_until(shortfall, {60, 0}));
}

// ---- before it starts ---------------------------------------------------------------------------

TEST(Needs, AreThoseOfTheStepThatBringsTheFewestRequests) {
  config::Deploy deploy = canary(errors());
  deploy.plan.steps.push_back(config::SetWeight{Weight::percent(50)});
  deploy.plan.steps.push_back(config::Bake{minutes{5}});
  const std::vector<Need> needs = needs_of(deploy);
  ASSERT_EQ(needs.size(), 1U);
  EXPECT_EQ(needs[0].weight, Weight::percent(10));
  EXPECT_DOUBLE_EQ(needs[0].requests_per_second(), 50 / 30.0 / 0.1);
  EXPECT_EQ(describe(needs[0]),
            "at least 17 requests/s at 10% (50 requests of the release in 30s)");
}

TEST(Needs, OfAShortBakeThatNothingFollowsAreItsOwn) {
  config::Deploy deploy = canary(errors());
  deploy.plan.steps.back() = config::Bake{seconds{10}};
  deploy.watch_after = Millis{0};
  deploy.not_enough_evidence = config::NotEnoughEvidence::rollback;
  EXPECT_DOUBLE_EQ(needs_of(deploy).at(0).requests_per_second(), 50);
  deploy.not_enough_evidence = config::NotEnoughEvidence::hold;
  EXPECT_DOUBLE_EQ(needs_of(deploy).at(0).requests_per_second(), 50 / 30.0 / 0.1)
      << "it is waited for";
}

TEST(Needs, AreThoseOfTheWatchWherePlansHaveNoBake) {
  config::Deploy deploy = canary(errors());
  deploy.plan.steps.clear();
  ASSERT_EQ(needs_of(deploy).size(), 1U);
  EXPECT_EQ(describe(needs_of(deploy)[0]),
            "at least 1.7 requests/s in the watch (50 requests of the release in 30s)");
  deploy.watch_after = Millis{0};
  EXPECT_THAT(needs_of(deploy), IsEmpty());
}

TEST(Needs, HaveNoneWhoOnlyObservesOrCountsNoRequests) {
  config::Alarm observed = errors();
  observed.observe = true;
  EXPECT_THAT(needs_of(canary(observed)), IsEmpty());
  EXPECT_THAT(needs_of(canary({"pager", config::ExternalAlarm{}})), IsEmpty());
  EXPECT_THAT(needs_of(canary({"rate", config::RequestRateAlarm{}})), IsEmpty());
}

TEST(Needs, OfAComparisonAreWhatItsCertificateTakesWhereNothingFails) {
  const std::vector<Need> needs = needs_of(canary({"worse", config::CompareAlarm{}}));
  ASSERT_EQ(needs.size(), 1U);
  EXPECT_TRUE(needs[0].shortfall.of_both);
  EXPECT_GT(needs[0].shortfall.more, 1000U);
  EXPECT_THAT(describe(needs[0]), HasSubstr("requests of both groups in 1h5m"));
}

TEST(Shortages, SayWhatOverWouldDoAtTheServicesRate) {
  const std::vector<Need> needs = needs_of(canary(errors(50, seconds{10}), Weight::percent(50)));
  EXPECT_THAT(shortages(needs, 8.0),
              ElementsAre("alarm errors may never have enough evidence: it needs at least 10 "
                          "requests/s at 50% (50 requests of the release in 10s); at 8 requests/s "
                          "this needs over >= 13s"));
  EXPECT_THAT(shortages(needs, 10.0), IsEmpty());
}

TEST(Shortages, SayHowLongItTakesWhereTheWaitEndsBefore) {
  config::Deploy deploy = canary({"worse", config::CompareAlarm{}});
  deploy.not_enough_evidence = config::NotEnoughEvidence::proceed;
  EXPECT_THAT(shortages(needs_of(deploy), 1.0),
              ElementsAre(AllOf(HasSubstr("at 1 requests/s this takes 1h"),
                                HasSubstr("and it is waited for 5m"))));
}

TEST(Shortages, SayWhereNoRequestsCome) {
  EXPECT_THAT(shortages(needs_of(canary(errors())), 0.0),
              ElementsAre(HasSubstr("and no requests come at present")));
}

TEST(Shortages, OfAnUnknownRateAreOnlyThoseThatAskForMuch) {
  EXPECT_THAT(shortages(needs_of(canary(errors())), std::nullopt), IsEmpty());
  EXPECT_THAT(shortages(needs_of(canary(errors(), Weight::percent(1))), std::nullopt),
              ElementsAre(HasSubstr("it needs at least 167 requests/s at 1%")));
}

}  // namespace
}  // namespace teal::health
