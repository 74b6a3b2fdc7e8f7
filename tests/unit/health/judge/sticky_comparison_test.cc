// Condition 3 of the comparison (docs/judge.md): sticky clients, honest and not.
#include <gtest/gtest.h>

#include "health/judge/error_comparison.h"
#include "health/judge/latency_comparison.h"
#include "tests/support/judged_traffic.h"

namespace teal::health {
namespace {

config::CompareAlarm alarm() {
  config::CompareAlarm compare;
  compare.confidence = 0.999;
  compare.tolerance = 1.5;
  return compare;
}

ErrorComparison begun() {
  ErrorComparison judge("worse", alarm(), {});
  judge.begin_step({at_second(0), Weight::percent(10), {}, {}});
  judge.judge(settled_at(0));
  return judge;
}

bool is_breached(const Verdict& verdict) {
  return std::holds_alternative<Breached>(verdict);
}

/// Of a client that came back with a cookie that leads there.
JudgedEvent returning(Colour group, double began, std::uint64_t client, std::uint64_t place) {
  JudgedEvent event = error_of(group, began);
  event.client = client;
  event.place = place;
  event.block_length = 0;
  return event;
}

// Whoever has collected cookies chooses its group by the one that it spends.
TEST(StickyComparison, CountsOneBadRequestOfAllClientsThatComeBackFromAPlace) {
  ErrorComparison judge = begun();
  for (std::uint64_t i = 1; i <= 100; ++i)
    judge.on_judged_event(returning(Colour::green, static_cast<double>(i) / 10, 1000 + i, 7));
  judge.begin_step({at_second(60), Weight::percent(50), {}, {}});
  judge.on_judged_event(returning(Colour::green, 61, 5000, 7));
  EXPECT_FALSE(is_breached(judge.judge(settled_at(100))));
  EXPECT_EQ(judge.comparison()->release.bad, 1U);
  EXPECT_EQ(judge.comparison()->left_out, 100U);
}

TEST(StickyComparison, IsNotBlindedByClientsThatSpendOnlyTheLiveGroupsCookies) {
  ErrorComparison judge = begun();
  for (std::uint64_t i = 1; i <= 1000; ++i)
    judge.on_judged_event(returning(Colour::blue, static_cast<double>(i) / 100, 1000 + i, 7));
  for (std::uint64_t i = 1; i <= 8; ++i) {
    JudgedEvent fresh = error_of(Colour::green, 20 + static_cast<double>(i));
    fresh.client = i;
    judge.on_judged_event(fresh);
  }
  EXPECT_TRUE(is_breached(judge.judge(settled_at(100))));
}

TEST(StickyComparison, CountsTheFirstOfAPlaceByWhenItBeganAndNotByWhenItWasTold) {
  ErrorComparison judge = begun();
  judge.on_judged_event(returning(Colour::green, 2, 1, 7));
  judge.on_judged_event(returning(Colour::blue, 1, 2, 7));
  judge.judge(settled_at(100));
  EXPECT_EQ(judge.comparison()->live.bad, 1U);
  EXPECT_EQ(judge.comparison()->release.bad, 0U);
}

TEST(StickyComparison, AnOverdueRequestHoldsItsPlaceUntilItHasEndedWell) {
  ErrorComparison judge = begun();
  JudgedEvent overdue = returning(Colour::blue, 1, 1, 7);
  overdue.kind = JudgedEvent::Kind::overdue;
  judge.on_judged_event(overdue);
  judge.on_judged_event(returning(Colour::green, 2, 2, 7));
  judge.judge(settled_at(3));
  EXPECT_EQ(judge.comparison()->release.bad, 0U);
  overdue.kind = JudgedEvent::Kind::settled;
  judge.on_judged_event(overdue);
  judge.on_judged_event(returning(Colour::green, 4, 3, 7));
  judge.judge(settled_at(5));
  EXPECT_EQ(judge.comparison()->release.bad, 1U);
}

TEST(StickyComparison, CountsOneSlowRequestOfAPlaceByEachThreshold) {
  config::CompareAlarm latency = alarm();
  latency.what = config::CompareAlarm::What::latency;
  LatencyComparison judge("slower", latency, {});
  judge.begin_step({at_second(0), Weight::percent(10), {Micros{1000}, Micros{2000}}, {0.5, 0.1}});
  judge.judge(settled_at(0));
  for (std::uint64_t i = 1; i <= 100; ++i) {
    JudgedEvent slow = returning(Colour::green, static_cast<double>(i) / 10, 1000 + i, 7);
    slow.kind = JudgedEvent::Kind::slow;
    for (const std::uint8_t threshold : {std::uint8_t{0}, std::uint8_t{1}}) {
      slow.threshold = threshold;
      judge.on_judged_event(slow);
    }
  }
  EXPECT_FALSE(is_breached(judge.judge(settled_at(100))));
  EXPECT_EQ(judge.comparison()->release.bad, 1U);
  EXPECT_EQ(judge.comparison()->left_out, 198U);
}

}  // namespace
}  // namespace teal::health
