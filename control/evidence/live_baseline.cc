#include "control/evidence/live_baseline.h"

#include <optional>
#include <utility>

#include "health/statistics/slow_thresholds.h"

namespace teal::control {

void LiveBaseline::feed(const std::string& service, const std::string& revision, Mono now,
                        const TrafficCounters& counted) {
  Recent& known = recent_[service];
  if (known.revision != revision) {
    known = {revision, now, {}, counted};
  } else if (now - known.turned >= kRecent) {
    known.turned = now;
    known.before_last = std::exchange(known.last, counted);
  }
}

EvidenceStep LiveBaseline::freeze(const DeploymentSpec& spec, TrafficCounters counted) const {
  if (const auto known = recent_.find(spec.service);
      known != recent_.end() && known->second.revision == spec.replaces)
    counted -= known->second.before_last;
  bool is_latency_compared = false;
  std::optional<Millis> limit;
  for (const config::Alarm& alarm : spec.deploy.alarms) {
    const auto* compare = std::get_if<config::CompareAlarm>(&alarm.condition);
    if (compare == nullptr || compare->what != config::CompareAlarm::What::latency) continue;
    is_latency_compared = true;
    if (!limit) limit = compare->limit;
  }
  EvidenceStep step;
  if (is_latency_compared) step.slower_than = health::slow_thresholds(counted.duration, limit);
  step.slower_shares = health::slow_shares(counted, step.slower_than);
  step.overdue = health::overdue_age(counted.duration);
  return step;
}

}  // namespace teal::control
