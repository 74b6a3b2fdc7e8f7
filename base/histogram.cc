#include "base/histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace teal {
namespace {

constexpr std::array<std::uint64_t, 9> kPowers{1,       10,        100,        1'000,      10'000,
                                               100'000, 1'000'000, 10'000'000, 100'000'000};

/// number / kPowers[power], by divisors that the compiler knows: a division proper would cost more
/// than all the rest of a record. Requires: power < 7.
std::uint64_t by_power(std::uint64_t number, std::size_t power) {
  switch (power) {
    case 1: return number / kPowers[1];
    case 2: return number / kPowers[2];
    case 3: return number / kPowers[3];
    case 4: return number / kPowers[4];
    case 5: return number / kPowers[5];
    case 6: return number / kPowers[6];
    default: return number;
  }
}

}  // namespace

std::size_t Histogram::index(std::uint64_t micros) {
  if (micros < 100) return static_cast<std::size_t>(micros);
  std::size_t decade = 1;
  while (decade < 7 && micros >= kPowers[decade + 2]) ++decade;
  if (decade == 7) return kSize - 1;
  return decade * 90 + static_cast<std::size_t>(by_power(micros, decade));
}

std::uint64_t Histogram::lower_bound(std::size_t index) {
  if (index < 10) return index;
  const std::size_t decade = (index - 10) / 90;
  if (decade >= 7) return kPowers[8];
  return (10 + (index - 10) % 90) * kPowers[decade];
}

void Histogram::record(std::uint64_t micros) {
  ++buckets[index(micros)];
  sum_micros += micros;
}

std::uint64_t Histogram::count() const {
  return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
}

std::uint64_t Histogram::count_below(std::uint64_t micros) const {
  const auto end = buckets.begin() + static_cast<std::ptrdiff_t>(index(micros));
  return std::accumulate(buckets.begin(), end, std::uint64_t{0});
}

std::optional<std::size_t> Histogram::quantile_index(double q) const {
  const std::uint64_t total = count();
  if (total == 0) return std::nullopt;
  const auto rank = static_cast<std::uint64_t>(
      std::clamp(std::ceil(q * static_cast<double>(total)), 1.0, static_cast<double>(total)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kSize; ++i) {
    seen += buckets[i];
    if (seen >= rank) return i;
  }
  return kSize - 1;
}

std::optional<std::uint64_t> Histogram::quantile(double q) const {
  const std::optional<std::size_t> index = quantile_index(q);
  if (!index) return std::nullopt;
  // The last bucket has no upper border.
  return lower_bound(std::min(*index + 1, kSize - 1));
}

Histogram& Histogram::operator+=(const Histogram& more) {
  for (std::size_t i = 0; i < kSize; ++i) buckets[i] += more.buckets[i];
  sum_micros += more.sum_micros;
  return *this;
}

Histogram& Histogram::operator-=(const Histogram& earlier) {
  for (std::size_t i = 0; i < kSize; ++i) buckets[i] -= earlier.buckets[i];
  sum_micros -= earlier.sum_micros;
  return *this;
}

}  // namespace teal
