// What `compare: latency` calls slow, and when a request is told as overdue: both from the live
// group's own durations before a step, so that neither group can move them during it.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/counters.h"
#include "base/histogram.h"
#include "base/time.h"

namespace teal::health {

/// Of fewer requests no quantile is taken.
inline constexpr std::uint64_t kMinForThresholds = 100;
/// p50, p90, p99, p99.9 and the limit.
inline constexpr std::size_t kMaxThresholds = 5;

/// The live group's p50, p90, p99 and p99.9 (whichever its requests are enough to tell: ten beyond)
/// and the limit, where one is given; rising, without repetition.
std::vector<Micros> slow_thresholds(const Histogram& before, std::optional<Millis> limit);

/// The share of requests before the step that took each of the thresholds or longer, of those of
/// which that is known (TrafficCounters::slow_count()).
std::vector<double> slow_shares(const TrafficCounters& before,
                                const std::vector<Micros>& thresholds);

/// The live group's p99, but from 1 ms to 250 ms; 250 ms where nothing is known.
Micros overdue_age(const Histogram& before);

}  // namespace teal::health
