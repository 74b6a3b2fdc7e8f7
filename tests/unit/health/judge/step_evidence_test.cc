// What a comparison's certificate counts: what began in its step (docs/judge.md, "Thresholds").
#include <gtest/gtest.h>

#include "health/judge/error_comparison.h"
#include "tests/support/judged_traffic.h"

namespace teal::health {
namespace {

constexpr Weight kTenth = Weight::percent(10);

/// So much has ended of what began in the step, and as much more of what began before.
Reading stepwise(double second, std::uint64_t in_step, std::uint64_t before) {
  Reading reading = settled_at(second, counters(in_step + before), counters(1000));
  InStep& own = reading.in_step.emplace();
  own.step = 2;
  own.release.ended = counters(in_step);
  return reading;
}

TEST(StepEvidence, LateAnswersToTheStepBeforeCertifyNothing) {
  ErrorComparison judge("worse", {}, {});
  judge.begin_step({at_second(0), kTenth, {}, {}});
  judge.judge(stepwise(0, 0, 0));
  EXPECT_TRUE(std::holds_alternative<NotEnoughEvidence>(judge.judge(stepwise(1, 0, 5000))));
  EXPECT_TRUE(std::holds_alternative<Healthy>(judge.judge(stepwise(2, 5000, 5000))));
}

TEST(StepEvidence, FailuresOfTheLiveGroupFromBeforeTheStepCertifyNothing) {
  ErrorComparison judge("worse", {}, {});
  judge.begin_step({at_second(0), kTenth, {}, {}});
  judge.judge(settled_at(0));
  judge.begin_step({at_second(10), kTenth, {}, {}});
  const double at_first = (judge.judge(settled_at(10)), judge.comparison()->non_inferiority_log_e);
  for (int i = 0; i < 50; ++i) judge.on_judged_event(error_of(Colour::blue, 9, /*age=*/2));
  judge.judge(settled_at(11));
  EXPECT_EQ(judge.comparison()->non_inferiority_log_e, at_first);
  EXPECT_EQ(judge.comparison()->live.bad, 50U) << "they count against a rollback";
  for (int i = 0; i < 50; ++i) judge.on_judged_event(error_of(Colour::blue, 12));
  judge.judge(settled_at(13));
  EXPECT_GT(judge.comparison()->non_inferiority_log_e, at_first);
}

}  // namespace
}  // namespace teal::health
