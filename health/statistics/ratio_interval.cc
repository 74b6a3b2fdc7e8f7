#include "health/statistics/ratio_interval.h"

#include <algorithm>
#include <cmath>

#include "health/statistics/ratio_evidence.h"

namespace teal::health {
namespace {

constexpr double kStepsPerDecade = 20;

double ratio_at(std::size_t index) {
  return std::pow(10.0, static_cast<double>(index) / kStepsPerDecade - 3);
}

}  // namespace

void RatioInterval::add(bool release, double probability) {
  is_empty_ = false;
  auto alike = std::find_if(new_.begin(), new_.end(),
                            [&](const Alike& each) { return each.probability == probability; });
  if (alike == new_.end()) {
    if (new_.size() >= kMaxAlike) take_in();
    alike = new_.insert(new_.end(), {probability, 0, 0});
  }
  ++(release ? alike->release : alike->live);
}

void RatioInterval::take_in() {
  for (std::size_t i = 0; i < kSize; ++i) {
    const double ratio = ratio_at(i);
    for (const auto& [probability, release, live] : new_) {
      const double of_release = ratio * probability;
      const double of_both = std::log(of_release + 1 - probability);
      logs_[i] += static_cast<double>(release) * (std::log(of_release) - of_both) +
                  static_cast<double>(live) * (std::log1p(-probability) - of_both);
    }
  }
  new_.clear();
}

RatioInterval::Bounds RatioInterval::bounds(double alpha) {
  if (is_empty_) return {};
  take_in();
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
