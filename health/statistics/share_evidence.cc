#include "health/statistics/share_evidence.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "health/statistics/ratio_evidence.h"

namespace teal::health {
namespace {

/// One bet: (p1/p0)^bad ((1-p1)/(1-p0))^good = prod (1 + l (y - p0)) with l = (p1-p0)/(p0 (1-p0)).
double log_bet(double p1, double p0, std::uint64_t bad, std::uint64_t good) {
  const double of_good = std::log1p(-p1) - std::log1p(-p0);
  const double of_bad = bad == 0 ? 0.0 : static_cast<double>(bad) * std::log(p1 / p0);
  return of_bad + static_cast<double>(good) * of_good;
}

template <std::size_t N>
double mixed(const std::array<double, N>& multiples, double p0, std::uint64_t bad,
             std::uint64_t good) {
  constexpr double kMaxShare = 0.99;  // Of a share.
  std::array<double, N> logs{};
  for (std::size_t i = 0; i < N; ++i)
    logs[i] = log_bet(std::min(multiples[i] * p0, std::max(kMaxShare, p0)), p0, bad, good) -
              std::log(static_cast<double>(N));
  return log_sum_exp(logs);
}

}  // namespace

double log_e_above(double most, std::uint64_t bad, std::uint64_t good) {
  return mixed(std::array{2.0, 5.0, 20.0, 200.0}, most, bad, good);
}

double log_e_below(double most, std::uint64_t bad, std::uint64_t good) {
  return mixed(std::array{0.7, 0.4, 0.1, 1e-9}, most, bad, good);
}

}  // namespace teal::health
