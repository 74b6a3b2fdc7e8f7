// DeploymentRunner: one deployment with everything around its engine: its clock, its journal's
// numbering, its judges and its timeline. It tells what the judges say; telling the engine and
// carrying out its actions is the controller's turn (control/controller_turn.cc).
//
// Control thread. Does not publish, write, or decide.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/counters.h"
#include "control/deployment.h"
#include "control/store.h"
#include "health/judge.h"

namespace teal::control {

using SourceFactory =  // As in control/controller.h.
    std::function<std::unique_ptr<health::VerdictSource>(const config::Alarm& alarm)>;

std::string deployment_id(DeploymentNumber number);
/// 0 for anything that is not "d-n".
DeploymentNumber deployment_number(const DeploymentId& id);

class DeploymentRunner {
 public:
  static constexpr std::size_t kMaxTimeline = 1000;

  DeploymentRunner(DeploymentNumber number, Spec spec, WallTime created, Mono now);

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

  // ---- the judges -----------------------------------------------------------------------------
  struct Watch {
    std::unique_ptr<health::VerdictSource> source;
    bool external = false;
    health::Verdict verdict;
  };
  void watch(const SourceFactory& make_source);
  void set_baseline(const TrafficCounters& release, const TrafficCounters& live);
  /// Judges; the breach, if there is one.
  std::optional<event::AlarmBreached> judge(Mono now, const TrafficCounters& release,
                                            const TrafficCounters& live);
  /// "errors: 12 of 50 requests"; empty: nothing is missing.
  std::string missing_evidence() const;
  /// False where no such external alarm is watched.
  bool set_external(const std::string& name, bool firing, const std::string& why);

  const Deployment& engine() const { return engine_; }
  const Spec& spec() const { return engine_.spec(); }
  /// Over, or cut off by a journal that ends early.
  bool is_over() const { return abandoned || engine_.is_terminal(); }
  std::vector<AlarmReport> alarms() const;
  const std::vector<TimelineEntry>& timeline() const { return timeline_; }

  const DeploymentNumber number;
  const WallTime created;
  std::optional<WallTime> finished;
  std::optional<DeploymentId> rolled_back_by;
  std::optional<Micros> rollback_took;
  /// A newer deployment of the service exists although the journal has no end for this one: the
  /// store failed for long. It is history.
  bool abandoned = false;
  Age clock_saved{0};

 private:
  Deployment engine_;
  Age age_{0};  ///< At `since_`.
  Mono since_;
  std::uint64_t sequence_ = 0;
  Age wake_at_ = kNever;
  std::vector<Watch> watches_;
  TrafficCounters release_before_;
  TrafficCounters live_before_;
  std::vector<TimelineEntry> timeline_;
  std::string breached_;  ///< The alarm that ended it.
  std::string breach_;
};

}  // namespace teal::control
