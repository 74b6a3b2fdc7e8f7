// DeploymentRunner: one deployment with everything around its engine: its clock, its journal's
// numbering, its judges and its timeline. It tells what the judges say; telling the engine and
// carrying out its actions is the controller's turn (control/controller/turn.cc).
//
// Control thread. Does not publish, write, or decide.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/counters.h"
#include "control/engine/deployment.h"
#include "control/evidence/evidence.h"
#include "control/evidence/replay.h"
#include "control/store/store.h"
#include "health/judge/judge.h"
#include "health/judge/outlook.h"

namespace teal::control {

std::string deployment_id(DeploymentNumber number);
/// 0 for anything that is not "d-n".
DeploymentNumber deployment_number(const DeploymentId& id);

class DeploymentRunner {
 public:
  static constexpr std::size_t kMaxTimeline = 1000;
  /// The course of a comparison follows errors, and judge(), but not each request of a flood.
  static constexpr Millis kFollowPause{5};

  DeploymentRunner(DeploymentNumber number, DeploymentSpec spec, WallTime created, Mono now);

  // ---- the engine -----------------------------------------------------------------------------
  Age age(Mono now) const;
  /// Steps the engine and keeps the timeline; empty where nothing happened.
  std::vector<Action> step(const Event& event, Age age, WallTime at);
  /// The journal's next event, numbered.
  EventRow journal(const Event& event, Age age, WallTime at);
  /// As step(), for an event that the journal holds; the actions were carried out long ago.
  void replay(const Event& event, const EventRow& row);
  /// From now on its clock runs again, at `age` or the last replayed event's age.
  void resume_clock(Age age, Mono now);
  /// True if the wake that the engine asked for is due; it is then forgotten.
  bool take_wake(Mono now);
  /// When that will be. Nothing: the engine has asked for none.
  std::optional<Mono> wakes_at() const;

  // ---- the judges -----------------------------------------------------------------------------
  struct ActiveJudge {
    std::unique_ptr<health::VerdictSource> source;
    bool external = false;
    bool compares = false;
    bool observed = false;  ///< Judged, shown and recorded, and does nothing.
    bool alone = true;      ///< Judges a release that has all the traffic.
    health::Verdict verdict;
    std::string note = {};  ///< As in AlarmReport.
  };
  void watch(const SourceFactory& make_source, Millis max_outcome_age);
  /// False of one that had ended when this process began.
  bool is_watched() const { return !judges_.empty() || last_alarms_; }
  /// It is over: what its judges said last stays, and they go with all that they remember.
  void release_judges();
  /// Some alarm compares the release with the live group.
  bool compares() const;
  /// Some alarm compares, and has a limit for the time when there is nobody to compare with.
  bool compares_alone() const;
  /// The next SplitApplied of `shift` begins this step.
  void plan_step(PublicationNumber shift, EvidenceStep step);
  /// Every worker runs on `shift`.
  void begin_step(PublicationNumber shift, Mono now);
  /// Notes it for the comparisons and for the evidence.
  void on_judged_event(const JudgedEvent& event, Mono now);

  /// Judges; the breach, if there is one.
  std::optional<event::AlarmBreached> judge(const health::Reading& reading);
  /// The breach of a comparison, if single events have made one. Unless there is one, the verdicts
  /// stay what the last judge() found.
  std::optional<event::AlarmBreached> check_breach(const health::CountsReading& counts);
  /// Beginning of the oldest bad request that comparisons wait to settle; max: none.
  Mono waits_for() const;
  /// Observed alarms that have begun to breach since the last call, as "name: why".
  std::vector<std::string> take_observed() { return std::exchange(observed_, {}); }
  /// "errors: 12 of 50 requests"; empty: nothing is missing. With rates also when it may come:
  /// "errors: 12 of 50 requests (about 10s at this rate)".
  std::string missing_evidence(const std::optional<health::Rates>& rates = std::nullopt) const;
  /// False where no such external alarm is watched. `note`: as in AlarmReport.
  bool set_external(const std::string& name, bool firing, const std::string& why,
                    const std::string& note);

  /// What its alarms count as errors besides every 5xx; null: nothing else.
  const std::shared_ptr<const ErrorMeanings>& meanings() const { return meanings_; }

  const Deployment& engine() const { return engine_; }
  /// Since when it is in its phase; of a watch, since the cut-over.
  WallTime phase_since() const { return phase_since_; }
  const DeploymentSpec& spec() const { return engine_.spec(); }
  /// Over, or cut off by a journal that ends early.
  bool is_over() const { return is_abandoned || engine_.is_terminal(); }
  std::vector<AlarmReport> alarms() const;
  /// The evidence gathered before a restart: the comparisons are fed with it again, and told where
  /// something of what they had judged may be lost. After watch() and resume_clock().
  void restore(Evidence evidence, Mono now);
  /// Whatever is judged has been; the evidence is to be written a last time, with the counters as
  /// they are by now.
  void conclude_evidence(const health::Reading& reading);
  /// The process ends in good order: nothing is judged any more, the evidence is written at last.
  void close_evidence();
  /// Rows that are to be written now: the account, if anything has changed, and the pages that are
  /// new or have grown.
  std::vector<EvidenceRow> take_evidence_rows();
  /// It has been written; whoever wants it reads the store.
  void release_evidence() { evidence_ = {}; }
  const Evidence& evidence() const { return evidence_; }
  const std::vector<TimelineEntry>& timeline() const { return timeline_; }

  const DeploymentNumber number;
  const WallTime created;
  std::optional<WallTime> finished;
  std::optional<DeploymentId> rolled_back_by;
  std::optional<Micros> rollback_took;
  /// A newer deployment of the service exists although the journal has no end for this one: the
  /// store failed for long. It is history.
  bool is_abandoned = false;
  Age clock_saved{0};
  Mono judged;  ///< When its judges were asked last.

 private:
  Deployment engine_;
  std::shared_ptr<const ErrorMeanings> meanings_;
  Age age_{0};  ///< At `since_`.
  Mono since_;
  std::uint64_t sequence_ = 0;
  WallTime phase_since_;
  std::optional<WallTime> watching_since_;
  Age wake_at_ = kNever;
  /// Times of the evidence count from here: as old as the deployment.
  Mono birth(Mono now) const { return now - age(now); }
  void note(const health::CountsReading& counts);
  void record(const ActiveJudge& watch, Mono now);
  /// Passes it on, unless the alarm only observes: then it is announced once.
  void take_breach(const ActiveJudge& watch, bool is_new, const std::string& why,
                   std::optional<event::AlarmBreached>& breach);
  bool is_as_it_was(const std::vector<AlarmReport>& before) const;

  std::vector<ActiveJudge> judges_;
  std::optional<std::vector<AlarmReport>> last_alarms_;  ///< When the judges have gone.
  Evidence evidence_;
  bool has_new_evidence_ = false;
  bool has_errors_ = false;  ///< That the courses do not show yet.
  Mono last_course_point_ = Mono::min();
  std::size_t pages_written_ = 0;  ///< Whole ones.
  std::optional<std::pair<PublicationNumber, EvidenceStep>> planned_;
  /// The first publication under which something was told for this deployment, in this process.
  std::optional<std::uint64_t> first_table_;
  std::vector<std::string> observed_;
  std::vector<TimelineEntry> timeline_;
  std::string breached_;  ///< The alarm that ended it.
  std::string breach_;
};

}  // namespace teal::control
