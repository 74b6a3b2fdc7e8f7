#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "bench/judge/tables.h"
#include "health/statistics/block_counts.h"
#include "health/statistics/ratio_evidence.h"
#include "tests/support/simulated_traffic.h"

namespace teal::bench {
namespace {

constexpr std::array kWeights{Weight::percent(1), Weight::percent(10), Weight::percent(50)};
constexpr std::array kConfidences{0.99, 0.999};

/// The part of the judge that decides, without what it shows.
struct Judge {
  explicit Judge(double tolerance) : test(tolerance) {}

  double add(const JudgedEvent& event) {
    const bool release = event.group == Colour::green;
    if (const auto probability = blocks.take(event, release)) test.add(release, *probability);
    return test.log_e();
  }
  health::BlockCounts blocks;
  health::RatioTest test;
};

/// The process is killed after so many bad events each, and the last ones had not been written.
struct Kills {
  std::uint64_t every = 0;  ///< 0: never.
  std::uint64_t lost = 0;
};

void print_a_a(const char* name, double tolerance, const Rates& rates, const Options& options,
               const Kills& kills = {}) {
  for (const Weight weight : kWeights) {
    std::array<std::uint64_t, kConfidences.size()> wrong{};
    for (std::uint64_t run = 0; run < options.deployments; ++run) {
      Judge judge(tolerance);
      SimulatedTraffic traffic(mix64(options.seed + run), weight, rates);
      Judge written = judge;
      double most = 0, price = 0;
      for (std::uint64_t i = 1; i <= options.events; ++i) {
        most = std::max(most, judge.add(traffic.next_bad()) - price);
        if (kills.every == 0) continue;
        if (i % kills.every == kills.every - kills.lost) written = judge;
        if (i % kills.every == 0) {
          judge = written;
          price = health::RatioTest::log_restart_price(i / kills.every);
        }
      }
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

/// Bad events until the trip; nothing within `most`.
std::optional<std::uint64_t> events_to_trip(Judge& judge, SimulatedTraffic& traffic,
                                            double log_needed, std::uint64_t most) {
  for (std::uint64_t i = 1; i <= most; ++i)
    if (judge.add(traffic.next_bad()) >= log_needed) return i;
  return std::nullopt;
}

std::string cell(double tolerance, double confidence, Weight weight, const Rates& rates,
                 const Options& options) {
  constexpr std::uint64_t kMaxEvents = 40'000;
  std::vector<std::uint64_t> events;
  for (std::uint64_t run = 0; run < options.runs; ++run) {
    Judge judge(tolerance);
    SimulatedTraffic traffic(mix64(options.seed + 7'777'777 + run), weight, rates);
    events.push_back(
        events_to_trip(judge, traffic, -std::log(1 - confidence), kMaxEvents).value_or(kMaxEvents));
  }
  std::sort(events.begin(), events.end());
  return std::to_string(events[events.size() / 2]) + " (" +
         std::to_string(events[events.size() * 95 / 100]) + ")";
}

}  // namespace

void print_false_rollbacks(const Options& options) {
  std::printf("\n### False rollbacks in %llu A/A deployments of %llu bad events each\n\n",
              static_cast<unsigned long long>(options.deployments),
              static_cast<unsigned long long>(options.events));
  std::printf("| traffic | tolerance | weight | confidence 0.99 | confidence 0.999 |\n");
  std::printf("|---|---|---|---|---|\n");
  print_a_a("5 % errors", 1, {.live = 0.05}, options);
  print_a_a("2 % and 20 % in turn", 1, {.live = 0.02, .drift = 9}, options);
  print_a_a("2 % and 20 % in turn", 1.5, {.live = 0.02, .drift = 9}, options);
  print_a_a("release 1.5 times worse", 1.5, {.live = 0.02, .ratio = 1.5}, options);
  print_a_a("5 % errors, killed after each 100, the last 20 lost", 1, {.live = 0.05}, options,
            {100, 20});
}

void print_events_to_trip(const Options& options) {
  std::printf("\n### Bad events of both groups until the trip: median (p95) of %llu\n\n",
              static_cast<unsigned long long>(options.runs));
  std::printf("| release / live | tolerance | confidence | 1%% | 10%% | 50%% |\n");
  std::printf("|---|---|---|---|---|---|\n");
  struct Truth {
    const char* name;
    Rates rates;
  };
  const std::array truths{
      Truth{"2", {.live = 0.05, .ratio = 2}}, Truth{"5", {.live = 0.02, .ratio = 5}},
      Truth{"10", {.live = 0.02, .ratio = 10}}, Truth{"100", {.live = 0.005, .ratio = 100}},
      Truth{"live never fails", {.live = 1e-12, .ratio = 1e12}}};
  for (const double tolerance : {1.0, 1.5})
    for (const Truth& truth : truths)
      for (const double confidence : kConfidences) {
        std::printf("| %s | %.1f | %.3f |", truth.name, tolerance, confidence);
        for (const Weight weight : kWeights)
          std::printf(" %s |", cell(tolerance, confidence, weight, truth.rates, options).c_str());
        std::printf("\n");
        std::fflush(stdout);
      }
}

}  // namespace teal::bench
