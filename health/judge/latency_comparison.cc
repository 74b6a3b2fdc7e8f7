#include "health/judge/latency_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "health/statistics/share_evidence.h"

namespace teal::health {
namespace {

constexpr double kNever = 1e9;
/// Fewer slow requests in a step say nothing about their rate.
constexpr std::uint64_t kMinForRate = 20;
/// A share above is no statement that requests could refute.
constexpr double kMaxShare = 0.95;

double mean_of(double log_a, double log_b) {
  return log_sum_exp(std::array{log_a, log_b}) - std::log(2.0);
}

}  // namespace

LatencyComparison::LatencyComparison(std::string name, const config::CompareAlarm& alarm,
                                     const JudgeContext& context)
    : Comparison(std::move(name), alarm, context),
      thresholds_(kMaxThresholds - (alarm.limit ? 0 : 1), Threshold(alarm.tolerance)) {}

void LatencyComparison::on_judged_event(const JudgedEvent& event) {
  if (event.kind != JudgedEvent::Kind::slow) return;
  if (event.threshold >= thresholds_.size()) {
    ++left_out_;
    return;
  }
  Threshold& at = thresholds_[event.threshold];
  const bool release = event.group == context().release;
  const std::optional<double> probability =
      at.sticky.take(event) ? at.blocks.take(event, release) : std::nullopt;
  if (!probability) {
    ++left_out_;
    return;
  }
  at.worse.add(release, *probability);
  at.not_worse.add(release, *probability);
  at.interval.add(release, *probability);
  ++at.step_bad;
  at.step_probability += *probability;
  if (release) ++at.step_bad_release;
  ComparisonReport::Group& group = release ? at.release : at.live;
  ++group.bad;
  if (group.samples.size() < ComparisonReport::kMaxSamples) group.samples.emplace_back(event.id());
}

void LatencyComparison::on_step(const StepStart& step) {
  slower_than_ = step.slower_than;
  shares_ = step.slower_shares;
  shares_.resize(slower_than_.size(), 0);
  for (Threshold& at : thresholds_) {
    at.worse.restart();
    at.not_worse = RatioTest(alarm().tolerance, kNotWorse);
    at.step_bad = at.step_bad_release = 0;
    at.step_probability = 0;
  }
}

std::string LatencyComparison::what() const {
  if (slower_than_.empty()) return "latency (nothing to compare by yet):";
  const Micros than = slower_than_[std::min(shown_, slower_than_.size() - 1)];
  // Thresholds are round to two digits.
  const auto micros = static_cast<double>(than.count());
  const std::string text = than < Millis{1} ? std::to_string(than.count()) + "us"
                                            : std::to_string(micros / 1000).substr(0, 5) + "ms";
  return "slower than " + text + ":";
}

double LatencyComparison::log_e(const CountsReading& /*counts*/) {
  std::array<double, kMaxThresholds> logs{};
  std::size_t size = 0;
  for (const Threshold& at : thresholds_) logs[size++] = at.worse.log_e();
  const auto all = std::span(logs).first(size);
  shown_ = static_cast<std::size_t>(std::max_element(all.begin(), all.end()) - all.begin());
  return log_sum_exp(all) - std::log(static_cast<double>(size));
}

ComparisonReport LatencyComparison::build_report(const CountsReading& counts) {
  ComparisonReport report;
  const double needed = non_inferiority_log_e_needed();
  report.non_inferiority_log_e = 0;
  std::optional<double> more = 0;
  for (std::size_t k = 0; k < tested_thresholds(); ++k) {
    const double log_e = non_inferiority_log_e(k);
    report.non_inferiority_log_e = k == 0 ? log_e : std::min(report.non_inferiority_log_e, log_e);
    const std::optional<double> of_this = log_e >= needed ? 0 : more_requests(k, needed);
    more = more && of_this ? std::optional(std::max(*more, *of_this)) : std::nullopt;
  }
  if (tested_thresholds() > 0 && more)
    report.more_requests = static_cast<std::uint64_t>(std::ceil(*more));
  Threshold& shown = thresholds_[shown_];
  const RatioInterval::Bounds bounds = shown.interval.bounds(1 - alarm().certify);
  report.ratio_low = bounds.low;
  report.ratio_high = bounds.high;
  report.release = shown.release;
  report.live = shown.live;
  // A request that is slow is told before it is counted.
  report.release.total = std::max(counts.release.usual.requests, report.release.bad);
  report.live.total = std::max(counts.live.usual.requests, report.live.bad);
  report.left_out = left_out_;
  return report;
}

/// The release's requests of this step that were given up before the threshold, as far as they are
/// more than `tolerance` times live's would make it. A hang whose clients wait no longer than that
/// would leave no other trace here.
std::uint64_t LatencyComparison::given_up_too_often(std::size_t k) const {
  const TrafficCounters& release = since_step().release;
  const TrafficCounters& live = since_step().live;
  const auto micros = static_cast<std::uint64_t>(slower_than_[k].count());
  const auto young = static_cast<double>(release.given_up.count_below(micros));
  const double of_live = static_cast<double>(live.duration.count() + live.given_up.count());
  if (young == 0 || of_live == 0) return 0;
  const double share = static_cast<double>(live.given_up.count_below(micros)) / of_live;
  const double usual = alarm().tolerance * share *
                       static_cast<double>(release.duration.count() + release.given_up.count());
  return young > usual ? static_cast<std::uint64_t>(std::ceil(young - usual)) : 0;
}

/// "Not slower than live by more than the tolerance, or than live was before the step."
double LatencyComparison::non_inferiority_log_e(std::size_t k) const {
  const Threshold& at = thresholds_[k];
  const std::uint64_t doubtful = given_up_too_often(k);
  const double weight = static_cast<double>(this->weight().basis_points()) / Weight::kWhole;
  const double by_ratio = doubtful == 0 || weight <= 0 || weight >= 1
                              ? at.not_worse.log_e()
                              : at.not_worse.log_e_with(doubtful, /*release=*/true, weight);
  const double limit = alarm().tolerance * shares_[k];
  if (limit <= 0 || limit > kMaxShare) return by_ratio;
  const SlowCount known =
      since_step().release.slow_count(static_cast<std::uint64_t>(slower_than_[k].count()));
  // Those in flight have been told, and are not counted yet.
  const std::uint64_t bad = std::max(known.slow, at.step_bad_release) + doubtful;
  return mean_of(by_ratio, log_e_below(limit, bad, known.fast));
}

/// Of both groups, at the present rates.
std::optional<double> LatencyComparison::more_requests(std::size_t k, double needed) const {
  const Threshold& at = thresholds_[k];
  if (at.step_bad < kMinForRate) return std::nullopt;
  const auto bad = static_cast<double>(at.step_bad);
  const double growth = at.not_worse.growth(static_cast<double>(at.step_bad_release) / bad,
                                            at.step_probability / bad);
  if (growth <= 0) return std::nullopt;
  const auto requests =
      static_cast<double>(since_step().release.total() + since_step().live.total());
  const double more = std::max(needed - at.not_worse.log_e(), 0.0) / growth * requests / bad;
  return more < kNever ? std::optional(more) : std::nullopt;
}

}  // namespace teal::health
