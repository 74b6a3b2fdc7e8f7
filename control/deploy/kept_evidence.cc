#include "control/deploy/kept_evidence.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace teal::control {

void KeptEvidence::save(DeploymentRunner& runner) {
  for (EvidenceRow& row : runner.take_evidence_rows()) writes_.set(std::move(row));
}

void KeptEvidence::conclude(DeploymentRunner& runner) {
  save(runner);
  concluded_.push_back(runner.number);
}

void KeptEvidence::on_written(const DeploymentTable& deployments) {
  for (const DeploymentNumber number : std::exchange(concluded_, {}))
    if (DeploymentRunner* const runner = deployments.find(number)) runner->release_evidence();
}

Result<Evidence> KeptEvidence::of(const DeploymentRunner& runner) const {
  if (!runner.evidence().empty()) return runner.evidence();
  const Result<std::vector<EvidenceRow>> rows = writes_.evidence(runner.number);
  if (!rows) return rows.error();
  Evidence evidence;
  for (const EvidenceRow& row : *rows) {
    const Result<void> restored =
        row.part == 0 ? evidence.restore_account(row.text) : evidence.restore_page(row.text);
    if (!restored) return restored.error();
  }
  return evidence;
}

void report_kept_alarms(const DeploymentRunner& runner, const Evidence& kept,
                        DeploymentReport& report) {
  if (runner.is_watched()) return;
  for (AlarmReport& alarm : report.alarms) {
    const auto found = std::ranges::find(kept.alarms(), alarm.name, &AlarmReport::name);
    if (found == kept.alarms().end()) continue;
    std::optional<ErrorMeaning> counts = std::move(alarm.counts);
    alarm = *found;
    alarm.counts = std::move(counts);
  }
}

}  // namespace teal::control
