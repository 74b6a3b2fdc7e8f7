// Evidence: what the judges of one deployment have seen, kept so that their verdict can be
// explained to a person and judged again under other settings (control/evidence/replay.h): the
// steps with their thresholds and counts, the course of each comparison, what each alarm said last,
// the bad events themselves, some requests of both groups to look for in the log. Bounded in
// everything; what does not fit is counted.
//
// A plain value of the control thread. Its times are Micros of the deployment's own life (its Age,
// finer), so that a restart leaves no gap in them. Does not judge, and does not know the store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counters.h"
#include "base/judged_event.h"
#include "base/result.h"
#include "base/weight.h"
#include "control/reports/reports.h"

namespace teal::control {

/// One time at one weight.
struct EvidenceStep {
  std::size_t step = 0;  ///< Of the plan.
  Weight weight;
  std::uint64_t table = 0;  ///< The publication that it began with.
  Micros since{0};
  std::vector<Micros> slower_than;
  std::vector<double> slower_shares;  ///< The live group's before the step, by threshold.
  Micros overdue{0};
  std::uint64_t restarts = 0;  ///< Processes that have judged in it before this one.
  Tally release, live;         ///< Since then, and no longer than the step; by the usual meaning.
  std::vector<std::uint64_t> release_slow, live_slow;  ///< Events by threshold.
  bool operator==(const EvidenceStep&) const = default;
};

/// Where a comparison stood at one time.
struct EvidencePoint {
  Micros at{0};
  double e_value = 1;
  double non_inferiority = 1;
  std::uint64_t release = 0, live = 0;  ///< Bad events.
  bool operator==(const EvidencePoint&) const = default;
};

struct EvidenceCourse {
  std::string alarm;
  std::vector<EvidencePoint> points;
  std::string verdict;     ///< The last one, for a person.
  Micros breached_at{-1};  ///< The first breach, observed ones included; below 0: none.
  bool operator==(const EvidenceCourse&) const = default;
};

/// A request to look for in the access log.
struct EvidenceSample {
  std::string request_id;
  Micros at{0};
  std::int64_t slower_than = 0;  ///< Microseconds; 0: it was an error.
  bool operator==(const EvidenceSample&) const = default;
};

/// What the counters said at one time, since the deployment began.
struct EvidenceReading {
  Micros at{0};
  Tallies release, live;
  bool operator==(const EvidenceReading&) const = default;
};

class Evidence {
 public:
  static constexpr std::size_t kSteps = 1000;
  static constexpr std::size_t kSamples = 20;     ///< Of each group.
  static constexpr std::size_t kPoints = 256;     ///< Of each course, and readings.
  static constexpr std::size_t kEvents = 10'000;  ///< Half of them for others than errors.
  static constexpr std::size_t kPage = 500;       ///< Events written at a time.

  // ---- recording
  void begin_step(EvidenceStep step);
  /// `event` with its times counted from the deployment's birth.
  void add(const JudgedEvent& event, Colour release);
  /// What the counters of this process say, since the deployment or the process began.
  void read(Micros at, Tallies release, Tallies live);
  /// The events so far were judged with everything settled that began before.
  void settle(Micros before);
  /// Where `alarm` stands now.
  void follow(const std::string& alarm, const EvidencePoint& point);
  void conclude(const std::string& alarm, std::string verdict, bool breached, Micros at);
  /// What the alarms say now.
  void set_alarms(std::vector<AlarmReport> alarms) { alarms_ = std::move(alarms); }
  /// Nothing is judged any more by this process: what is written is all that there was.
  void close() { is_closed_ = true; }
  void reopen() { is_closed_ = false; }
  /// After a restart: another process goes on in the step.
  void count_restart() {
    if (!steps_.empty()) ++steps_.back().restarts;
  }
  /// After a restart: something that was judged may not be in it.
  void count_loss() { ++losses_; }

  // ---- what was recorded
  const std::vector<EvidenceStep>& steps() const { return steps_; }
  const std::vector<EvidenceCourse>& courses() const { return courses_; }
  const std::vector<EvidenceSample>& release_samples() const { return release_samples_; }
  const std::vector<EvidenceSample>& live_samples() const { return live_samples_; }
  const std::vector<EvidenceReading>& readings() const { return readings_; }
  const std::vector<JudgedEvent>& events() const { return events_; }
  /// Of each event: how far the requests were settled when it was first judged.
  Micros settled(std::size_t event) const {
    return event < settled_.size() ? settled_[event] : Micros{0};
  }
  const std::vector<AlarmReport>& alarms() const { return alarms_; }
  std::uint64_t dropped() const { return dropped_; }
  bool is_closed() const { return is_closed_; }
  std::uint64_t losses() const { return losses_; }
  /// How far the requests were settled when events were last judged.
  Micros settled() const { return settled_.empty() ? Micros{0} : settled_.back(); }
  bool empty() const { return steps_.empty(); }

  // ---- the store's form
  /// Everything but the events: part 0.
  std::string account() const;
  /// A page of events, from 0; empty where there is none. Only the last one may still grow.
  std::string page(std::size_t number) const;
  Result<void> restore_account(std::string_view json);
  Result<void> restore_page(std::string_view json);

  bool operator==(const Evidence&) const = default;

 private:
  EvidenceCourse& course(const std::string& alarm);
  static void add_error_sample(std::vector<EvidenceSample>& samples, EvidenceSample sample);
  static void add_slow_sample(std::vector<EvidenceSample>& samples, EvidenceSample sample);

  std::vector<EvidenceStep> steps_;
  std::vector<EvidenceCourse> courses_;
  std::vector<EvidenceSample> release_samples_, live_samples_;
  std::vector<EvidenceReading> readings_;
  Tally step_release_, step_live_;    ///< The readings at the beginning of the present step.
  Tallies lost_release_, lost_live_;  ///< What was counted before a restart.
  std::vector<JudgedEvent> events_;
  std::vector<Micros> settled_;  ///< May be shorter than events_ until the next settle().
  std::size_t others_ = 0;       ///< Events that are no errors.
  std::uint64_t dropped_ = 0;
  std::vector<AlarmReport> alarms_;
  bool is_closed_ = false;
  std::uint64_t losses_ = 0;
};

}  // namespace teal::control
