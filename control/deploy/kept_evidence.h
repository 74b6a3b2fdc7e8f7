// KeptEvidence: the evidence of deployments on its way to the store and back.
//
// Control thread. What it says is control/evidence/evidence.h's.
#pragma once

#include <vector>

#include "control/deploy/deployment_runner.h"
#include "control/deploy/deployment_table.h"
#include "control/evidence/evidence.h"
#include "control/reports/reports.h"
#include "control/store/pending_writes.h"

namespace teal::control {

class KeptEvidence {
 public:
  explicit KeptEvidence(PendingWrites& writes) : writes_(writes) {}

  /// Whatever of it is new goes with the next writes.
  void save(DeploymentRunner& runner);
  /// The same of a deployment that is over: once it is written, the store alone has it.
  void conclude(DeploymentRunner& runner);
  /// Everything that waited is written.
  void on_written(const DeploymentTable& deployments);
  /// The runner's own, else what the store has.
  Result<Evidence> of(const DeploymentRunner& runner) const;

 private:
  PendingWrites& writes_;
  std::vector<DeploymentNumber> concluded_;  ///< Not written yet.
};

/// What the alarms of a deployment that ended before this process began said last.
void report_kept_alarms(const DeploymentRunner& runner, const Evidence& kept,
                        DeploymentReport& report);

}  // namespace teal::control
