#include "control/evidence/live_baseline.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

using std::chrono::milliseconds;

constexpr Micros kQuick{2'000};
constexpr Micros kSlow{400'000};

class LiveBaselineTest : public testing::Test {
 protected:
  LiveBaselineTest() {
    spec.service = "shop";
    spec.replaces = "v1";
    spec.deploy.alarms = {{"slower", latency_alarm()}};
  }
  static config::CompareAlarm latency_alarm() {
    config::CompareAlarm alarm;
    alarm.what = config::CompareAlarm::What::latency;
    return alarm;
  }
  /// So many more requests took so long.
  void finish(std::uint64_t requests, Micros took) {
    counted.requests[0][1] += requests;
    for (std::uint64_t i = 0; i < requests; ++i)
      counted.duration.record(static_cast<std::uint64_t>(took.count()));
  }
  void feed(const std::string& revision = "v1") { baseline.feed("shop", revision, now, counted); }
  EvidenceStep step() const { return baseline.freeze(spec, counted); }
  /// What a step is called slow by where only such requests are known.
  EvidenceStep step_of(std::uint64_t requests, Micros took) const {
    TrafficCounters only;
    only.requests[0][1] = requests;
    for (std::uint64_t i = 0; i < requests; ++i)
      only.duration.record(static_cast<std::uint64_t>(took.count()));
    return LiveBaseline{}.freeze(spec, only);
  }

  LiveBaseline baseline;
  DeploymentSpec spec;
  TrafficCounters counted;
  Mono now{std::chrono::hours{1}};
};

TEST_F(LiveBaselineTest, AllThatTheRevisionHasDoneCountsAtFirst) {
  feed();
  finish(1000, kQuick);
  EXPECT_EQ(step(), step_of(1000, kQuick));
}

TEST_F(LiveBaselineTest, WhatIsOlderThanTwoPeriodsDoesNot) {
  feed();
  finish(1000, kSlow);
  now += LiveBaseline::kRecent;
  feed();
  EXPECT_EQ(step(), step_of(1000, kSlow)) << "it is of the last two";
  now += LiveBaseline::kRecent;
  finish(1000, kQuick);
  feed();
  EXPECT_EQ(step(), step_of(1000, kQuick));
}

TEST_F(LiveBaselineTest, WithinAPeriodNothingIsForgotten) {
  feed();
  finish(1000, kQuick);
  now += LiveBaseline::kRecent - milliseconds(1);
  feed();
  EXPECT_EQ(step(), step_of(1000, kQuick));
}

TEST_F(LiveBaselineTest, IsSettledOnceBothReadingsAreOfAfterTheLastRequest) {
  EXPECT_FALSE(baseline.is_settled("shop", "v1", now)) << "nothing is known";
  feed();
  EXPECT_TRUE(baseline.is_settled("shop", "v1", now)) << "no request has ever ended";
  EXPECT_FALSE(baseline.is_settled("shop", "v2", now));
  finish(10, kQuick);
  const Mono ended = now + milliseconds{1};
  for (int periods = 0; periods < 2; ++periods) {
    EXPECT_FALSE(baseline.is_settled("shop", "v1", ended)) << periods;
    now += LiveBaseline::kRecent;
    feed();
  }
  EXPECT_TRUE(baseline.is_settled("shop", "v1", ended));
}

TEST_F(LiveBaselineTest, AnotherRevisionBeginsAnew) {
  feed("v0");
  now += LiveBaseline::kRecent;
  finish(1000, kSlow);
  feed("v0");
  now += LiveBaseline::kRecent;
  feed("v0");
  counted = {};  // v1's own
  finish(1000, kQuick);
  feed("v1");
  EXPECT_EQ(step(), step_of(1000, kQuick));
}

TEST_F(LiveBaselineTest, OfARevisionThatIsNotLiveAllCounts) {
  feed("v2");
  finish(1000, kQuick);
  now += LiveBaseline::kRecent;
  feed("v2");
  now += LiveBaseline::kRecent;
  feed("v2");
  EXPECT_EQ(step(), step_of(1000, kQuick));
}

TEST_F(LiveBaselineTest, ThresholdsAreOfAlarmsThatCompareLatency) {
  finish(1000, kQuick);
  EXPECT_FALSE(step().slower_than.empty());
  EXPECT_EQ(step().slower_than.size(), step().slower_shares.size());
  spec.deploy.alarms = {{"errors", config::CompareAlarm{}}};
  EXPECT_TRUE(step().slower_than.empty());
  EXPECT_TRUE(step().slower_shares.empty());
  EXPECT_GT(step().overdue, Micros{0}) << "a request may hang in any case";
}

TEST_F(LiveBaselineTest, TheFirstLimitOfThemIsAThreshold) {
  finish(1000, kQuick);
  auto limited = latency_alarm();
  limited.limit = milliseconds(300);
  spec.deploy.alarms = {{"slower", latency_alarm()}, {"limited", limited}};
  EXPECT_EQ(step().slower_than.back(), milliseconds(300));
}

}  // namespace
}  // namespace teal::control
