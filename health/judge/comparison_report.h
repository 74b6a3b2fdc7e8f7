// ComparisonReport: what a comparison can show of its evidence, as plain numbers for status,
// events, metrics and the deployment's record. The formulas are in docs/judge.md.
//
// A value; made on the control thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace teal::health {

struct ComparisonReport {
  enum class Outcome : std::uint8_t { not_enough_evidence, non_inferior, breached };
  /// Bad: errors, or requests slower than the first of the thresholds that is counted. As far as
  /// the comparison has taken them.
  struct Group {
    std::uint64_t bad = 0;
    std::uint64_t total = 0;
    std::vector<std::string> samples;  ///< Ids of the first bad requests, at most kMaxSamples.
    bool operator==(const Group&) const = default;
  };
  static constexpr std::size_t kMaxSamples = 8;

  Outcome outcome = Outcome::not_enough_evidence;
  /// Natural logarithm of the e-value against "at most `tolerance` times worse", over the whole
  /// deployment, and of what it must reach for a rollback.
  double log_e = 0;
  double log_e_needed = 0;
  /// Natural logarithms of the e-value for "not worse than that", of this step, and of its limit.
  double non_inferiority_log_e = 0;
  double non_inferiority_log_e_needed = 0;
  double tolerance = 1;
  /// Always-valid interval of release's rate of bad requests over live's; whatever is missing is
  /// not bounded yet. Of errors, and of requests slower than the first threshold.
  std::optional<double> ratio_low;
  std::optional<double> ratio_high;
  Group release;
  Group live;
  std::uint64_t waiting = 0;   ///< Events of requests that are not settled yet.
  std::uint64_t overdue = 0;   ///< Requests of the live group in flight that may yet end badly.
  std::uint64_t left_out = 0;  ///< Events not counted: same client, nothing random, too late, full.
  /// About so many more requests of both groups until a certificate, if all stays as it is; nothing
  /// where that would never come.
  std::optional<std::uint64_t> more_requests;

  bool operator==(const ComparisonReport&) const = default;
};

}  // namespace teal::health
