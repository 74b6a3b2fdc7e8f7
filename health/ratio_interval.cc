#include "health/ratio_interval.h"

#include <algorithm>
#include <cmath>

#include "health/ratio_test.h"

namespace teal::health {
namespace {

constexpr double kStepsPerDecade = 20;

double ratio_at(std::size_t index) {
  return std::pow(10.0, static_cast<double>(index) / kStepsPerDecade - 3);
}

}  // namespace

void RatioInterval::add(bool release, double probability) {
  static const std::array<double, kSize> kRatios = [] {
    std::array<double, kSize> ratios{};
    for (std::size_t i = 0; i < kSize; ++i) ratios[i] = ratio_at(i);
    return ratios;
  }();
  ++events_;
  for (std::size_t i = 0; i < kSize; ++i) {
    const double of_release = kRatios[i] * probability;
    const double share = (release ? of_release : 1 - probability) / (of_release + 1 - probability);
    logs_[i] += std::log(share);
  }
}

RatioInterval::Bounds RatioInterval::bounds(double alpha) const {
  if (events_ == 0) return {};
  // The ratio is refuted where mean(likelihoods) / its likelihood >= 1 / alpha.
  const double least = log_sum_exp(logs_) - std::log(static_cast<double>(kSize)) + std::log(alpha);
  const auto stands = [least](double log) { return log > least; };
  const auto first = std::find_if(logs_.begin(), logs_.end(), stands);
  if (first == logs_.end()) return {};
  const auto last = std::find_if(logs_.rbegin(), logs_.rend(), stands);
  Bounds bounds;
  if (first != logs_.begin())
    bounds.low = ratio_at(static_cast<std::size_t>(first - logs_.begin()) - 1);
  if (last != logs_.rbegin())
    bounds.high = ratio_at(kSize - static_cast<std::size_t>(last - logs_.rbegin()));
  return bounds;
}

}  // namespace teal::health
