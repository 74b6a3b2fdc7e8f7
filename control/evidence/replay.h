// Replay: a deployment's recorded events before judges with other settings. What would have
// happened to the traffic after another verdict is nobody's guess: events after a rollback that did
// not happen are those of the deployment as it was.
//
// Pure; control thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/engine/deployment.h"
#include "control/evidence/evidence.h"
#include "control/reports/reports.h"
#include "health/judge/judge.h"

namespace teal::control {

/// Makes the judge that an alarm describes; tests give their own.
using SourceFactory = std::function<std::unique_ptr<health::VerdictSource>(
    const config::Alarm& alarm, const health::JudgeContext& context)>;

/// What is judged by other numbers than the deployment's own.
struct ReplaySettings {
  std::optional<double> tolerance;
  std::optional<double> confidence;
};

struct ReplayedAlarm {
  std::string name;
  std::string condition;
  bool observed = false;
  /// When it breached, since the deployment began; nothing: it did not.
  std::optional<Micros> breached_at;
  /// When it did the first time, under the deployment's own settings.
  std::optional<Micros> breached_before;
  health::Verdict verdict;  ///< The breach, or the last word.
  std::optional<health::ComparisonReport> comparison;
};

struct EvidenceReport {
  DeploymentReport deployment;
  Evidence evidence;
};

struct ReplayReport {
  DeploymentReport deployment;
  ReplaySettings settings;
  std::vector<ReplayedAlarm> alarms;
  std::uint64_t events = 0;
  std::uint64_t events_dropped = 0;  ///< Not recorded, so not judged again.
};

/// Each comparison of the deployment anew.
std::vector<ReplayedAlarm> replay_evidence(const DeploymentSpec& spec, const Evidence& evidence,
                                           const ReplaySettings& settings, Millis max_outcome_age,
                                           const SourceFactory& make_source);

}  // namespace teal::control
