// Conditions 1 to 8 are those of docs/judge.md, "The eight conditions", under which the comparison
// keeps its promise.
#include "health/judge/error_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "health/statistics/ratio_evidence.h"
#include "tests/support/judged_traffic.h"

namespace teal::health {
namespace {

using testing::HasSubstr;

constexpr Weight kTenth = Weight::percent(10);

config::CompareAlarm alarm(double confidence = 0.999, double tolerance = 1.5) {
  config::CompareAlarm compare;
  compare.confidence = confidence;
  compare.tolerance = tolerance;
  return compare;
}

ErrorComparison begun(const config::CompareAlarm& compare, Weight weight = kTenth,
                      const JudgeContext& context = {}) {
  ErrorComparison judge("worse", compare, context);
  judge.begin_step({at_second(0), weight, {}, {}});
  judge.judge(settled_at(0));
  return judge;
}

bool is_breached(const Verdict& verdict) {
  return std::holds_alternative<Breached>(verdict);
}
bool is_missing(const Verdict& verdict) {
  return std::holds_alternative<NotEnoughEvidence>(verdict);
}
bool is_healthy(const Verdict& verdict) {
  return std::holds_alternative<Healthy>(verdict);
}

TEST(ErrorComparison, NeverJudgesWithoutData) {
  ErrorComparison judge = begun(alarm());
  for (int second = 1; second < 100; ++second) {
    const Verdict verdict = judge.judge(settled_at(second));
    ASSERT_TRUE(is_missing(verdict));
    EXPECT_THAT(to_string(verdict), HasSubstr("0 of 0 against 0 of 0 requests"));
    const std::optional<Shortfall> shortfall = std::get<NotEnoughEvidence>(verdict).shortfall;
    ASSERT_TRUE(shortfall);
    EXPECT_TRUE(shortfall->of_both && shortfall->seen == 0 && shortfall->more > 100);
  }
  EXPECT_NEAR(judge.comparison()->log_e, 0, 1e-12);
}

TEST(ErrorComparison, BreachesAReleaseThatFailsEverythingByItsFourthFailure) {
  ErrorComparison judge = begun(alarm());
  int failures = 0;
  Verdict verdict;
  while (!is_breached(verdict) && failures < 10) {
    judge.on_judged_event(error_of(Colour::green, ++failures));
    verdict = judge.judge(settled_at(failures + 0.5, counters(4, 4), counters(36)));
  }
  EXPECT_EQ(failures, 4);
  EXPECT_THAT(to_string(verdict), HasSubstr("errors: 4 of 4 against 0 of 36 requests, at least "));
  EXPECT_THAT(to_string(verdict), HasSubstr(" times as many, e-value "));
  EXPECT_THAT(to_string(verdict), HasSubstr(">= 1e+03"));
}

TEST(ErrorComparison, StaysBreached) {
  ErrorComparison judge = begun(alarm());
  for (int i = 0; i < 5; ++i) judge.on_judged_event(error_of(Colour::green, i));
  const Verdict breach = judge.judge(settled_at(9));
  ASSERT_TRUE(is_breached(breach));
  for (int i = 0; i < 5000; ++i) judge.on_judged_event(error_of(Colour::blue, 10));
  judge.begin_step({at_second(20), kTenth, {}, {}});
  EXPECT_EQ(judge.judge(settled_at(30, counters(100'000))), breach);
  EXPECT_EQ(judge.comparison()->outcome, ComparisonReport::Outcome::breached);
}

TEST(ErrorComparison, DoesNotBlameTheReleaseForAnOutageOfBoth) {
  ErrorComparison judge = begun(alarm());
  SimulatedTraffic traffic(3, kTenth, {.live = 1});
  for (int i = 1; i <= 20'000; ++i) {
    JudgedEvent event;
    traffic.draw(event, at_second(i * 0.01));
    judge.on_judged_event(event);
    if (i % 10 == 0) {
      ASSERT_FALSE(is_breached(judge.judge(settled_at(i * 0.01 + 0.005)))) << i;
    }
  }
}

/// Seconds until a release is found that fails ten times as often as live's one in a thousand, at
/// 1000 requests per second; each is over after 20 ms and judged at once.
double seconds_to_find(std::uint64_t seed, const config::CompareAlarm& compare) {
  ErrorComparison judge = begun(compare);
  SimulatedTraffic traffic(seed, kTenth, {.live = 0.001, .ratio = 10});
  for (int i = 0; i < 120'000; ++i) {
    const double began = i * 0.001;
    JudgedEvent event;
    if (!traffic.draw(event, at_second(began))) continue;
    event.seen = at_second(began + 0.02);
    judge.on_judged_event(event);
    if (is_breached(judge.judge(settled_at(began + 0.02)))) return began + 0.02;
  }
  return 120;
}

TEST(ErrorComparison, FindsTenTimesTheErrorsInAMedianUnderSixSeconds) {
  constexpr std::size_t kRuns = 201;
  std::vector<double> found;
  for (std::uint64_t run = 0; run < kRuns; ++run)
    found.push_back(seconds_to_find(mix64(run), alarm(0.99, 1)));
  std::sort(found.begin(), found.end());
  EXPECT_LT(found[kRuns / 2], 6);
}

// Condition 1: with the splitter's permuted blocks the share of false rollbacks is at most alpha.
TEST(ErrorComparison, RollsAnEqualReleaseBackNoMoreOftenThanAlphaWhereverOneLooks) {
  constexpr int kDeployments = 2000;
  constexpr int kEvents = 300;
  // 1 % of them and three standard deviations of a binomial count.
  constexpr int kMaxWrong = 20 + 13;
  for (const Weight weight : {Weight::percent(1), kTenth, Weight::percent(50)}) {
    int wrong = 0;
    for (std::uint64_t run = 0; run < kDeployments; ++run) {
      SimulatedTraffic traffic(mix64(run), weight, {.live = 0.1});
      BlockCounts blocks;
      RatioTest test(1);
      bool is_wrong = false;
      for (int events = 0; events < kEvents;) {
        JudgedEvent event;
        if (!traffic.draw(event, at_second(0))) continue;
        ++events;
        const bool release = event.group == Colour::green;
        if (const auto p = blocks.take(event, release)) test.add(release, *p);
        is_wrong |= test.log_e() >= std::log(100.0);
      }
      wrong += is_wrong ? 1 : 0;
    }
    EXPECT_LE(wrong, kMaxWrong) << to_string(weight);
  }
}

/// Two minutes in which either group fails one request in fifty: the release at once, live after
/// half a minute. True if that is a breach.
bool is_early_failure_blamed(std::uint64_t seed, bool by_age) {
  ErrorComparison judge = begun(alarm(0.99));
  SimulatedTraffic traffic(seed, kTenth, {.live = 0.02});
  std::vector<JudgedEvent> late;
  std::size_t ended = 0;
  for (int i = 0; i < 6000; ++i) {
    const double now = i * 0.02;
    const double settled = by_age ? now - 0.25 : now;
    JudgedEvent event;
    if (traffic.draw(event, at_second(now))) {
      if (event.group == Colour::green) {
        judge.on_judged_event(event);
      } else {
        late.push_back(event);
        event.kind = JudgedEvent::Kind::overdue;
        if (by_age) judge.on_judged_event(event);
      }
    }
    while (ended < late.size() && late[ended].began + std::chrono::seconds(30) <= at_second(now)) {
      late[ended].seen = at_second(now);
      judge.on_judged_event(late[ended++]);
    }
    Reading reading = settled_at(now);
    reading.watermark = at_second(settled);
    if (i % 5 == 0 && is_breached(judge.judge(reading))) return true;
  }
  return false;
}

// Condition 2: whose failures show sooner is not worse for it.
TEST(ErrorComparison, DoesNotBlameTheReleaseForFailingSoonerThanTheLiveGroup) {
  int by_age = 0;
  int as_they_come = 0;
  for (std::uint64_t run = 0; run < 40; ++run) {
    by_age += is_early_failure_blamed(mix64(run), true) ? 1 : 0;
    as_they_come += is_early_failure_blamed(mix64(run), false) ? 1 : 0;
  }
  EXPECT_LE(by_age, 2);
  // The same traffic without regard to age would be a rollback more often than not.
  EXPECT_GE(as_they_come, 20);
}

// Condition 2
TEST(ErrorComparison, WaitsUntilTheRequestsBeforeABadOneAreSettled) {
  ErrorComparison judge = begun(alarm());
  for (int i = 0; i < 5; ++i) judge.on_judged_event(error_of(Colour::green, 10));
  Reading reading = settled_at(11);
  reading.watermark = at_second(9);
  EXPECT_FALSE(is_breached(judge.judge(reading)));
  EXPECT_EQ(judge.comparison()->waiting, 5U);
  reading.watermark = at_second(10.5);
  EXPECT_TRUE(is_breached(judge.judge(reading)));
}

// Condition 2
TEST(ErrorComparison, CountsAnOverdueRequestOfTheLiveGroupAsBadUntilItHasEndedWell) {
  ErrorComparison judge = begun(alarm());
  std::vector<JudgedEvent> in_flight;
  for (int i = 0; i < 100; ++i) {
    in_flight.push_back(error_of(Colour::blue, 1));
    in_flight.back().kind = JudgedEvent::Kind::overdue;
    judge.on_judged_event(in_flight.back());
  }
  for (int i = 0; i < 5; ++i) judge.on_judged_event(error_of(Colour::green, 2));
  EXPECT_FALSE(is_breached(judge.judge(settled_at(3))));
  EXPECT_EQ(judge.comparison()->overdue, 100U);
  EXPECT_EQ(judge.comparison()->live.bad, 0U);
  for (JudgedEvent& event : in_flight) {
    event.kind = JudgedEvent::Kind::settled;
    judge.on_judged_event(event);
  }
  EXPECT_TRUE(is_breached(judge.judge(settled_at(4))));
  EXPECT_EQ(judge.comparison()->overdue, 0U);
}

// Condition 2: bad is what shows by the age of patience, in either group.
TEST(ErrorComparison, GivesUpOnRequestsThatAreOlderThanItsPatience) {
  ErrorComparison judge = begun(alarm());
  for (int i = 0; i < 100; ++i) {
    JudgedEvent stream = error_of(Colour::blue, 1);
    stream.kind = JudgedEvent::Kind::overdue;
    judge.on_judged_event(stream);
  }
  for (int i = 0; i < 5; ++i) judge.on_judged_event(error_of(Colour::green, 2));
  EXPECT_FALSE(is_breached(judge.judge(settled_at(60))));
  EXPECT_TRUE(is_breached(judge.judge(settled_at(70))));
  judge.on_judged_event(error_of(Colour::blue, 5, 66));
  judge.judge(settled_at(80));
  EXPECT_EQ(judge.comparison()->left_out, 1U);
}

TEST(ErrorComparison, CountsAnOverdueRequestThatEndsBadlyOnce) {
  ErrorComparison judge = begun(alarm());
  for (const Colour group : kColours) {
    JudgedEvent event = error_of(group, 1, 20);
    event.kind = JudgedEvent::Kind::overdue;
    judge.on_judged_event(event);
    event.kind = JudgedEvent::Kind::error;
    judge.on_judged_event(event);
  }
  ErrorComparison plain = begun(alarm());
  for (const Colour group : kColours) plain.on_judged_event(error_of(group, 1));
  judge.judge(settled_at(30));
  plain.judge(settled_at(30));
  EXPECT_NEAR(judge.comparison()->log_e, plain.comparison()->log_e, 1e-9);
  EXPECT_NEAR(judge.comparison()->non_inferiority_log_e, plain.comparison()->non_inferiority_log_e,
              1e-9);
  EXPECT_EQ(judge.comparison()->release.bad, 1U);
  EXPECT_EQ(judge.comparison()->live.bad, 1U);
}

/// A verdict would be near: three failures of the release, none of live.
ErrorComparison nearly_breached() {
  ErrorComparison judge = begun(alarm());
  for (int i = 0; i < 3; ++i) judge.on_judged_event(error_of(Colour::green, 1));
  judge.judge(settled_at(2));
  return judge;
}

// Condition 8: alpha is the deployment's over its restarts, too.
TEST(ErrorComparison, WantsMoreEvidenceAfterEachRestartThatMayHaveLostSome) {
  ErrorComparison judge = nearly_breached();
  judge.on_restart(0);
  judge.judge(settled_at(3));
  EXPECT_NEAR(judge.comparison()->log_e_needed, std::log(1000.0), 1e-9) << "nothing was lost";
  double parts = 0;
  for (std::uint64_t losses = 1; losses <= 1000; ++losses) {
    judge.on_restart(losses);
    judge.judge(settled_at(3));
    parts += 1000 / std::exp(judge.comparison()->log_e_needed);
  }
  EXPECT_LE(parts, RatioTest::kRestarts);
  // What the first process and the starts of its steps may use up, and what is left as a constant.
  EXPECT_LE(
      (RatioTest::kFirstStart + RatioTest::kLaterStarts) / (1 - 0.001 * RatioTest::kRestarts) +
          (1 - RatioTest::kRestarts) * parts,
      1);
}

// Condition 2: a restart takes nothing from live's bad requests that were yet to show.
TEST(ErrorComparison, AfterARestartForgetsWhatWasNotSettledAndKeepsOverdueLiveRequestsBad) {
  ErrorComparison judge = begun(alarm());
  JudgedEvent overdue = error_of(Colour::blue, 1);
  overdue.kind = JudgedEvent::Kind::overdue;
  judge.on_judged_event(overdue);
  for (int i = 0; i < 3; ++i) judge.on_judged_event(error_of(Colour::green, 2));
  judge.judge(settled_at(3));
  const double before = judge.comparison()->log_e;
  for (int i = 0; i < 9; ++i) judge.on_judged_event(error_of(Colour::green, 4));
  judge.on_restart(0);
  JudgedEvent settled = overdue;
  settled.kind = JudgedEvent::Kind::settled;
  judge.on_judged_event(settled);
  EXPECT_FALSE(is_breached(judge.judge(settled_at(200))));
  EXPECT_NEAR(judge.comparison()->log_e, before, 1e-9);
  EXPECT_EQ(judge.comparison()->left_out, 9U);
}

// Condition 3: a sticky client's requests are no independent draws.
TEST(ErrorComparison, CountsAClientOnceInADeployment) {
  ErrorComparison judge = begun(alarm());
  for (int i = 0; i < 50; ++i) {
    JudgedEvent event = error_of(Colour::green, i);
    event.client = 4711;
    event.block_length = 0;
    judge.on_judged_event(event);
  }
  judge.begin_step({at_second(60), Weight::percent(50), {}, {}});
  JudgedEvent again = error_of(Colour::green, 61);
  again.client = 4711;
  judge.on_judged_event(again);
  EXPECT_FALSE(is_breached(judge.judge(settled_at(100))));
  EXPECT_EQ(judge.comparison()->release.bad, 1U);
  EXPECT_EQ(judge.comparison()->left_out, 50U);
}

// Condition 5: what was not drawn by chance is no evidence: preview and test traffic, a group that
// stood in for one without targets.
TEST(ErrorComparison, LearnsNothingFromRequestsWhoseGroupWasCertain) {
  ErrorComparison judge = begun(alarm());
  for (const double probability : {0.0, 1.0}) {
    for (int i = 0; i < 50; ++i) {
      JudgedEvent event = error_of(probability == 1 ? Colour::green : Colour::blue, i);
      event.block_length = 0;
      event.release_probability = probability;
      judge.on_judged_event(event);
    }
  }
  judge.judge(settled_at(100));
  EXPECT_NEAR(judge.comparison()->log_e, 0, 1e-12);
  EXPECT_EQ(judge.comparison()->left_out, 100U);
}

// Condition 6: alpha is divided among the comparisons of a deployment; those that only observe need
// none.
TEST(ErrorComparison, DividesAlphaAmongTheComparisons) {
  std::vector<config::Alarm> alarms(3);
  alarms[0].condition = config::CompareAlarm{};
  alarms[1].condition = config::CompareAlarm{};
  alarms[2].condition = config::CompareAlarm{};
  alarms[2].observe = true;
  alarms.emplace_back();
  EXPECT_EQ(comparisons_in(alarms), 2U);
  JudgeContext context;
  context.comparisons = 2;
  ErrorComparison judge = begun(alarm(0.999), kTenth, context);
  EXPECT_NEAR(judge.comparison()->log_e_needed, std::log(2000.0), 1e-9);
}

// Condition 7
TEST(ErrorComparison, FindsARegressionThatComesWithALaterStep) {
  ErrorComparison judge = begun(alarm(0.999, 1));
  SimulatedTraffic equal(5, kTenth, {.live = 0.1});
  JudgedEvent event;
  for (int i = 0; i < 20'000; ++i)
    if (equal.draw(event, at_second(i * 0.001))) judge.on_judged_event(event);
  ASSERT_FALSE(is_breached(judge.judge(settled_at(30))));
  judge.begin_step({at_second(30), kTenth, {}, {}});
  SimulatedTraffic worse(6, kTenth, {.live = 0.02, .ratio = 10});
  int bad = 0;
  for (int i = 0; i < 20'000 && !is_breached(judge.judge(settled_at(40 + i * 0.001))); ++i) {
    if (!worse.draw(event, at_second(40 + i * 0.001 - 0.0005))) continue;
    ++bad;
    event.block += 1'000'000;
    judge.on_judged_event(event);
  }
  EXPECT_LT(bad, 100);
}

// Condition 8: alpha is the deployment's, and 0.1 % costs one more event than 1 % in the severe
// case.
TEST(ErrorComparison, PaysOneMoreFailureForTenTimesTheConfidence) {
  const auto failures_needed = [](double confidence) {
    ErrorComparison judge = begun(alarm(confidence));
    int failures = 0;
    while (failures < 10 && !is_breached(judge.judge(settled_at(failures + 0.5))))
      judge.on_judged_event(error_of(Colour::green, ++failures));
    return failures;
  };
  EXPECT_EQ(config::CompareAlarm{}.confidence, 0.999);
  EXPECT_EQ(failures_needed(0.99), 3);
  EXPECT_EQ(failures_needed(0.999), 4);
}

TEST(ErrorComparison, CertifiesByCleanRequestsAndSaysHowManyAreMissing) {
  ErrorComparison judge = begun(alarm());
  const Verdict early = judge.judge(settled_at(1, counters(100), counters(900)));
  ASSERT_TRUE(is_missing(early));
  const std::uint64_t more = judge.comparison()->more_requests.value_or(0);
  EXPECT_GT(more, 2000U);
  EXPECT_LT(more, 6000U);
  const std::uint64_t release = 100 + more / 10;
  EXPECT_TRUE(is_healthy(judge.judge(settled_at(2, counters(release + 1), counters(release * 9)))));
  EXPECT_EQ(judge.comparison()->outcome, ComparisonReport::Outcome::non_inferior);
}

TEST(ErrorComparison, WantsACertificateForEachStep) {
  ErrorComparison judge = begun(alarm());
  ASSERT_TRUE(is_healthy(judge.judge(settled_at(1, counters(1000), counters(9000)))));
  judge.begin_step({at_second(2), Weight::percent(50), {}, {}});
  EXPECT_TRUE(is_missing(judge.judge(settled_at(3, counters(1000), counters(9000)))));
  EXPECT_TRUE(is_healthy(judge.judge(settled_at(4, counters(2000), counters(10'000)))));
}

TEST(ErrorComparison, CertifiesByTheRatioWhereBothFailOften) {
  ErrorComparison judge = begun(alarm(), Weight::percent(50));
  SimulatedTraffic traffic(8, Weight::percent(50), {.live = 0.2});
  std::uint64_t bad[2] = {0, 0};
  for (int i = 0; i < 5000; ++i) {
    JudgedEvent event;
    if (!traffic.draw(event, at_second(i * 0.001))) continue;
    ++bad[event.group == Colour::green ? 1 : 0];
    judge.on_judged_event(event);
  }
  EXPECT_TRUE(
      is_healthy(judge.judge(settled_at(9, counters(2500, bad[1]), counters(2500, bad[0])))));
}

// 4.4: where nothing is left to compare with, a limit that was given decides.
TEST(ErrorComparison, GuardsTheTimeWithoutLiveTrafficByTheLimit) {
  const auto verdict_with = [](std::optional<double> at_most) {
    config::CompareAlarm compare = alarm();
    compare.at_most = at_most;
    ErrorComparison judge = begun(compare, Weight::all());
    for (int i = 0; i < 20; ++i) {
      JudgedEvent event = error_of(Colour::green, 1);
      event.block_length = 0;
      event.release_probability = 1;
      judge.on_judged_event(event);
    }
    return judge.judge(settled_at(2, counters(40, 20)));
  };
  EXPECT_TRUE(is_breached(verdict_with(0.01)));
  EXPECT_THAT(to_string(verdict_with(0.01)),
              HasSubstr("20 of 40 requests since all traffic is its own, more than at_most 1%"));
  EXPECT_TRUE(is_missing(verdict_with(0.5)));
  EXPECT_TRUE(is_missing(verdict_with(std::nullopt)));
}

TEST(ErrorComparison, GoesOnGuardingAfterARestartWithWhatItHadCounted) {
  config::CompareAlarm compare = alarm();
  compare.at_most = 0.01;
  const auto fail = [](ErrorComparison& judge, double second) {
    JudgedEvent event = error_of(Colour::green, second);
    event.block_length = 0;
    event.release_probability = 0;
    judge.on_judged_event(event);
  };
  // A breach takes three failures: two before the restart and two behind it.
  for (const std::uint64_t before : {0, 2}) {
    ErrorComparison judge = begun(compare, Weight::all());
    for (std::uint64_t i = 0; i < before; ++i) fail(judge, 1);
    EXPECT_FALSE(is_breached(judge.judge(settled_at(2, counters(before, before)))));
    judge.on_restart(0);
    judge.begin_step({at_second(3), Weight::all(), {}, {}, 1});
    judge.judge(settled_at(3));
    for (int i = 0; i < 2; ++i) fail(judge, 4);
    EXPECT_EQ(is_breached(judge.judge(settled_at(5, counters(2, 2)))), before == 2);
  }
}

TEST(ErrorComparison, ShowsCountsSamplesAndAnIntervalOfTheRatio) {
  ErrorComparison judge = begun(alarm());
  for (int i = 0; i < 12; ++i) judge.on_judged_event(error_of(Colour::green, 1));
  for (int i = 0; i < 12; ++i) judge.on_judged_event(error_of(Colour::blue, 1));
  judge.judge(settled_at(2, counters(100, 12), counters(900, 12)));
  const ComparisonReport report = judge.comparison().value();
  EXPECT_EQ(report.release.bad, 12U);
  EXPECT_EQ(report.live.total, 900U);
  EXPECT_EQ(report.release.samples.size(), ComparisonReport::kMaxSamples);
  EXPECT_THAT(report.live.samples.front(), HasSubstr("r-"));
  EXPECT_LT(report.ratio_low.value_or(1e9), 9);
  EXPECT_GT(report.ratio_low.value_or(0), 1);
  EXPECT_GT(report.ratio_high.value_or(0), 9);
}

}  // namespace
}  // namespace teal::health
