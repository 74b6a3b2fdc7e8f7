#include "health/judge/judge.h"

#include <gtest/gtest.h>

namespace teal::health {
namespace {

using config::Alarm;
using config::Threshold;

std::string condition_of(const Alarm& alarm) {
  const std::unique_ptr<VerdictSource> source = make_source(alarm);
  EXPECT_EQ(source->name(), alarm.name);
  return source->condition();
}

TEST(MakeSource, MakesWhatTheAlarmDescribes) {
  const Threshold above{Threshold::Op::above, 0.02};
  const std::chrono::minutes over{1};
  EXPECT_EQ(condition_of(Alarm{"errors", config::ErrorRateAlarm{above}, over, 50}),
            "error_rate > 2% over 1m");
  EXPECT_EQ(
      condition_of(Alarm{"slow", config::LatencyAlarm{0.5, {Threshold::Op::above, 40}}, over, 50}),
      "latency_p50 > 40ms over 1m");
  EXPECT_EQ(
      condition_of(Alarm{"quiet", config::RequestRateAlarm{{Threshold::Op::below, 3}}, over, 50}),
      "request_rate < 3/s over 1m");
  EXPECT_EQ(condition_of(Alarm{"worse", config::CompareAlarm{}, over, 50}),
            "errors at most 1.5 times the live group's (confidence 0.999)");
  config::CompareAlarm latency;
  latency.what = config::CompareAlarm::What::latency;
  EXPECT_EQ(condition_of(Alarm{"lame", latency, over, 50}),
            "latency at most 1.5 times the live group's (confidence 0.999)");
  EXPECT_EQ(condition_of(Alarm{"pager", config::ExternalAlarm{}, over, 50}), "external");
}

TEST(MakeSource, PassesTheMinimumOfRequestsOn) {
  const auto source = make_source(
      Alarm{"errors", config::ErrorRateAlarm{{Threshold::Op::above, 0.01}}, Millis{1000}, 7});
  EXPECT_EQ(source->judge(Reading{}), Verdict{NotEnoughEvidence{"0 of 7 requests"}});
}

}  // namespace
}  // namespace teal::health
