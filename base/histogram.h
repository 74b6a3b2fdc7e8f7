// A latency histogram of fixed size with two significant decimal digits (the idea of HdrHistogram):
// every decade of microseconds is cut in 90 linear buckets, so a value is known to within 10 % of
// itself at worst and the round bounds people put in alarms and Prometheus buckets (0.5 ms, 25 ms,
// 2.5 s) fall exactly on bucket borders. Merged and windowed by adding and subtracting.
//
// A plain value. Workers keep the same buckets as single-writer atomics (proxy/telemetry/shard.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace teal {

struct Histogram {
  /// 0..9 us one by one, then 7 decades of 90 buckets each; the last bucket takes 100 s and more.
  static constexpr std::size_t kSize = 10 + 7 * 90 + 1;

  std::array<std::uint64_t, kSize> buckets{};
  std::uint64_t sum_micros = 0;

  /// The bucket of a value.
  static std::size_t index(std::uint64_t micros);
  /// The lowest value in microseconds that falls in bucket `index`.
  static std::uint64_t lower_bound(std::size_t index);

  void record(std::uint64_t micros);
  std::uint64_t count() const;
  /// How many values are below `micros`; exact where `micros` is a bucket border.
  std::uint64_t count_below(std::uint64_t micros) const;
  /// The bucket in which quantile q (0 < q <= 1) falls; nothing if the histogram is empty.
  std::optional<std::size_t> quantile_index(double q) const;
  /// The value in microseconds at quantile q (0 < q <= 1), as the upper border of the bucket in
  /// which it falls; nothing if the histogram is empty.
  std::optional<std::uint64_t> quantile(double q) const;

  Histogram& operator+=(const Histogram& more);
  /// Requires: `earlier` is an earlier reading of the same counters.
  Histogram& operator-=(const Histogram& earlier);
  bool operator==(const Histogram&) const = default;
};

}  // namespace teal
