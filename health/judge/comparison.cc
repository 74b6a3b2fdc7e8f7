#include "health/judge/comparison.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "health/statistics/ratio_evidence.h"

namespace teal::health {
namespace {

std::string number(double value, int digits = 3) {
  std::array<char, 40> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*g", digits, value);
  return std::string(text.data(), static_cast<std::size_t>(size));
}

/// An e-value from its logarithm; it may be beyond what a double holds.
std::string e_value(double log_e) {
  constexpr double kTen = 2.302585092994046;
  return log_e < 50 ? number(std::exp(log_e)) : "10^" + number(std::floor(log_e / kTen), 6);
}

std::string counts(const ComparisonReport::Group& release, const ComparisonReport::Group& live) {
  return std::to_string(release.bad) + " of " + std::to_string(release.total) + " against " +
         std::to_string(live.bad) + " of " + std::to_string(live.total) + " requests";
}

}  // namespace

Comparison::Comparison(std::string name, const config::CompareAlarm& alarm,
                       const JudgeContext& context)
    : name_(std::move(name)), alarm_(alarm), context_(context) {}

std::string Comparison::condition() const {
  return compared() + " at most " + number(alarm_.tolerance, 6) +
         " times the live group's (confidence " + number(alarm_.confidence, 6) + ")";
}

std::string Comparison::compared() const {
  if (alarm_.what == config::CompareAlarm::What::latency) return "latency";
  const ErrorMeaning& meaning = alarm_.meaning;
  const bool is_of_clients = meaning.errors == ErrorMeaning::of_clients().errors;
  std::string text = is_of_clients ? "client errors" : "errors";
  if (meaning.is_usual() || meaning == ErrorMeaning::of_clients()) return text;
  return text + " (" + to_string(meaning) + ")";
}

void Comparison::begin_step(const StepStart& step) {
  weight_ = step.release;
  needs_rebase_ = true;
  since_step_ = {};
  is_non_inferior_ = false;
  log_non_inferiority_price_ = RatioTest::log_price_after(step.restarts);
  on_step(step);
}

/// Condition 8 (docs/judge.md): alpha is the deployment's, over all its restarts.
void Comparison::on_restart(std::uint64_t losses) {
  forget_in_flight();
  log_restart_price_ = RatioTest::log_restart_price(losses);
}

Verdict Comparison::judge(const Reading& reading) {
  if (needs_rebase_) {
    before_ = reading;
    needs_rebase_ = false;
  }
  since_step_ = reading;
  if (reading.in_step) {
    since_step_.release = reading.in_step->release.ended;
    since_step_.live = reading.in_step->live;
  } else {
    since_step_.release -= before_.release;
    since_step_.live -= before_.live;
  }
  take(reading.counts());
  return verdict();
}

std::optional<Breached> Comparison::check_breach(const CountsReading& counts) {
  take(counts);
  if (!breached_ && log_e_ >= log_e_needed()) verdict();
  return breached_;
}

void Comparison::take(const CountsReading& counts) {
  counts_ = counts;
  log_e_ = log_e(counts);
  report_.reset();
}

/// Condition 6 (docs/judge.md): each of the deployment's comparisons has its part of alpha.
double Comparison::log_e_needed() const {
  const auto parts = static_cast<double>(std::max<std::size_t>(context_.comparisons, 1));
  return std::log(parts / (1 - alarm_.confidence)) + log_restart_price_;
}

/// The certificate's level is the step's, over all processes that look for it: those after the
/// first share a twentieth of it.
double Comparison::non_inferiority_log_e_needed() const {
  return -std::log(1 - alarm_.certify) + log_non_inferiority_price_;
}

/// Requires: take() was called.
const ComparisonReport& Comparison::report() {
  if (report_) return *report_;
  report_ = build_report(*counts_);
  report_->tolerance = alarm_.tolerance;
  report_->log_e = log_e_;
  report_->log_e_needed = log_e_needed();
  report_->non_inferiority_log_e_needed = non_inferiority_log_e_needed();
  return *report_;
}

std::optional<ComparisonReport> Comparison::comparison() {
  if (!counts_) return std::nullopt;
  ComparisonReport shown = report();
  using Outcome = ComparisonReport::Outcome;
  if (breached_)
    shown.outcome = Outcome::breached;
  else if (is_non_inferior_)
    shown.outcome = Outcome::non_inferior;
  return shown;
}

Verdict Comparison::verdict() {
  if (breached_) return *breached_;
  const ComparisonReport& report = this->report();
  if (report.log_e >= report.log_e_needed) {
    breached_ = Breached{what() + " " + grounds(report) + ", e-value " + e_value(report.log_e) +
                         " >= " + e_value(report.log_e_needed)};
    return *breached_;
  }
  if (report.non_inferiority_log_e >= report.non_inferiority_log_e_needed) is_non_inferior_ = true;
  if (is_non_inferior_) return Healthy{};
  NotEnoughEvidence lacking{missing(report)};
  if (report.more_requests)
    lacking.shortfall =
        Shortfall{report.release.total + report.live.total, *report.more_requests, true};
  return lacking;
}

std::string Comparison::grounds(const ComparisonReport& report) const {
  std::string text = counts(report.release, report.live);
  if (report.ratio_low) text += ", at least " + number(*report.ratio_low) + " times as many";
  return text;
}

std::string Comparison::missing(const ComparisonReport& report) const {
  std::string text = what() + " " + counts(report.release, report.live);
  // How many more is of use together with the rate at which they come (health/judge/outlook.h).
  if (report.more_requests) return text;
  if (report.release.total == 0) return text + ", no request of the release yet";
  if (weight_ == Weight::all()) return text + ", nobody to compare with";
  return text + ", no end in sight at this rate";
}

}  // namespace teal::health
