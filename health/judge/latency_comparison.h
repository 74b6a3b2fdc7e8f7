// LatencyComparison: `compare: latency`. For each threshold of the step an e-process on "slower
// than that", told at the threshold's age whatever comes of the request, so that a hang shows at
// once; the evidence is their mean, which is an e-value under any dependence between them.
//
// The certificate asks for the two lowest thresholds (the live group's p50 and p90, as a rule): the
// tail is watched, but hardly a step is long enough to certify one in a thousand.
//
// Pure; control thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "health/judge/comparison.h"
#include "health/statistics/block_counts.h"
#include "health/statistics/ratio_evidence.h"
#include "health/statistics/ratio_interval.h"
#include "health/statistics/slow_thresholds.h"
#include "health/statistics/sticky_counts.h"

namespace teal::health {

class LatencyComparison final : public Comparison {
 public:
  LatencyComparison(std::string name, const config::CompareAlarm& alarm,
                    const JudgeContext& context);

  void on_judged_event(const JudgedEvent& event) override;

 private:
  struct Threshold {
    explicit Threshold(double tolerance) : worse(tolerance), not_worse(tolerance, kNotWorse) {}

    RatioTest worse;
    RatioTest not_worse;
    RatioInterval interval;
    BlockCounts blocks;
    StickyCounts sticky;
    ComparisonReport::Group release;
    ComparisonReport::Group live;
    std::uint64_t step_bad = 0;
    std::uint64_t step_bad_release = 0;
    double step_probability = 0;
  };
  static constexpr std::size_t kMaxTestedThresholds = 2;

  double log_e(const CountsReading& counts) override;
  ComparisonReport build_report(const CountsReading& counts) override;
  void on_step(const StepStart& step) override;
  std::string what() const override;
  std::uint64_t given_up_too_often(std::size_t k) const;
  double non_inferiority_log_e(std::size_t k) const;
  std::optional<double> more_requests(std::size_t k, double needed) const;
  std::size_t tested_thresholds() const {
    return std::min(kMaxTestedThresholds, slower_than_.size());
  }

  std::vector<Threshold> thresholds_;
  std::vector<Micros> slower_than_;
  std::vector<double> shares_;
  std::size_t shown_ = 0;  ///< The threshold with the most evidence; log_e() finds it.
  std::uint64_t left_out_ = 0;
};

}  // namespace teal::health
