#include "health/latency_comparison.h"

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
/// kShares. Until a breach or the end.
bool breaches(LatencyComparison& judge, std::uint64_t seed, const std::vector<double>& release,
              int requests) {
  proxy::Splitter splitter(seed);
  Rng rng(seed + 1);
  for (int i = 0; i < requests; ++i) {
    const proxy::Drawn drawn = splitter.draw(kTenth);
    const double luck = static_cast<double>(rng.next() >> 11U) * 0x1.0p-53;
    for (std::uint8_t k = 0; k < kThresholds.size(); ++k) {
      if (luck >= (drawn.release ? release[k] : kShares[k])) break;
      JudgedEvent event = error_of(drawn.release ? Colour::green : Colour::blue, i * 0.001);
      event.kind = JudgedEvent::Kind::slow;
      event.threshold = k;
      event.release_probability = drawn.release_probability;
      event.block = drawn.block;
      event.block_length = drawn.block_length;
      event.block_release = drawn.block_release;
      judge.on_event(event);
    }
    const Reading reading = settled_at(i * 0.001);
    if (i % 50 == 0 && is_breached(judge.judge(reading))) return true;
    if (i % 50 == 25 && judge.look(reading.glance())) return true;
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
      judge.on_event(event);
    }
    breached = is_breached(judge.judge(settled_at(i + 0.5)));
  }
  EXPECT_LE(hanging, 5);
}

// 4.7.3
TEST(LatencyComparison, CountsAClientOncePerThreshold) {
  LatencyComparison judge = begun();
  for (int i = 0; i < 20; ++i) {
    JudgedEvent event = error_of(Colour::green, i, 0.05);
    event.kind = JudgedEvent::Kind::slow;
    event.client = 9;
    judge.on_event(event);
  }
  judge.judge(settled_at(30));
  EXPECT_EQ(judge.comparison()->release.bad, 1U);
  EXPECT_EQ(judge.comparison()->left_out, 19U);
}

TEST(LatencyComparison, IgnoresErrorsAndThresholdsThatItDoesNotHave) {
  LatencyComparison judge = begun();
  judge.on_event(error_of(Colour::green, 1));
  JudgedEvent event = error_of(Colour::green, 1);
  event.kind = JudgedEvent::Kind::slow;
  event.threshold = 200;
  judge.on_event(event);
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

}  // namespace
}  // namespace teal::health
