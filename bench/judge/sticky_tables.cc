#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "bench/judge/tables.h"
#include "health/statistics/block_counts.h"
#include "health/statistics/ratio_evidence.h"
#include "health/statistics/sticky_counts.h"
#include "tests/support/sticky_traffic.h"

namespace teal::bench {
namespace {

constexpr std::array kWeights{Weight::percent(1), Weight::percent(10), Weight::percent(50)};
constexpr std::array kConfidences{0.99, 0.999};

/// The most evidence against a release that is as good as live, at any look.
double max_log_e(std::uint64_t seed, double tolerance, Weight weight, const StickyHabits& habits,
                 std::uint64_t events) {
  StickyTraffic traffic(seed, weight, habits);
  health::StickyCounts sticky;
  health::BlockCounts blocks;
  health::RatioTest test(tolerance);
  double most = 0;
  for (std::uint64_t i = 0; i < events; ++i) {
    const JudgedEvent event = traffic.next_bad();
    const bool release = event.group == Colour::green;
    if (!sticky.take(event)) continue;
    if (const auto probability = blocks.take(event, release)) test.add(release, *probability);
    most = std::max(most, test.log_e());
  }
  return most;
}

void print_row(const char* name, double tolerance, const StickyHabits& habits,
               const Options& options) {
  for (const Weight weight : kWeights) {
    std::array<std::uint64_t, kConfidences.size()> wrong{};
    for (std::uint64_t run = 0; run < options.deployments; ++run) {
      const double most =
          max_log_e(mix64(options.seed + run), tolerance, weight, habits, options.events);
      for (std::size_t c = 0; c < kConfidences.size(); ++c)
        wrong[c] += most >= -std::log(1 - kConfidences[c]) ? 1 : 0;
    }
    std::printf("| %s | %.1f | %s |", name, tolerance, to_string(weight).c_str());
    for (const std::uint64_t n : wrong)
      std::printf(" %llu (%.2f %%) |", static_cast<unsigned long long>(n),
                  100.0 * static_cast<double>(n) / static_cast<double>(options.deployments));
    std::printf("\n");
    std::fflush(stdout);
  }
}

}  // namespace

void print_sticky(const Options& options) {
  std::printf(
      "\n### False rollbacks in %llu A/A deployments of a sticky service, %llu bad events each\n\n",
      static_cast<unsigned long long>(options.deployments),
      static_cast<unsigned long long>(options.events));
  std::printf("| clients | tolerance | weight | confidence 0.99 | confidence 0.999 |\n");
  std::printf("|---|---|---|---|---|\n");
  print_row("come back, 2,000 addresses", 1, {}, options);
  print_row("come back, 20 addresses", 1, {.places = 20}, options);
  print_row("one of them spends the release's cookies", 1.5, {.forged = 0.01}, options);
  print_row("the same from four addresses", 1.5, {.forged = 0.01, .forgers = 4}, options);
}

}  // namespace teal::bench
