#include "control/evidence/live_baseline.h"

#include <optional>
#include <utility>

#include "health/statistics/slow_thresholds.h"

namespace teal::control {

bool LiveBaseline::is_due(const std::string& service, const std::string& revision, Mono now) const {
  const auto known = recent_.find(service);
  return known == recent_.end() || known->second.revision != revision ||
         now - known->second.turned >= kRecent;
}

bool LiveBaseline::is_settled(const std::string& service, const std::string& revision,
                              Mono since) const {
  const auto known = recent_.find(service);
  return known != recent_.end() && known->second.revision == revision &&
         known->second.turned_before >= since;
}

void LiveBaseline::feed(const std::string& service, const std::string& revision, Mono now,
                        const TrafficCounters& counted) {
  if (!is_due(service, revision, now)) return;
  Recent& known = recent_[service];
  Mark mark(counted);
  if (known.revision != revision) {
    // Where nothing has ended yet, the empty reading before it is as good as one of now.
    known = {revision, now, mark.is_empty() ? now : Mono{}, {}, std::move(mark)};
  } else {
    known = {revision, now, known.turned, std::move(known.last), std::move(mark)};
  }
}

EvidenceStep LiveBaseline::freeze(const DeploymentSpec& spec, TrafficCounters counted) const {
  if (const auto known = recent_.find(spec.service);
      known != recent_.end() && known->second.revision == spec.replaces) {
    known->second.before_last.duration.subtract_from(counted.duration);
    known->second.before_last.given_up.subtract_from(counted.given_up);
  }
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
