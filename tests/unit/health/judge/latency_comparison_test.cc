#include "health/judge/latency_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/judged_traffic.h"

namespace teal::health {
namespace {

using testing::HasSubstr;

constexpr Weight kTenth = Weight::percent(10);

config::CompareAlarm alarm() {
  config::CompareAlarm compare;
  compare.what = config::CompareAlarm::What::latency;
  return compare;
}

const std::vector<Micros> kThresholds{Micros{10'000}, Micros{20'000}, Micros{50'000}};
const std::vector<double> kShares{0.5, 0.1, 0.01};

LatencyComparison begun() {
  LatencyComparison judge("lame", alarm(), {});
  judge.begin_step({at_second(0), kTenth, kThresholds, kShares});
  judge.judge(settled_at(0));
  return judge;
}

bool is_breached(const Verdict& verdict) {
  return std::holds_alternative<Breached>(verdict);
}

/// Requests of both groups; the release's are as slow as that with the given chances, live's with
/// kShares. A share of the clients gives up between the second threshold and the third. Until a
/// breach or the end.
bool breaches(LatencyComparison& judge, std::uint64_t seed, const std::vector<double>& release,
              int requests, double impatient = 0) {
  proxy::Splitter splitter(seed);
  Rng rng(seed + 1);
  for (int i = 0; i < requests; ++i) {
    const proxy::Drawn drawn = splitter.draw(kTenth);
    const double luck = static_cast<double>(rng.next() >> 11U) * 0x1.0p-53;
    const std::size_t waits_for = impatient > 0 && uniform(rng) < impatient ? 2 : 3;
    for (std::uint8_t k = 0; k < waits_for; ++k) {
      if (luck >= (drawn.release ? release[k] : kShares[k])) break;
      JudgedEvent event = error_of(drawn.release ? Colour::green : Colour::blue, i * 0.001);
      event.kind = JudgedEvent::Kind::slow;
      event.threshold = k;
      event.release_probability = drawn.release_probability;
      event.block = drawn.block;
      event.block_length = drawn.block_length;
      event.block_release = drawn.block_release;
      judge.on_judged_event(event);
    }
    const Reading reading = settled_at(i * 0.001);
    if (i % 50 == 0 && is_breached(judge.judge(reading))) return true;
    if (i % 50 == 25 && judge.check_breach(reading.counts())) return true;
  }
  return is_breached(judge.judge(settled_at(requests)));
}

TEST(LatencyComparison, NeverJudgesWithoutData) {
  LatencyComparison judge = begun();
  const Verdict verdict = judge.judge(settled_at(60));
  EXPECT_TRUE(std::holds_alternative<NotEnoughEvidence>(verdict));
  EXPECT_NEAR(judge.comparison()->log_e, 0, 1e-12);
}

TEST(LatencyComparison, DoesNotBlameAReleaseThatIsAsSlowAsLive) {
  int blamed = 0;
  for (std::uint64_t run = 0; run < 20; ++run) {
    LatencyComparison judge = begun();
    blamed += breaches(judge, mix64(run), kShares, 5000) ? 1 : 0;
  }
  EXPECT_EQ(blamed, 0);
}

TEST(LatencyComparison, BlamesAReleaseWhoseTailHasGrownTenfold) {
  LatencyComparison judge = begun();
  EXPECT_TRUE(breaches(judge, 3, {0.5, 0.15, 0.12}, 20'000));
  EXPECT_THAT(to_string(judge.judge(settled_at(99))), HasSubstr("slower than 50.00ms: "));
}

TEST(LatencyComparison, BlamesAReleaseThatHangsByTheFewestOfItsRequests) {
  LatencyComparison judge = begun();
  int hanging = 0;
  bool breached = false;
  for (int i = 0; i < 20 && !breached; ++i) {
    ++hanging;
    for (std::uint8_t k = 0; k < 3; ++k) {
      JudgedEvent event = error_of(Colour::green, i, 0.05);
      event.kind = JudgedEvent::Kind::slow;
      event.threshold = k;
      judge.on_judged_event(event);
    }
    breached = is_breached(judge.judge(settled_at(i + 0.5)));
  }
  EXPECT_LE(hanging, 5);
}

// As a worker tells: at the age of each threshold, of whom nobody has given up before.
TEST(LatencyComparison, BlamesAReleaseThatHangsThoughAllClientsGiveUp) {
  LatencyComparison judge = begun();
  EXPECT_TRUE(breaches(judge, 5, {1, 1, 1}, 300, 1.0));
  EXPECT_THAT(to_string(judge.judge(settled_at(99))), HasSubstr("slower than 20.00ms: "));
}

TEST(LatencyComparison, DoesNotBlameAReleaseWhoseClientsGiveUpAsThoseOfLiveDo) {
  int blamed = 0;
  for (std::uint64_t run = 0; run < 20; ++run) {
    LatencyComparison judge = begun();
    blamed += breaches(judge, mix64(run + 100), kShares, 5000, 0.5) ? 1 : 0;
  }
  EXPECT_EQ(blamed, 0);
}

TEST(LatencyComparison, FindsASlowTailBehindClientsOfWhomHalfGiveUpBeforeIt) {
  LatencyComparison judge = begun();
  EXPECT_TRUE(breaches(judge, 7, {0.5, 0.1, 0.1}, 40'000, 0.5));
  EXPECT_THAT(to_string(judge.judge(settled_at(99))), HasSubstr("slower than 50.00ms: "));
}

// Condition 3
TEST(LatencyComparison, CountsAClientOncePerThreshold) {
  LatencyComparison judge = begun();
  for (int i = 0; i < 20; ++i) {
    JudgedEvent event = error_of(Colour::green, i, 0.05);
    event.kind = JudgedEvent::Kind::slow;
    event.client = 9;
    judge.on_judged_event(event);
  }
  judge.judge(settled_at(30));
  EXPECT_EQ(judge.comparison()->release.bad, 1U);
  EXPECT_EQ(judge.comparison()->left_out, 19U);
}

TEST(LatencyComparison, IgnoresErrorsAndThresholdsThatItDoesNotHave) {
  LatencyComparison judge = begun();
  judge.on_judged_event(error_of(Colour::green, 1));
  JudgedEvent event = error_of(Colour::green, 1);
  event.kind = JudgedEvent::Kind::slow;
  event.threshold = 200;
  judge.on_judged_event(event);
  judge.judge(settled_at(2));
  EXPECT_NEAR(judge.comparison()->log_e, 0, 1e-12);
  EXPECT_EQ(judge.comparison()->left_out, 1U);
}

TEST(LatencyComparison, CertifiesByLivesOwnQuantilesEvenWithoutLiveTraffic) {
  LatencyComparison judge("lame", alarm(), {});
  judge.begin_step({at_second(0), Weight::all(), kThresholds, kShares});
  judge.judge(settled_at(0));
  TrafficCounters release = counters(2000);
  for (int i = 0; i < 1000; ++i) release.duration.record(5'000);
  for (int i = 0; i < 820; ++i) release.duration.record(15'000);
  for (int i = 0; i < 180; ++i) release.duration.record(30'000);
  EXPECT_TRUE(std::holds_alternative<Healthy>(judge.judge(settled_at(1, release))));
  TrafficCounters slow = release;
  for (int i = 0; i < 200; ++i) slow.duration.record(30'000);
  LatencyComparison other("lame", alarm(), {});
  other.begin_step({at_second(0), Weight::all(), kThresholds, kShares});
  other.judge(settled_at(0));
  EXPECT_FALSE(std::holds_alternative<Healthy>(other.judge(settled_at(1, slow))));
}

/// A tenth of the traffic is the release's. So many requests of either group are as fast as live
/// was before the step; of so many more the clients give up before the first threshold.
Verdict non_inferiority_verdict(std::uint64_t release_given_up, std::uint64_t live_given_up) {
  const auto group = [](std::uint64_t requests, std::uint64_t given_up) {
    TrafficCounters seen = counters(requests);
    for (std::uint64_t i = 0; i < requests; ++i)
      seen.duration.record(i % 10 < 5 ? 5'000 : i % 10 < 9 ? 15'000 : 30'000);
    for (std::uint64_t i = 0; i < given_up; ++i) seen.given_up.record(8'000);
    return seen;
  };
  LatencyComparison judge = begun();
  return judge.judge(settled_at(1, group(4000, release_given_up), group(36'000, live_given_up)));
}

TEST(LatencyComparison, CertifiesAReleaseWhoseClientsGiveUpAsOftenAsThoseOfLive) {
  EXPECT_TRUE(std::holds_alternative<Healthy>(non_inferiority_verdict(0, 0)));
  EXPECT_TRUE(std::holds_alternative<Healthy>(non_inferiority_verdict(1000, 9000)));
}

TEST(LatencyComparison, DoesNotCertifyAHangThatClientsGiveUpBeforeItsThresholds) {
  EXPECT_TRUE(std::holds_alternative<NotEnoughEvidence>(non_inferiority_verdict(4000, 0)));
  EXPECT_TRUE(std::holds_alternative<NotEnoughEvidence>(non_inferiority_verdict(4000, 3600)));
}

TEST(LatencyComparison, CountsWhatWasGivenUpBehindAThresholdAsSlowForTheCertificate) {
  TrafficCounters release = counters(2000);
  for (int i = 0; i < 1000; ++i) release.duration.record(5'000);
  for (int i = 0; i < 820; ++i) release.duration.record(15'000);
  for (int i = 0; i < 180; ++i) release.duration.record(30'000);
  for (const Micros age : {Micros{9'000}, Micros{30'000}}) {
    TrafficCounters seen = release;
    for (int i = 0; i < 200; ++i) seen.given_up.record(static_cast<std::uint64_t>(age.count()));
    LatencyComparison judge("lame", alarm(), {});
    judge.begin_step({at_second(0), Weight::all(), kThresholds, kShares});
    judge.judge(settled_at(0));
    EXPECT_EQ(std::holds_alternative<Healthy>(judge.judge(settled_at(1, seen))),
              age < kThresholds[0]);
  }
}

}  // namespace
}  // namespace teal::health
