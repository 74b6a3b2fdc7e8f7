#include "control/services/serving.h"

#include <algorithm>

namespace teal::control {

std::string named(const ServiceEntry& entry, Colour colour) {
  const std::string& revision = entry.state().groups[colour].revision;
  return std::string(to_string(colour)) + (revision.empty() ? "" : " (" + revision + ")");
}

bool live_serves(const ServiceEntry& entry) {
  return accepts_requests(entry.state().groups[entry.state().live]);
}

std::string take_share(const ServiceEntry& entry, Colour colour) {
  return "`teal split " + entry.state().name + " " + std::string(to_string(other(colour))) +
         "=100%`";
}

event::HealthChanged health_of(const GroupState& group) {
  event::HealthChanged counts;
  for (const TargetState& target : group.targets) {
    if (target.draining) continue;
    if (target.ejected) ++counts.ejected;
    if (target.ejected || target.health == Health::unhealthy)
      ++counts.unhealthy;
    else if (target.health == Health::healthy)
      ++counts.healthy;
    else
      ++counts.unknown;
  }
  return counts;
}

bool Serving::in_panic(const ServiceEntry& entry) const {
  if (!is_panicking(entry.state(), entry.config->panic_percent)) return false;
  return windows_.mostly_succeeds(entry.state().name, entry.state().live,
                                  entry.state().groups[entry.state().live].revision);
}

void Serving::note_live(ServiceEntry& entry) const {
  const bool serves = live_serves(entry) || in_panic(entry);
  const Mono now = clock_.mono();
  if (serves)
    entry.live_lost.reset();
  else if (!entry.live_lost)
    entry.live_lost = now;
}

event::HealthChanged Serving::release_of(const DeploymentRunner& runner) const {
  const DeploymentSpec& spec = runner.spec();
  return health_of(services_.find(spec.service)->state().groups[spec.colour]);
}

event::BaselineHealth Serving::baseline_of(const DeploymentRunner& runner) const {
  const DeploymentSpec& spec = runner.spec();
  const ServiceEntry& entry = *services_.find(spec.service);
  const Colour baseline = spec.kind == Kind::deploy ? other(spec.colour) : spec.colour;
  const event::HealthChanged counts = health_of(entry.state().groups[baseline]);
  event::BaselineHealth health{counts.healthy, counts.unhealthy, counts.unknown};
  if (health.healthy == 0 && entry.state().live == baseline && in_panic(entry))
    health = {counts.unhealthy + counts.unknown, 0, 0};
  if (health.healthy == 0 && entry.state().live == baseline && entry.live_lost)
    health.lost_for = std::chrono::duration_cast<Millis>(clock_.mono() - *entry.live_lost);
  return health;
}

std::optional<std::string> Serving::left_without(const ServiceEntry& entry, Colour retired) const {
  const Colour live = other(retired);
  if (live_serves(entry) || in_panic(entry)) return std::nullopt;
  return "nobody serves " + entry.state().name + " any more: no target of " + named(entry, live) +
         " is healthy, and " + named(entry, retired) + " is retired; `teal target add " +
         entry.state().name + " " + std::string(to_string(live)) +
         " IP:PORT` gives it another target";
}

bool Serving::serves_alone(const ServiceEntry& entry, Colour colour) const {
  const GroupState& group = entry.state().groups[colour];
  const bool is_reached = entry.state().live == colour || group.fallback ||
                          entry.state().split.of(colour) > Weight::none();
  const bool is_other_live = entry.state().live == other(colour);
  if (!is_reached || !accepts_requests(group)) return false;
  if (is_other_live) return !live_serves(entry) && !in_panic(entry);
  return !accepts_requests(entry.state().groups[other(colour)]);
}

bool Serving::is_fallback_of(const DeploymentRunner& runner) const {
  const DeploymentSpec& spec = runner.spec();
  const ServiceEntry& entry = *services_.find(spec.service);
  if (!entry.fallback) return false;
  const Colour release = spec.kind == Kind::deploy ? spec.colour : other(spec.colour);
  const std::string& revision = spec.kind == Kind::deploy ? spec.revision : spec.replaces;
  return entry.fallback->colour == release && entry.state().groups[release].revision == revision;
}

std::optional<FallbackReport> Serving::fallback(const ServiceEntry& entry) const {
  if (!entry.fallback) return std::nullopt;
  const Fallback& fallback = *entry.fallback;
  FallbackReport report;
  report.colour = fallback.colour;
  report.revision = entry.state().groups[fallback.colour].revision;
  report.deployment = fallback.deployment;
  const std::string own = named(entry, fallback.colour);
  const std::string live = named(entry, entry.state().live);
  const Weight share = entry.state().split.of(fallback.colour);
  const bool is_back = live_serves(entry);
  if (is_back && share > Weight::none()) {
    report.text = live + " serves again; " + own + ", the fallback, stays as long as it is given " +
                  to_string(share) + " by hand: " + take_share(entry, fallback.colour) +
                  " lets it go";
  } else if (is_back) {
    const Millis served = entry.live_back
                              ? std::chrono::duration_cast<Millis>(clock_.mono() - *entry.live_back)
                              : Millis{0};
    report.leaves_in = std::max(Millis{0}, fallback.keep_old - served);
    report.text = live + " serves again; " + own + " stays as fallback for " +
                  format_duration(Millis{(report.leaves_in->count() + 999) / 1000 * 1000}) +
                  " more";
  } else if (accepts_requests(entry.state().groups[fallback.colour])) {
    report.serves = true;
    report.text = "no target of " + live + " is healthy: " + own + " serves as fallback; mend " +
                  std::string(to_string(entry.state().live)) +
                  ", or retire the fallback with `teal rollback " + fallback.deployment +
                  " --force`";
  } else {
    report.text = "neither " + live + " nor its fallback " + own + " has a healthy target";
  }
  return report;
}

}  // namespace teal::control
