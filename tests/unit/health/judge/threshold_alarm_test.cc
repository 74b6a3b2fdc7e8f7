#include "health/judge/threshold_alarm.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

namespace teal::health {
namespace {

using config::Threshold;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Threshold above(double limit) {
  return Threshold{Threshold::Op::above, limit};
}
constexpr Threshold below(double limit) {
  return Threshold{Threshold::Op::below, limit};
}

/// A release whose counters grow as the test says, judged by one alarm.
class Release {
 public:
  Release(ThresholdAlarm::Measure measure, Millis over, std::uint64_t minimum)
      : alarm_("alarm", measure, over, minimum) {
    // What came before the deployment: bad, and none of the alarm's business.
    serve(1000, 5, seconds{10});
    judge();
  }

  void serve(std::uint64_t requests, std::size_t status_class, Micros duration = milliseconds{10},
             Origin origin = Origin::target) {
    counters_.requests[static_cast<std::size_t>(origin)][status_class - 1] += requests;
    if (origin == Origin::client) return;
    for (std::uint64_t i = 0; i < requests; ++i)
      counters_.duration.record(static_cast<std::uint64_t>(duration.count()));
  }
  /// Clients that went away when they had waited so long.
  void give_up(std::uint64_t requests, Micros age) {
    counters_.requests[static_cast<std::size_t>(Origin::client)][4 - 1] += requests;
    for (std::uint64_t i = 0; i < requests; ++i)
      counters_.given_up.record(static_cast<std::uint64_t>(age.count()));
  }
  Verdict judge() { return alarm_.judge(Reading{now_, counters_, {}}); }
  Verdict judge_after(Millis passed) {
    now_ += passed;
    return judge();
  }
  const ThresholdAlarm& alarm() const { return alarm_; }

 private:
  ThresholdAlarm alarm_;
  TrafficCounters counters_;
  Mono now_ = Mono{} + seconds{5000};
};

Release errors(Threshold threshold, std::uint64_t minimum = 50) {
  return Release(config::ErrorRateAlarm{threshold}, seconds{30}, minimum);
}
Release latency(double quantile, Threshold threshold, std::uint64_t minimum = 50) {
  return Release(config::LatencyAlarm{quantile, threshold}, seconds{30}, minimum);
}
Release rate(Threshold threshold) {
  return Release(config::RequestRateAlarm{threshold}, seconds{30}, 50);
}

bool is_breached(const Verdict& verdict) {
  return std::holds_alternative<Breached>(verdict);
}

TEST(ErrorRateAlarm, HasNotEnoughEvidenceBeforeItsMinimumOfRequests) {
  Release release = errors(above(0.01));
  EXPECT_EQ(release.judge_after(seconds{1}), Verdict{NotEnoughEvidence{"0 of 50 requests"}});
  release.serve(12, 5);
  EXPECT_EQ(release.judge_after(seconds{1}), Verdict{NotEnoughEvidence{"12 of 50 requests"}});
}

TEST(ErrorRateAlarm, NamesValueThresholdWindowAndCountsWhenBreached) {
  Release release = errors(above(0.01));
  release.serve(280, 2);
  release.serve(12, 5);
  EXPECT_EQ(release.judge_after(seconds{2}),
            Verdict{Breached{"error_rate 4.11% > 1% over 30s (12 of 292 requests)"}});
}

TEST(ErrorRateAlarm, DoesNotWaitForTheWindowToFill) {
  Release release = errors(above(0.01));
  release.serve(50, 5);
  EXPECT_TRUE(is_breached(release.judge_after(milliseconds{3})));
}

TEST(ErrorRateAlarm, ComparesStrictlyAtEveryWholePercent) {
  for (std::uint64_t percent = 0; percent < 100; ++percent) {
    SCOPED_TRACE(percent);
    Release release = errors(above(static_cast<double>(percent) / 100));
    release.serve(percent, 5);
    release.serve(100 - percent, 2);
    EXPECT_EQ(release.judge_after(seconds{1}), Verdict{Healthy{}});
    release.serve(1, 5);
    EXPECT_TRUE(is_breached(release.judge_after(seconds{1})));
  }
}

TEST(ErrorRateAlarm, DoesNotRoundAValueToItsLimitInWords) {
  Release release = errors(above(0.01));
  release.serve(99'989, 2);
  release.serve(1011, 5);
  EXPECT_EQ(release.judge_after(seconds{1}),
            Verdict{Breached{"error_rate 1.00099% > 1% over 30s (1011 of 101000 requests)"}});
}

TEST(ErrorRateAlarm, BlamesTheReleaseForTealsAnswersButNotForClientsThatLeft) {
  Release release = errors(above(0.5));
  release.serve(50, 5, milliseconds{10}, Origin::client);
  EXPECT_EQ(release.judge_after(seconds{1}), Verdict{NotEnoughEvidence{"0 of 50 requests"}});
  release.serve(50, 5, milliseconds{10}, Origin::teal);
  EXPECT_TRUE(is_breached(release.judge_after(seconds{1})));
}

TEST(ErrorRateAlarm, CountsOnlyServerErrors) {
  Release release = errors(above(0));
  release.serve(100, 4);
  release.serve(100, 3);
  EXPECT_EQ(release.judge_after(seconds{1}), Verdict{Healthy{}});
}

TEST(ErrorRateAlarm, HealsWhenTheErrorsHaveLeftTheWindow) {
  Release release = errors(above(0.01));
  release.serve(60, 5);
  EXPECT_TRUE(is_breached(release.judge_after(seconds{1})));
  for (int i = 0; i < 31; ++i) {
    release.serve(10, 2);
    release.judge_after(seconds{1});
  }
  EXPECT_EQ(release.judge_after(seconds{1}), Verdict{Healthy{}});
}

TEST(ErrorRateAlarm, LacksEvidenceAgainWhenTheTrafficDriesUp) {
  Release release = errors(above(0.01));
  release.serve(60, 2);
  EXPECT_EQ(release.judge_after(seconds{1}), Verdict{Healthy{}});
  release.judge_after(seconds{31});
  EXPECT_EQ(release.judge_after(seconds{31}), Verdict{NotEnoughEvidence{"0 of 50 requests"}});
}

TEST(ErrorRateAlarm, SaysNothingAboutNoRequestsEvenWithoutAMinimum) {
  Release release = errors(below(0.5), 0);
  EXPECT_EQ(release.judge_after(seconds{1}), Verdict{NotEnoughEvidence{"0 of 1 requests"}});
}

TEST(LatencyAlarm, BreachesWhenTheQuantilesWholeBucketIsBeyondTheLimit) {
  Release release = latency(0.99, above(250));
  release.serve(98, 2, milliseconds{20});
  release.serve(2, 2, milliseconds{300});
  EXPECT_EQ(release.judge_after(seconds{1}),
            Verdict{Breached{"latency_p99 310ms > 250ms over 30s (100 requests)"}});
}

TEST(LatencyAlarm, ForgivesWhatThePrecisionOfItsBucketsCannotTell) {
  // 252 ms lies in the bucket 250..260 ms, and so does the limit.
  Release inside = latency(0.5, above(255));
  inside.serve(100, 2, milliseconds{252});
  EXPECT_EQ(inside.judge_after(seconds{1}), Verdict{Healthy{}});
  // Its upper border, which the status page shows, is above this limit too.
  Release upper = latency(0.5, above(259.5));
  upper.serve(100, 2, milliseconds{252});
  EXPECT_EQ(upper.judge_after(seconds{1}), Verdict{Healthy{}});
  Release certain = latency(0.5, above(250));
  certain.serve(100, 2, milliseconds{252});
  EXPECT_TRUE(is_breached(certain.judge_after(seconds{1})));
  Release just_under = latency(0.5, above(250));
  just_under.serve(100, 2, Micros{249'999});
  EXPECT_EQ(just_under.judge_after(seconds{1}), Verdict{Healthy{}});
}

TEST(LatencyAlarm, BelowItsLimitMeansTheUpperBorderToo) {
  Release release = latency(0.5, below(260));
  release.serve(100, 2, milliseconds{252});
  EXPECT_EQ(release.judge_after(seconds{1}),
            Verdict{Breached{"latency_p50 250ms < 260ms over 30s (100 requests)"}});
  Release inside = latency(0.5, below(255));
  inside.serve(100, 2, milliseconds{252});
  EXPECT_EQ(inside.judge_after(seconds{1}), Verdict{Healthy{}});
}

TEST(LatencyAlarm, SeesWhatIsSlowerThanItsLastBucketBegins) {
  Release release = latency(0.99, above(100'000));
  release.serve(50, 2, seconds{4000});
  EXPECT_EQ(release.judge_after(seconds{1}),
            Verdict{Breached{"latency_p99 over 1m40s > 1m40s over 30s (50 requests)"}});
}

TEST(LatencyAlarm, NeedsItsMinimumOfRequests) {
  Release release = latency(0.99, above(250));
  release.serve(49, 2, seconds{5});
  EXPECT_EQ(release.judge_after(seconds{1}), Verdict{NotEnoughEvidence{"49 of 50 requests"}});
}

TEST(LatencyAlarm, CountsWhatWasGivenUpAsSlowerThanALimitThatItsAgeHadPassed) {
  Release release = latency(0.99, above(250));
  release.serve(98, 2);
  release.give_up(2, milliseconds{300});
  EXPECT_EQ(release.judge_after(seconds{1}),
            Verdict{Breached{"latency_p99 over 300ms > 250ms over 30s (100 requests, 2 given up by "
                             "clients)"}});
}

TEST(LatencyAlarm, SeesAHangThatAllClientsGiveUp) {
  Release release = latency(0.99, above(250));
  release.give_up(49, milliseconds{300});
  EXPECT_EQ(release.judge_after(seconds{1}), Verdict{NotEnoughEvidence{"49 of 50 requests"}});
  release.give_up(1, milliseconds{250});
  EXPECT_TRUE(is_breached(release.judge_after(seconds{1})));
}

TEST(LatencyAlarm, LearnsNothingFromWhatWasGivenUpBeforeTheLimit) {
  Release release = latency(0.5, above(250));
  release.serve(49, 2);
  release.give_up(1000, milliseconds{240});
  EXPECT_EQ(release.judge_after(seconds{1}), Verdict{NotEnoughEvidence{"49 of 50 requests"}})
      << "a request that was given up early is no fast one";
  release.serve(1, 2);
  EXPECT_EQ(release.judge_after(seconds{1}), Verdict{Healthy{}})
      << "a request that was given up early is no slow one";
}

TEST(LatencyAlarm, DoesNotCallFastWhatWasGivenUp) {
  Release release = latency(0.9, below(5));
  release.serve(60, 2, milliseconds{1});
  release.give_up(10, milliseconds{1});
  EXPECT_EQ(release.judge_after(seconds{1}), Verdict{Healthy{}});
  release.serve(60, 2, milliseconds{1});
  EXPECT_TRUE(is_breached(release.judge_after(seconds{1}))) << "fast whatever became of ten of 130";
}

TEST(RequestRateAlarm, DoesNotCallAStartingReleaseTooQuiet) {
  Release release = rate(below(5));
  for (int i = 0; i < 29; ++i)
    EXPECT_EQ(release.judge_after(seconds{1}),
              Verdict{NotEnoughEvidence{std::to_string(i + 1) + "s of 30s"}});
  release.serve(96, 2);
  EXPECT_EQ(release.judge_after(seconds{1}),
            Verdict{Breached{"request_rate 3.2/s < 5/s over 30s (96 requests)"}});
}

TEST(RequestRateAlarm, FindsSilenceWhichNoMinimumOfRequestsMayForbid) {
  Release release = rate(below(0.1));
  EXPECT_EQ(release.judge_after(seconds{30}),
            Verdict{Breached{"request_rate 0/s < 0.1/s over 30s (0 requests)"}});
}

TEST(RequestRateAlarm, IsHealthyOnceTheWholeWindowSaysSo) {
  Release release = rate(below(5));
  release.serve(150, 2);
  EXPECT_EQ(release.judge_after(seconds{30}), Verdict{Healthy{}});
}

TEST(RequestRateAlarm, DoesNotTakeABurstForARate) {
  Release release = rate(above(10));
  release.serve(300, 2);
  EXPECT_EQ(release.judge_after(milliseconds{10}), Verdict{NotEnoughEvidence{"10ms of 30s"}});
  release.serve(1, 2);
  EXPECT_TRUE(is_breached(release.judge_after(milliseconds{10})));
}

TEST(ThresholdAlarm, SaysItsConditionForAPerson) {
  EXPECT_EQ(errors(above(0.01)).alarm().condition(), "error_rate > 1% over 30s");
  EXPECT_EQ(errors(above(0.0005)).alarm().condition(), "error_rate > 0.05% over 30s");
  EXPECT_EQ(errors(above(0.29)).alarm().condition(), "error_rate > 29% over 30s");
  EXPECT_EQ(latency(0.99, above(250)).alarm().condition(), "latency_p99 > 250ms over 30s");
  EXPECT_EQ(latency(0.999, above(1.5)).alarm().condition(), "latency_p99.9 > 1.5ms over 30s");
  EXPECT_EQ(rate(below(0.5)).alarm().condition(), "request_rate < 0.5/s over 30s");
  EXPECT_EQ(rate(above(123456.5)).alarm().condition(), "request_rate > 123456.5/s over 30s");
}

TEST(ThresholdAlarm, IsNotMovedByWordsFromOutside) {
  Release release = errors(above(0.01));
  ThresholdAlarm alarm("errors", config::ErrorRateAlarm{above(0.01)}, seconds{30}, 50);
  alarm.set_external(true, "somebody says so");
  EXPECT_EQ(alarm.judge(Reading{}), Verdict{NotEnoughEvidence{"0 of 50 requests"}});
}

// ---- steps, and what is in flight ---------------------------------------------------------------

/// A release whose requests are counted by the step in which they began.
class Stepwise {
 public:
  explicit Stepwise(ThresholdAlarm::Measure measure)
      : alarm_("alarm", measure, seconds{30}, /*minimum_requests=*/50) {}

  void serve(std::uint64_t step, std::uint64_t requests, std::size_t status_class,
             Micros duration = milliseconds{10}) {
    TrafficCounters& counters = steps_[step];
    counters.requests[0][status_class - 1] += requests;
    for (std::uint64_t i = 0; i < requests; ++i)
      counters.duration.record(static_cast<std::uint64_t>(duration.count()));
  }
  /// What the workers saw last in flight, all of it of the present step.
  void see_in_flight(std::uint64_t requests, Micros age) {
    in_flight_ = {};
    for (std::uint64_t i = 0; i < requests; ++i)
      in_flight_.record(static_cast<std::uint64_t>(age.count()));
    seen_ = steps_;
  }
  Verdict judge(std::uint64_t step, Millis passed = seconds{1}) {
    now_ += passed;
    Reading reading;
    reading.at = now_;
    InStep& own = reading.in_step.emplace();
    own.step = step;
    own.release.ended = steps_[step];
    own.release.reached = seen_[step].duration;
    own.release.reached += in_flight_;
    reading.reached = in_flight_;
    for (const auto& [number, counters] : steps_) reading.release += counters;
    for (const auto& [number, counters] : seen_) reading.reached += counters.duration;
    return alarm_.judge(reading);
  }

 private:
  ThresholdAlarm alarm_;
  std::map<std::uint64_t, TrafficCounters> steps_, seen_;
  Histogram in_flight_;
  Mono now_ = Mono{} + seconds{5000};
};

TEST(StepwiseAlarm, CountsFromTheFirstRequestOfTheDeployment) {
  Stepwise release(config::ErrorRateAlarm{above(0.01)});
  release.serve(0, 50, 2);
  EXPECT_EQ(release.judge(0), Verdict{Healthy{}}) << "at the very first look";
}

TEST(StepwiseAlarm, SaysWellOnlyOfWhatBeganInTheStep) {
  Stepwise release(config::ErrorRateAlarm{above(0.01)});
  release.serve(0, 500, 2);
  EXPECT_EQ(release.judge(0), Verdict{Healthy{}});
  release.serve(2, 12, 2);
  EXPECT_EQ(release.judge(2), Verdict{NotEnoughEvidence{"12 of 50 requests"}});
  release.serve(0, 500, 2);
  EXPECT_EQ(release.judge(2), Verdict{NotEnoughEvidence{"12 of 50 requests"}}) << "late answers";
  release.serve(2, 38, 2);
  EXPECT_EQ(release.judge(2), Verdict{Healthy{}});
}

TEST(StepwiseAlarm, BreachesByWhatBeganInAStepBefore) {
  Stepwise release(config::ErrorRateAlarm{above(0.01)});
  release.serve(0, 100, 2);
  release.judge(0);
  release.serve(2, 100, 2);
  release.serve(0, 20, 5);
  EXPECT_EQ(release.judge(2),
            Verdict{Breached{"error_rate 9.09% > 1% over 30s (20 of 220 requests)"}});
}

TEST(StepwiseAlarm, BreachesByTheStepAloneHoweverGoodTheOneBeforeWas) {
  Stepwise release(config::ErrorRateAlarm{above(0.2)});
  release.serve(0, 1000, 2);
  release.judge(0);
  release.serve(2, 50, 5);
  EXPECT_EQ(release.judge(2),
            Verdict{Breached{"error_rate 100% > 20% over 30s (50 of 50 requests)"}});
}

TEST(StepwiseAlarm, WantsAWholeWindowOfTheStepForARate) {
  Stepwise release(config::RequestRateAlarm{below(1)});
  for (int second = 0; second <= 31; ++second) {
    release.serve(0, 10, 2);
    release.judge(0);
  }
  EXPECT_EQ(release.judge(0), Verdict{Healthy{}});
  release.serve(2, 100, 2);
  release.judge(2);
  EXPECT_EQ(release.judge(2, seconds{6}), Verdict{NotEnoughEvidence{"6s of 30s"}});
  release.serve(2, 100, 2);
  EXPECT_EQ(release.judge(2, seconds{24}), Verdict{Healthy{}});
}

TEST(StepwiseAlarm, CountsWhatIsInFlightAndOlderThanTheLimitAsSlow) {
  Stepwise release(config::LatencyAlarm{0.99, above(250)});
  release.serve(0, 40, 2);
  release.see_in_flight(60, milliseconds{200});
  EXPECT_EQ(release.judge(0), Verdict{NotEnoughEvidence{"40 of 50 requests"}})
      << "younger ones say nothing";
  release.see_in_flight(60, milliseconds{250});
  EXPECT_EQ(
      release.judge(0),
      Verdict{Breached{"latency_p99 over 250ms > 250ms over 30s (100 requests, 60 in flight)"}});
}

TEST(StepwiseAlarm, CountsNoRequestTwiceThatHasEndedSinceItWasSeenInFlight) {
  Stepwise release(config::LatencyAlarm{0.98, above(250)});
  release.serve(0, 98, 2);
  release.see_in_flight(2, seconds{1});
  EXPECT_EQ(release.judge(0), Verdict{Healthy{}}) << "two of a hundred may be slow";
  release.serve(0, 2, 2, seconds{1});
  EXPECT_EQ(release.judge(0), Verdict{Healthy{}}) << "they are the same two";
}

TEST(StepwiseAlarm, IsNotWellWithAStepOfWhichEverythingHangs) {
  Stepwise release(config::LatencyAlarm{0.99, above(250)});
  release.serve(0, 10'000, 2);
  release.judge(0);
  release.see_in_flight(20, milliseconds{100});
  EXPECT_EQ(release.judge(2), Verdict{NotEnoughEvidence{"0 of 50 requests"}});
  release.see_in_flight(50, milliseconds{300});
  EXPECT_EQ(
      release.judge(2),
      Verdict{Breached{"latency_p99 over 250ms > 250ms over 30s (50 requests, 50 in flight)"}});
}

}  // namespace
}  // namespace teal::health
