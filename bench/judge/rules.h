// Threshold rules as other controllers apply them with their defaults, on the counts of one
// interval of a minute: what the judge is compared with. Only the success rate of the canary's
// requests.
#pragma once

#include <cstdint>

namespace teal::bench {

/// Argo Rollouts: an AnalysisTemplate with `interval: 1m` and `successCondition: result >= 0.99`,
/// failureLimit at its default of 0: the first failed measurement aborts. No traffic: not measured.
class ArgoRule {
 public:
  bool aborts(std::uint64_t bad, std::uint64_t total) const {
    return total > 0 && static_cast<double>(total - bad) < 0.99 * static_cast<double>(total);
  }
};

/// Flagger: `request-success-rate` with `thresholdRange: { min: 99 }`, `interval: 1m` and
/// `threshold: 5`: the fifth failed check rolls back; checks that pass do not take one back. No
/// traffic: a failed check ("no values found").
class FlaggerRule {
 public:
  bool aborts(std::uint64_t bad, std::uint64_t total) {
    if (total == 0 || static_cast<double>(total - bad) < 0.99 * static_cast<double>(total))
      ++failed_;
    return failed_ >= kThreshold;
  }

 private:
  static constexpr int kThreshold = 5;

  int failed_ = 0;
};

}  // namespace teal::bench
