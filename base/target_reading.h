// The numbers of one target, of a service that wants them (`metrics: { per_target: true }`), as
// plain values for the exporter. Workers hold them as single-writer atomics
// (proxy/routing/target_counts.h).
//
// What is counted is attempts: a request that failed on one target and was answered by the next is
// in the numbers of both.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/colour.h"
#include "base/latency_buckets.h"
#include "base/outcome.h"

namespace teal {

struct TargetKey {
  std::string service;
  Colour colour = Colour::blue;
  std::string target;  ///< Its address.

  auto operator<=>(const TargetKey&) const = default;
};

struct TargetReading {
  /// By the value of Failure; the last one is a client that did not wait.
  static constexpr std::size_t kClientGone = static_cast<std::size_t>(Failure::not_begun) + 1;
  static constexpr std::size_t kFaults = kClientGone + 1;
  static constexpr std::size_t kBuckets = kLatencyBorders.size() + 1;

  TargetKey key;
  std::array<std::uint64_t, 5> answers{};  ///< By status / 100 - 1.
  std::array<std::uint64_t, kFaults> faults{};
  /// From the attempt's begin to the response head (gRPC: to its status), of what was answered; by
  /// the first border that is above, and the last of none.
  std::array<std::uint64_t, kBuckets> latency{};
  std::uint64_t latency_micros = 0;  ///< Their sum.
};

}  // namespace teal
