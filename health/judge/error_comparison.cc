#include "health/judge/error_comparison.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "health/statistics/share_evidence.h"

namespace teal::health {
namespace {

/// The part of alpha that an explicit at_most has, for the time when there is no live traffic.
constexpr double kGuardPart = 0.05;
/// What certifies where at_most is not given.
constexpr double kUsualLimit = 0.01;
/// Looking for overdue requests that are too old takes a walk over all of them.
constexpr Millis kSweep{1000};
/// Fewer bad events in a step say nothing about their rate.
constexpr std::uint64_t kMinForRate = 5;
constexpr double kNever = 1e9;

double mixed(double part, double log_a, double log_b) {
  return log_sum_exp(std::array{std::log1p(-part) + log_a, std::log(part) + log_b});
}

}  // namespace

ErrorComparison::ErrorComparison(std::string name, const config::CompareAlarm& alarm,
                                 const JudgeContext& context)
    : Comparison(std::move(name), alarm, context),
      worse_(alarm.tolerance, kWorse),
      not_worse_(alarm.tolerance, kNotWorse) {}

// ---- events -------------------------------------------------------------------------------------

void ErrorComparison::on_judged_event(const JudgedEvent& event) {
  if ((event.meanings & meaning_bit(context().meaning)) == 0) return;
  switch (event.kind) {
    case JudgedEvent::Kind::error: return on_error(event);
    case JudgedEvent::Kind::overdue: return on_overdue(event);
    case JudgedEvent::Kind::settled: return on_settled(event);
    case JudgedEvent::Kind::slow: return;
  }
}

/// Counts the request for the worse case: a live one as bad where the release is to be blamed, one
/// of the release as bad where it is to be certified.
void ErrorComparison::on_overdue(const JudgedEvent& event) {
  if (overdue_.contains(event.request)) return;
  if (overdue_.size() >= kMaxOverdue) {
    untracked_until_ = event.seen + context().max_outcome_age;
    return;
  }
  Overdue overdue{event, is_release(event), 0, {}};
  if (overdue.release) {
    // It may yet be none of the block's bad ones: the counts shall not know of it.
    overdue.probability = event.block_length == 0
                              ? event.release_probability
                              : static_cast<double>(event.block_release) / event.block_length;
    if (overdue.probability > 0 && overdue.probability < 1)
      overdue.applied = not_worse_.add(true, overdue.probability);
    ++overdue_release_;
  } else {
    // Should it settle, they have counted one bad request too many in its block, which makes the
    // release likelier for those to come, and the evidence against it weaker.
    if (!sticky_.take(event)) return;
    overdue.probability = blocks_.take(event, false).value_or(0);
    if (overdue.probability > 0) overdue.applied = worse_.add(false, overdue.probability);
  }
  overdue_.emplace(event.request, overdue);
}

void ErrorComparison::retract(const Overdue& overdue) {
  if (overdue.release) --overdue_release_;
  if (overdue.probability <= 0 || overdue.probability >= 1) return;
  (overdue.release ? not_worse_ : worse_).take_back(overdue.applied);
}

void ErrorComparison::on_settled(const JudgedEvent& event) {
  const auto found = overdue_.find(event.request);
  if (found == overdue_.end()) return;
  retract(found->second);
  if (!found->second.release) sticky_.give_back(found->second.event);
  overdue_.erase(found);
}

void ErrorComparison::on_error(const JudgedEvent& event) {
  const auto found = overdue_.find(event.request);
  if (event.seen - event.began > context().max_outcome_age) {
    // Bad is what shows by max_outcome_age, in either group.
    ++left_out_;
    if (found != overdue_.end()) on_settled(event);
    return;
  }
  if (found == overdue_.end()) {
    if (waiting_.size() < kMaxWaiting)
      waiting_.push(event);
    else
      ++left_out_;
    return;
  }
  // Its turn has come long ago.
  const Overdue overdue = found->second;
  overdue_.erase(found);
  if (overdue.release) {
    retract(overdue);
    count(event);
  } else if (overdue.probability > 0) {
    tally(event, false, overdue.probability);
  } else {
    ++left_out_;
  }
}

void ErrorComparison::count(const JudgedEvent& event) {
  const bool release = is_release(event);
  if (release && no_baseline_since_ && event.began >= no_baseline_since_->at) ++no_baseline_bad_;
  const std::optional<double> probability =
      sticky_.take(event) ? blocks_.take(event, release) : std::nullopt;
  if (!probability) {
    ++left_out_;
    return;
  }
  worse_.add(release, *probability);
  tally(event, release, *probability);
}

void ErrorComparison::tally(const JudgedEvent& event, bool release, double probability) {
  interval_.add(release, probability);
  // A certificate is the step's own: what began before says nothing for it.
  if (event.began >= step_began_) {
    not_worse_.add(release, probability);
    ++step_bad_;
    step_probability_ += probability;
    if (release) ++step_bad_release_;
  }
  ComparisonReport::Group& group = release ? release_ : live_;
  ++group.bad;
  if (group.samples.size() < ComparisonReport::kMaxSamples) group.samples.emplace_back(event.id());
}

/// A request that is older than max_outcome_age has not ended badly in time.
void ErrorComparison::expire_overdue(Mono now) {
  if (swept_ != Mono::min() && now - swept_ < kSweep) return;
  swept_ = now;
  for (auto each = overdue_.begin(); each != overdue_.end();) {
    if (now - each->second.event.began <= context().max_outcome_age) {
      ++each;
      continue;
    }
    retract(each->second);
    if (!each->second.release) sticky_.give_back(each->second.event);
    each = overdue_.erase(each);
  }
}

// ---- steps and verdicts -------------------------------------------------------------------------

void ErrorComparison::on_step(const StepStart& step) {
  step_began_ = step.at;
  worse_.restart();
  not_worse_ = RatioTest(alarm().tolerance, kNotWorse);
  for (auto& [request, overdue] : overdue_)
    if (overdue.release && overdue.probability > 0 && overdue.probability < 1)
      overdue.applied = not_worse_.add(true, overdue.probability);
  step_bad_ = step_bad_release_ = 0;
  step_probability_ = 0;
}

/// What began while they ran is left out, whatever group it was of; a live request that is overdue
/// stays bad, since it might have become so, and the release is not to gain or lose by the end of
/// the process.
void ErrorComparison::forget_in_flight() {
  left_out_ += waiting_.size();
  waiting_ = {};
  for (const auto& [request, overdue] : overdue_)
    if (overdue.release) retract(overdue);
  overdue_.clear();
  // The counters begin at nothing; the guard goes on with what it had.
  alone_good_before_ += std::exchange(alone_good_, 0);
  no_baseline_since_.reset();
}

double ErrorComparison::log_e(const CountsReading& counts) {
  if (weight() == Weight::all() && !no_baseline_since_) no_baseline_since_ = counts;
  // Condition 2 (docs/judge.md): by age.
  while (!waiting_.empty() && waiting_.top().began < counts.watermark) {
    count(waiting_.top());
    waiting_.pop();
  }
  expire_overdue(counts.at);
  return evidence(counts);
}

ComparisonReport ErrorComparison::build_report(const CountsReading& counts) {
  ComparisonReport report;
  report.non_inferiority_log_e = non_inferiority_log_e(0, 0);
  const RatioInterval::Bounds bounds = interval_.bounds(1 - alarm().certify);
  report.ratio_low = bounds.low;
  report.ratio_high = bounds.high;
  report.release = release_;
  report.live = live_;
  // A failure is told before it is counted.
  const std::size_t meaning = context().meaning;
  report.release.total = std::max(counts.release.of(meaning).requests, report.release.bad);
  report.live.total = std::max(counts.live.of(meaning).requests, report.live.bad);
  report.waiting = waiting_.size();
  report.overdue = overdue_.size() - overdue_release_;
  report.left_out = left_out_;
  report.more_requests = more_requests(non_inferiority_log_e_needed());
  return report;
}

double ErrorComparison::evidence(const CountsReading& counts) {
  if (counts.at < untracked_until_) return 0;
  const double compared = worse_.log_e();
  if (!alarm().at_most) return compared;
  double guard = 0;
  if (no_baseline_since_) {
    const std::size_t meaning = context().meaning;
    const auto [ended, errors] =
        counts.release.of(meaning) - no_baseline_since_->release.of(meaning);
    alone_good_ = ended - std::min(errors, ended);
    guard = log_e_above(*alarm().at_most, no_baseline_bad_,
                        alone_good_before_ + alone_good_ + overdue_release_);
  }
  is_by_limit_ = guard > compared;
  return mixed(kGuardPart, compared, guard);
}

std::string ErrorComparison::grounds(const ComparisonReport& report) const {
  if (!is_by_limit_) return Comparison::grounds(report);
  const std::uint64_t good = alone_good_before_ + alone_good_ + overdue_release_;
  std::array<char, 64> limit{};
  const int size = std::snprintf(limit.data(), limit.size(), ", more than at_most %.4g%%",
                                 *alarm().at_most * 100);
  return std::to_string(no_baseline_bad_) + " of " + std::to_string(no_baseline_bad_ + good) +
         " requests since all traffic is its own" +
         std::string(limit.data(), static_cast<std::size_t>(size));
}

/// "Not worse than live by more than the tolerance, or within the limit": wrong only where neither
/// is true, and then both are e-values, and so is their mean.
double ErrorComparison::non_inferiority_log_e(std::uint64_t more_bad,
                                              std::uint64_t more_good) const {
  const Tally seen = since_step_release();
  const std::uint64_t bad = seen.errors + overdue_release_ + more_bad;
  const std::uint64_t good = seen.requests - seen.errors + more_good;
  const double limit = alarm().at_most.value_or(kUsualLimit);
  return mixed(0.5, not_worse_.log_e(), log_e_below(limit, bad, good));
}

// ---- estimates ----------------------------------------------------------------------------------

/// Of the release's requests, until the limit is certified, at its present rate.
std::optional<double> ErrorComparison::more_of_release(double needed) const {
  const Tally seen = since_step_release();
  const auto bad = static_cast<double>(seen.errors + overdue_release_);
  const double total = std::max(static_cast<double>(seen.requests), 1.0);
  const double rate = std::min(bad / total, 1.0);
  const auto suffices = [&](double more) {
    const double more_bad = std::floor(more * rate);
    return non_inferiority_log_e(static_cast<std::uint64_t>(more_bad),
                                 static_cast<std::uint64_t>(more - more_bad)) >= needed;
  };
  double enough = 1;
  while (enough < kNever && !suffices(enough)) enough *= 2;
  if (enough >= kNever) return std::nullopt;
  double low = enough / 2;
  while (enough - low > 1) {
    const double middle = std::floor((low + enough) / 2);
    (suffices(middle) ? enough : low) = middle;
  }
  return enough;
}

/// Of both groups' requests, until the ratio is certified, at the present rates.
std::optional<double> ErrorComparison::more_by_ratio(double needed) const {
  if (step_bad_ < kMinForRate) return std::nullopt;
  const auto bad = static_cast<double>(step_bad_);
  const double growth =
      not_worse_.growth(static_cast<double>(step_bad_release_) / bad, step_probability_ / bad);
  if (growth <= 0) return std::nullopt;
  const auto requests = static_cast<double>(since_step_release().requests +
                                            since_step().live.tally(context().meaning).requests);
  return std::max(needed - not_worse_.log_e(), 0.0) / growth * requests / bad;
}

std::optional<std::uint64_t> ErrorComparison::more_requests(double needed) const {
  if (weight() == Weight::none()) return std::nullopt;
  std::optional<double> more = more_by_ratio(needed);
  if (const auto of_release = more_of_release(needed)) {
    const double of_both = *of_release * Weight::kWhole / weight().basis_points();
    more = more ? std::min(*more, of_both) : of_both;
  }
  if (!more || *more >= kNever) return std::nullopt;
  return static_cast<std::uint64_t>(std::ceil(*more));
}

}  // namespace teal::health
