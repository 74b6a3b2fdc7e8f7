// Comparison: what `compare: errors` and `compare: latency` have in common: their levels, the
// counts of the step, the certificate's threshold, the words of a verdict,
// and that a breach stays one.
//
// Pure; control thread; one per alarm and deployment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "health/judge/judge.h"

namespace teal::health {

class Comparison : public VerdictSource {
 public:
  const std::string& name() const final { return name_; }
  std::string condition() const final;
  Verdict judge(const Reading& reading) final;
  std::optional<Breached> check_breach(const CountsReading& counts) final;
  void begin_step(const StepStart& step) final;
  void on_restart(std::uint64_t losses) final;
  std::optional<ComparisonReport> comparison() final;

 protected:
  Comparison(std::string name, const config::CompareAlarm& alarm, const JudgeContext& context);

  /// Takes the events that the reading settles. The logarithm of the e-value after them.
  virtual double log_e(const CountsReading& counts) = 0;
  /// The evidence after that, for a person; levels and the outcome are left to this class.
  virtual ComparisonReport build_report(const CountsReading& counts) = 0;
  virtual void on_step(const StepStart& step) = 0;
  /// Nobody will say how the requests in flight end.
  virtual void forget_in_flight() {}
  /// Of a verdict: what is compared, "3 of 40 against 1 of 360 requests".
  virtual std::string what() const = 0;
  /// What makes the report a breach.
  virtual std::string grounds(const ComparisonReport& report) const;

  /// "errors", "client errors", "errors (5xx, 404 under /api)", "latency".
  std::string compared() const;
  double non_inferiority_log_e_needed() const;
  const config::CompareAlarm& alarm() const { return alarm_; }
  const JudgeContext& context() const { return context_; }
  Weight weight() const { return weight_; }
  /// What came of either group since the step began, as of the last judge(); where it is known, of
  /// requests alone that began in it.
  const Reading& since_step() const { return since_step_; }

 private:
  double log_e_needed() const;
  void take(const CountsReading& counts);
  const ComparisonReport& report();
  Verdict verdict();
  std::string missing(const ComparisonReport& report) const;

  std::string name_;
  config::CompareAlarm alarm_;
  JudgeContext context_;
  Weight weight_;
  bool needs_rebase_ = false;
  double log_restart_price_ = 0;          ///< How much more evidence is needed.
  double log_non_inferiority_price_ = 0;  ///< The same of the step's certificate.
  Reading before_;                        ///< When the step began.
  Reading since_step_;
  std::optional<Breached> breached_;
  bool is_non_inferior_ = false;
  std::optional<CountsReading> counts_;  ///< The last one.
  double log_e_ = 0;
  std::optional<ComparisonReport> report_;  ///< Of that, if somebody has asked.
};

}  // namespace teal::health
