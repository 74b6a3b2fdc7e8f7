// Condition 3 of the comparison (docs/judge.md) over many deployments: clients that come back, and
// one who has collected cookies. Larger figures: `./dev bench judge`.
#include "tests/support/sticky_traffic.h"

#include <gtest/gtest.h>

#include <cmath>

#include "health/statistics/block_counts.h"
#include "health/statistics/ratio_evidence.h"
#include "health/statistics/sticky_counts.h"

namespace teal::health {
namespace {

constexpr std::uint64_t kSeed = 20'261'129;
constexpr std::uint64_t kDeployments = 1000;
constexpr std::uint64_t kEvents = 300;
constexpr double kAlpha = 0.01;

/// Of so many releases that are as good as live, how many would be rolled back.
std::uint64_t rolled_back(Weight weight, double tolerance, const StickyHabits& habits,
                          bool counts_all = false) {
  std::uint64_t wrong = 0;
  for (std::uint64_t run = 0; run < kDeployments; ++run) {
    StickyTraffic traffic(mix64(kSeed + run), weight, habits);
    StickyCounts sticky;
    BlockCounts blocks;
    RatioTest test(tolerance);
    bool breached = false;
    for (std::uint64_t i = 0; i < kEvents && !breached; ++i) {
      const JudgedEvent event = traffic.next_bad();
      const bool release = event.group == Colour::green;
      if (!counts_all && !sticky.take(event)) continue;
      if (const auto probability = blocks.take(event, release)) test.add(release, *probability);
      breached = test.log_e() >= -std::log(kAlpha);
    }
    wrong += breached ? 1 : 0;
  }
  return wrong;
}

/// Three standard deviations above alpha.
const double kMaxRollbacks = kDeployments * kAlpha + 3 * std::sqrt(kDeployments * kAlpha);

TEST(StickyTraffic, AnEqualReleaseIsRolledBackNoMoreOftenThanAlphaByClientsThatComeBack) {
  for (const std::uint32_t places : {20U, 2000U})
    for (const std::uint32_t percent : {1U, 10U, 50U})
      EXPECT_LE(static_cast<double>(rolled_back(Weight::percent(percent), 1, {.places = places})),
                kMaxRollbacks)
          << places << " addresses at " << percent << '%';
}

// What the counts are for.
TEST(StickyTraffic, CountingEveryRequestOfWhoComesBackWouldRollManyBack) {
  EXPECT_GT(static_cast<double>(rolled_back(Weight::percent(10), 1, {}, true)), 2 * kMaxRollbacks);
}

// His one event is worth 1 + (1 - p)/(r p) times the evidence at most: five halves at 50 % and 1.5,
// of which an equal release is far away.
TEST(StickyTraffic, WhoSpendsTheReleasesCookiesFromOneAddressRollsHardlyMoreBack) {
  EXPECT_LE(static_cast<double>(rolled_back(Weight::percent(50), 1.5, {.forged = 0.05})),
            kMaxRollbacks);
  EXPECT_GT(rolled_back(Weight::percent(50), 1.5, {.forged = 0.05}, true), kDeployments / 2);
}

}  // namespace
}  // namespace teal::health
