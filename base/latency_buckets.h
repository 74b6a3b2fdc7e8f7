// The upper borders of the latency buckets that Prometheus gets, in microseconds. Each is a border
// of base/histogram.h too, so that counts by them are exact.
#pragma once

#include <array>
#include <cstdint>

namespace teal {

/// Between 250 and 500 ms they are closer: that is where people set their limits.
inline constexpr std::array<std::uint64_t, 17> kLatencyBorders{
    500,     1'000,   2'500,   5'000,     10'000,    25'000,    50'000,     100'000,   250'000,
    300'000, 400'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000};

}  // namespace teal
