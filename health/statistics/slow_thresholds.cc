#include "health/statistics/slow_thresholds.h"

#include <algorithm>
#include <array>

namespace teal::health {
namespace {

constexpr double kBeyond = 10;
constexpr Micros kSoonest{1'000};
constexpr Micros kLatest{250'000};

}  // namespace

std::vector<Micros> slow_thresholds(const Histogram& before, std::optional<Millis> limit) {
  std::vector<Micros> thresholds;
  const std::uint64_t count = before.count();
  if (count >= kMinForThresholds) {
    for (const double q : std::array{0.5, 0.9, 0.99, 0.999})
      if ((1 - q) * static_cast<double>(count) >= kBeyond * 0.999)
        thresholds.emplace_back(static_cast<Micros::rep>(before.quantile(q).value_or(0)));
  }
  if (limit) thresholds.emplace_back(*limit);
  std::sort(thresholds.begin(), thresholds.end());
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
  return thresholds;
}

std::vector<double> slow_shares(const TrafficCounters& before,
                                const std::vector<Micros>& thresholds) {
  std::vector<double> shares;
  for (const Micros threshold : thresholds) {
    const auto [slow, fast] = before.slow_count(static_cast<std::uint64_t>(threshold.count()));
    shares.push_back(
        slow + fast == 0 ? 0 : static_cast<double>(slow) / static_cast<double>(slow + fast));
  }
  return shares;
}

Micros overdue_age(const Histogram& before) {
  if (before.count() < kMinForThresholds) return kLatest;
  const auto p99 = static_cast<Micros::rep>(before.quantile(0.99).value_or(0));
  return std::clamp(Micros{p99}, kSoonest, kLatest);
}

}  // namespace teal::health
