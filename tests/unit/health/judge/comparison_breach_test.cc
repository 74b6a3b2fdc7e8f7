// What a look at single events finds, against what judging finds.
#include <gtest/gtest.h>

#include "health/judge/error_comparison.h"
#include "tests/support/judged_traffic.h"

namespace teal::health {
namespace {

ErrorComparison begun(double confidence, double tolerance) {
  config::CompareAlarm alarm;
  alarm.confidence = confidence;
  alarm.tolerance = tolerance;
  ErrorComparison judge("worse", alarm, JudgeContext{});
  judge.begin_step({at_second(0), Weight::percent(10), {}, {}});
  judge.judge(settled_at(0));
  return judge;
}

/// After how many bad events of a release that is five times as bad: judged at each of them, or
/// looked at, and judged now and then as by a clock.
int events_to_breach(std::uint64_t seed, bool by_looking) {
  ErrorComparison judge = begun(0.99, 1);
  SimulatedTraffic traffic(seed, Weight::percent(10), {.live = 0.1, .ratio = 5});
  for (int i = 1, events = 0; i <= 20'000; ++i) {
    const double now = i * 0.001;
    JudgedEvent event;
    if (i % 100 == 0) judge.judge(settled_at(now));
    if (!traffic.draw(event, at_second(now))) continue;
    judge.on_judged_event(event);
    ++events;
    const bool breached =
        by_looking ? judge.check_breach(settled_at(now + 0.0005).counts()).has_value()
                   : std::holds_alternative<Breached>(judge.judge(settled_at(now + 0.0005)));
    if (breached) return events;
  }
  return 0;
}

TEST(ComparisonLook, FindsBySingleEventsWhatItFindsByJudging) {
  for (std::uint64_t run = 0; run < 20; ++run) {
    const int events = events_to_breach(mix64(run), true);
    EXPECT_GT(events, 0) << run;
    EXPECT_EQ(events, events_to_breach(mix64(run), false)) << run;
  }
}

TEST(ComparisonLook, ShowsItsEvidenceAsOfTheLastLook) {
  ErrorComparison judge = begun(0.999, 1.5);
  judge.on_judged_event(error_of(Colour::green, 1));
  Reading reading = settled_at(2, counters(3, 1), counters(27));
  EXPECT_FALSE(judge.check_breach(reading.counts()).has_value());
  EXPECT_GT(judge.comparison()->log_e, 0);
  EXPECT_EQ(judge.comparison()->release.bad, 1U);
  EXPECT_EQ(judge.comparison()->release.total, 3U);
  EXPECT_EQ(judge.comparison()->live.total, 27U);
}

TEST(ComparisonLook, SaysTheSameWhetherItBreachesByALookOrByJudging) {
  ErrorComparison checking = begun(0.999, 1.5);
  ErrorComparison judging = begun(0.999, 1.5);
  for (int i = 1; i <= 4; ++i) {
    const JudgedEvent event = error_of(Colour::green, i);
    checking.on_judged_event(event);
    judging.on_judged_event(event);
  }
  const Reading reading = settled_at(9, counters(4, 4), counters(36));
  const auto breach = checking.check_breach(reading.counts());
  ASSERT_TRUE(breach.has_value());
  EXPECT_EQ(judging.judge(reading), Verdict{*breach});
  EXPECT_EQ(checking.comparison()->outcome, ComparisonReport::Outcome::breached);
  EXPECT_EQ(checking.judge(settled_at(10, counters(100))), Verdict{*breach}) << "it stays";
}

}  // namespace
}  // namespace teal::health
