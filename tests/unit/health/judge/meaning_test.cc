// Alarms and comparisons by another meaning of "error" than every 5xx.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "health/judge/error_comparison.h"
#include "health/judge/threshold_alarm.h"
#include "tests/support/judged_traffic.h"

namespace teal::health {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr Weight kTenth = Weight::percent(10);

ErrorMeaning not_found_under_api() {
  return {.errors = {{500, 599}, {404, 404}}, .paths = {"/api"}};
}

/// `total` requests that all are well by the usual meaning, of which meaning number `meaning`
/// counts `counted`, and `bad` as errors.
TrafficCounters by_meaning(std::size_t meaning, std::uint64_t total, Tally counted) {
  TrafficCounters sum = counters(total);
  sum.by_meaning.resize(meaning);
  sum.by_meaning[meaning - 1] = counted;
  return sum;
}

bool is_breached(const Verdict& verdict) {
  return std::holds_alternative<Breached>(verdict);
}
bool is_healthy(const Verdict& verdict) {
  return std::holds_alternative<Healthy>(verdict);
}

// ---- thresholds ---------------------------------------------------------------------------------

ThresholdAlarm threshold(const ErrorMeaning& meaning, std::size_t number) {
  ThresholdAlarm alarm("alarm",
                       config::ErrorRateAlarm{{config::Threshold::Op::above, 0.05}, meaning},
                       seconds{30}, 50, number);
  alarm.judge(settled_at(0));
  return alarm;
}

TEST(MeaningOfThreshold, CountsByItsOwnMeaningAlone) {
  ThresholdAlarm alarm = threshold(ErrorMeaning::of_clients(), 2);
  EXPECT_TRUE(is_healthy(alarm.judge(settled_at(1, by_meaning(2, 100, {100, 5})))));
  EXPECT_EQ(alarm.judge(settled_at(2, by_meaning(2, 200, {200, 106}))),
            Verdict{Breached{"client_error_rate 53% > 5% over 30s (106 of 200 requests)"}});
  ThresholdAlarm usual = threshold({}, 0);
  EXPECT_TRUE(is_healthy(usual.judge(settled_at(2, by_meaning(2, 200, {200, 106})))));
}

TEST(MeaningOfThreshold, LacksEvidenceWhereItsPathsHaveNoTraffic) {
  ThresholdAlarm alarm = threshold(not_found_under_api(), 1);
  EXPECT_EQ(alarm.judge(settled_at(1, by_meaning(1, 1000, {3, 3}))),
            Verdict{NotEnoughEvidence{"3 of 50 requests under /api"}});
}

TEST(MeaningOfThreshold, IsNamedWhereItIsNotTheUsual) {
  EXPECT_EQ(threshold({}, 0).condition(), "error_rate > 5% over 30s");
  EXPECT_EQ(threshold(ErrorMeaning::of_clients(), 1).condition(),
            "client_error_rate > 5% over 30s");
  ErrorMeaning some = ErrorMeaning::of_clients();
  some.except = {{404, 404}};
  EXPECT_EQ(threshold(some, 1).condition(), "client_error_rate > 5% over 30s (4xx except 404)");
  ThresholdAlarm alarm = threshold(not_found_under_api(), 1);
  EXPECT_EQ(alarm.condition(), "error_rate > 5% over 30s (5xx, 404 under /api)");
  EXPECT_EQ(alarm.judge(settled_at(1, by_meaning(1, 100, {100, 50}))),
            Verdict{Breached{"error_rate 50% > 5% over 30s (50 of 100 requests: 5xx, 404 under "
                             "/api)"}});
}

// ---- comparisons --------------------------------------------------------------------------------

JudgedEvent error_to(MeaningSet meanings, Colour group, double began, double age = 0.001) {
  JudgedEvent event = error_of(group, began, age);
  event.meanings = meanings;
  return event;
}

ErrorComparison comparison(const ErrorMeaning& meaning, std::size_t number,
                           std::optional<double> at_most = std::nullopt, Weight weight = kTenth) {
  config::CompareAlarm compare;
  compare.meaning = meaning;
  compare.at_most = at_most;
  JudgeContext context;
  context.meaning = number;
  ErrorComparison judge("worse", compare, context);
  judge.begin_step({at_second(0), weight, {}, {}});
  judge.judge(settled_at(0));
  return judge;
}

TEST(MeaningOfComparison, TakesTheErrorsOfItsMeaningAlone) {
  ErrorComparison judge = comparison(ErrorMeaning::of_clients(), 1);
  for (int i = 0; i < 20; ++i)
    judge.on_judged_event(error_to(kUsualMeaning | meaning_bit(2), Colour::green, i));
  EXPECT_FALSE(is_breached(judge.judge(settled_at(30))));
  EXPECT_EQ(judge.comparison()->release.bad, 0U);
  int refused = 0;
  Verdict verdict;
  while (!is_breached(verdict) && refused < 10) {
    judge.on_judged_event(error_to(meaning_bit(1) | meaning_bit(2), Colour::green, 30 + ++refused));
    verdict = judge.judge(
        settled_at(31 + refused, by_meaning(1, 500, {400, 4}), by_meaning(1, 900, {800, 0})));
  }
  EXPECT_EQ(refused, 4);
  EXPECT_THAT(to_string(verdict), HasSubstr("client errors: 4 of 400 against 0 of 800 requests"));
}

TEST(MeaningOfComparison, BlamesNobodyForWhatBothGroupsRefuse) {
  ErrorComparison judge = comparison(ErrorMeaning::of_clients(), 1);
  for (int i = 0; i < 3000; ++i)
    judge.on_judged_event(
        error_to(meaning_bit(1), i % 10 == 0 ? Colour::green : Colour::blue, i * 0.01));
  EXPECT_FALSE(is_breached(judge.judge(settled_at(60))));
}

TEST(MeaningOfComparison, CountsARequestThatIsAnErrorToTwoMeaningsOnceInEach) {
  ErrorComparison usual = comparison({}, 0);
  ErrorComparison clients = comparison(ErrorMeaning::of_clients(), 1);
  // A 404 that is cut: told to either when it is one to it.
  JudgedEvent first = error_to(meaning_bit(1), Colour::green, 1);
  JudgedEvent second = first;
  second.meanings = kUsualMeaning;
  for (ErrorComparison* judge : {&usual, &clients}) {
    judge->on_judged_event(first);
    judge->on_judged_event(second);
    judge->judge(settled_at(2));
    EXPECT_EQ(judge->comparison()->release.bad, 1U);
  }
}

TEST(MeaningOfComparison, KnowsOverdueRequestsOnlyWhereItCountsThem) {
  ErrorComparison judge = comparison(not_found_under_api(), 1);
  JudgedEvent elsewhere = error_to(kUsualMeaning, Colour::blue, 1, 0.3);
  elsewhere.kind = JudgedEvent::Kind::overdue;
  JudgedEvent here = error_to(kUsualMeaning | meaning_bit(1), Colour::blue, 1, 0.3);
  here.kind = JudgedEvent::Kind::overdue;
  judge.on_judged_event(elsewhere);
  judge.on_judged_event(here);
  judge.judge(settled_at(2));
  EXPECT_EQ(judge.comparison()->overdue, 1U);
  here.kind = JudgedEvent::Kind::settled;
  here.meanings = kUsualMeaning;
  judge.on_judged_event(here);
  judge.judge(settled_at(3));
  EXPECT_EQ(judge.comparison()->overdue, 1U) << "well by another meaning";
  here.meanings = meaning_bit(1);
  judge.on_judged_event(here);
  judge.judge(settled_at(4));
  EXPECT_EQ(judge.comparison()->overdue, 0U);
}

TEST(MeaningOfComparison, CertifiesByWhatItCounts) {
  ErrorComparison judge = comparison(not_found_under_api(), 1);
  EXPECT_FALSE(is_healthy(
      judge.judge(settled_at(1, by_meaning(1, 5000, {100, 0}), by_meaning(1, 45000, {900, 0})))))
      << "hardly any request under /api";
  EXPECT_TRUE(is_healthy(
      judge.judge(settled_at(2, by_meaning(1, 5000, {500, 0}), by_meaning(1, 45000, {4500, 0})))));
}

TEST(MeaningOfComparison, GuardsAReleaseThatIsAloneByItsMeaning) {
  ErrorComparison judge = comparison(ErrorMeaning::of_clients(), 1, 0.2, Weight::all());
  Verdict verdict;
  int refused = 0;
  while (!is_breached(verdict) && refused < 50) {
    judge.on_judged_event(error_to(meaning_bit(1), Colour::green, ++refused));
    const auto counted = static_cast<std::uint64_t>(refused);
    verdict = judge.judge(settled_at(refused + 0.5, by_meaning(1, counted, {counted, counted})));
  }
  EXPECT_TRUE(is_breached(verdict));
  EXPECT_LT(refused, 20);
}

TEST(MeaningOfComparison, IsNamedWhereItIsNotTheUsual) {
  EXPECT_THAT(comparison({}, 0).condition(), testing::StartsWith("errors at most 1.5 times"));
  EXPECT_THAT(comparison(ErrorMeaning::of_clients(), 1).condition(),
              testing::StartsWith("client errors at most 1.5 times"));
  EXPECT_THAT(comparison(not_found_under_api(), 1).condition(),
              testing::StartsWith("errors (5xx, 404 under /api) at most 1.5 times"));
}

}  // namespace
}  // namespace teal::health
