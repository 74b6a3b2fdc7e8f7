// VerdictSource: one independent way to a rollback (ARCHITECTURE.md), fed with readings of both
// groups' counters and with single bad events, and answering with a Verdict. Pure: no clock, no
// I/O. A new kind of judgement is a new class here and nothing else.
//
// Control thread; one set of sources per deployment, made when it starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/judged_event.h"
#include "base/time.h"
#include "base/weight.h"
#include "config/config.h"
#include "health/judge/comparison_report.h"
#include "health/judge/verdict.h"

namespace teal::health {

/// The little of a Reading by which single events are judged.
struct CountsReading {
  Mono at;
  Tallies release;
  Tallies live;
  Mono watermark = Mono::min();  ///< As in Reading.
};

/// The part of a Reading that began in the present step.
struct InStep {
  std::uint64_t step = 0;  ///< Another number is another step.
  Begun release;
  TrafficCounters live;
};

/// Both groups' split traffic at one instant, by the group that was drawn: what began in the
/// deployment and has ended.
struct Reading {
  Mono at;
  TrafficCounters release;
  TrafficCounters live;
  /// Every request that began before has ended or was told as overdue: the comparison takes events
  /// in the order in which the requests began, as far as this. `at` minus the overdue age will do;
  /// the beginning of the oldest untold request in flight is better. Left out: nothing is taken.
  Mono watermark = Mono::min();
  /// Of the release, as Begun::reached. Left out: nothing is known of what is in flight.
  Histogram reached{};
  /// Left out, as where a record is judged again: nobody knows in which step a request began.
  std::optional<InStep> in_step{};

  CountsReading counts() const { return {at, release.tallies(), live.tallies(), watermark}; }
};

/// A step with a weight of its own begins: every worker runs on it.
struct StepStart {
  Mono at;
  Weight release;
  /// What "slow" means from now on (slow_thresholds()); frozen for the step. Empty: not compared.
  std::vector<Micros> slower_than;
  /// The live group's share of requests as slow as that before the step (slow_shares()); as many.
  std::vector<double> slower_shares;
  /// How many processes before this one have looked for the step's certificate.
  std::uint64_t restarts = 0;
};

class VerdictSource {
 public:
  virtual ~VerdictSource() = default;
  /// The alarm's name in the configuration.
  virtual const std::string& name() const = 0;
  /// "error_rate > 1% over 30s", for a person.
  virtual std::string condition() const = 0;
  /// Takes a reading (not older than the one before) and judges all seen so far.
  virtual Verdict judge(const Reading& reading) = 0;
  /// An outside word on the alarm; only external alarms listen.
  virtual void set_external(bool /*firing*/, const std::string& /*why*/) {}

  // Only comparisons listen to these.
  /// Judges the events that came, and nothing but whether they make a breach: cheap, for each batch
  /// of them. What else there is to say, the next judge() says.
  virtual std::optional<Breached> check_breach(const CountsReading& /*counts*/) {
    return std::nullopt;
  }
  virtual void begin_step(const StepStart& /*step*/) {}
  /// A bad event. It counts in the next judge() or check_breach() whose reading has settled it.
  virtual void on_judged_event(const JudgedEvent& /*event*/) {}
  /// Called after a restart, when the recorded events were replayed into this new source. Requests
  /// that were in flight when the process ended never report. `losses` counts the restarts so far
  /// behind which recorded evidence may be missing: each raises the e-value that is needed.
  virtual void on_restart(std::uint64_t /*losses*/) {}
  /// Beginning of the oldest request of which a bad event waits to be settled; max: none waits.
  virtual Mono waits_for() const { return Mono::max(); }
  /// What a comparison can show of its evidence as of the last judge() or check_breach().
  virtual std::optional<ComparisonReport> comparison() { return std::nullopt; }
};

/// What a source must know of the deployment around it.
struct JudgeContext {
  Colour release = Colour::green;
  /// Comparisons that can roll this deployment back: alpha is divided by it (docs/judge.md).
  std::size_t comparisons = 1;
  /// By this age a request has ended badly, or it counts as not having ended badly: somewhat above
  /// the service's connect and response_header timeouts together.
  Millis max_outcome_age = Millis{65'000};
  /// The number of the alarm's meaning of "error" (config::meaning_number).
  std::size_t meaning = 0;
};

/// How many of the alarms are comparisons that can roll back.
std::size_t comparisons_in(std::span<const config::Alarm> alarms);

/// The source that a configured alarm describes.
std::unique_ptr<VerdictSource> make_source_in(const config::Alarm& alarm,
                                              const JudgeContext& context);
/// The source that a configured alarm describes which is the only one of its deployment.
std::unique_ptr<VerdictSource> make_source(const config::Alarm& alarm);

}  // namespace teal::health
