#include "health/statistics/ratio_evidence.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/assert.h"

namespace teal::health {

double log_sum_exp(std::span<const double> logs) {
  const auto most = std::max_element(logs.begin(), logs.end());
  if (most == logs.end() || std::isinf(*most)) return -std::numeric_limits<double>::infinity();
  double sum = 0;
  for (const double x : logs) sum += std::exp(x - *most);
  return *most + std::log(sum);
}

RatioTest::RatioTest(double tolerance, const Mixture& mixture)
    : tolerance_(tolerance), mixture_(mixture) {
  TEAL_ASSERT(tolerance > 0);
  for (std::size_t k = 0; k < kAlternatives; ++k) {
    log_multiples_[k] = std::log(mixture_[k].multiple);
    log_weights_[k] = std::log(mixture_[k].weight);
  }
  starts_.reserve(kMaxStarts);
  starts_.push_back({kFirstStart, 0, {}});
}

/// With q0 = r p / (r p + 1 - p) and q_k the same for m_k r:
/// q_k / q0 = m_k (r p + 1 - p) / (m_k r p + 1 - p), and the other's quotient lacks the first m_k.
std::array<double, kAlternatives> RatioTest::factors(bool release, double probability) const {
  std::array<double, kAlternatives> logs{};
  const double odds = tolerance_ * probability / (1 - probability);
  const double log_null = std::log1p(odds);
  for (std::size_t k = 0; k < kAlternatives; ++k) {
    logs[k] = log_null - std::log1p(mixture_[k].multiple * odds);
    if (release) logs[k] += log_multiples_[k];
  }
  return logs;
}

RatioTest::Applied RatioTest::add(bool release, double probability) {
  TEAL_ASSERT(probability > 0 && probability < 1);
  const Applied applied{factors(release, probability), ++events_};
  for (Start& start : starts_)
    for (std::size_t k = 0; k < kAlternatives; ++k) start.logs[k] += applied.factors[k];
  return applied;
}

double RatioTest::log_restart_price(std::uint64_t losses) {
  if (losses == 0) return 0;
  const auto n = static_cast<double>(losses);
  return std::log(n * (n + 1) / kRestarts);
}

double RatioTest::log_price_after(std::uint64_t others) {
  return others == 0 ? -std::log1p(-kRestarts) : log_restart_price(others);
}

void RatioTest::take_back(const Applied& applied) {
  for (Start& start : starts_) {
    if (applied.number <= start.after) continue;
    for (std::size_t k = 0; k < kAlternatives; ++k) start.logs[k] -= applied.factors[k];
  }
}

/// Condition 7 (docs/judge.md).
void RatioTest::restart() {
  if (starts_.back().after == events_) return;
  if (starts_.size() == kMaxStarts)
    starts_.erase(
        std::min_element(starts_.begin(), starts_.end(), [this](const Start& a, const Start& b) {
          return std::log(a.weight) + log_e(a) < std::log(b.weight) + log_e(b);
        }));
  ++started_;
  const auto j = static_cast<double>(started_);
  const double weight = kLaterStarts / (j * (j - 1));
  unused_start_weight_ = std::max(0.0, unused_start_weight_ - weight);
  starts_.push_back({weight, events_, {}});
}

double RatioTest::log_e(const Start& start) const {
  std::array<double, kAlternatives> logs{};
  for (std::size_t k = 0; k < kAlternatives; ++k) logs[k] = start.logs[k] + log_weights_[k];
  return log_sum_exp(logs);
}

double RatioTest::log_e() const {
  std::array<double, kMaxStarts + 1> logs{};
  std::size_t size = 0;
  for (const Start& start : starts_) logs[size++] = log_e(start) + std::log(start.weight);
  logs[size++] = std::log(unused_start_weight_);
  return log_sum_exp(std::span(logs).first(size));
}

double RatioTest::log_e_with(std::uint64_t more, bool release, double probability) const {
  RatioTest after = *this;
  const auto of_each = factors(release, probability);
  for (Start& start : after.starts_)
    for (std::size_t k = 0; k < kAlternatives; ++k)
      start.logs[k] += static_cast<double>(more) * of_each[k];
  return after.log_e();
}

double RatioTest::growth(double share, double probability) const {
  const auto of_release = factors(true, probability);
  const auto of_live = factors(false, probability);
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < kAlternatives; ++k)
    best = std::max(best, share * of_release[k] + (1 - share) * of_live[k]);
  return best;
}

}  // namespace teal::health
