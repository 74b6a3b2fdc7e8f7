#include "control/services/health_policy.h"

#include <utility>

namespace teal::control {

void HealthPolicy::on_health(TargetId target, Health health, const std::string& reason) {
  const std::optional<FoundTarget> found = services_.find_target(target);
  if (!found || found->target().health == health) return;
  ServiceEntry& entry = *found->entry;
  TargetState& changed = found->edit();
  const bool accepted = changed.accepts_requests();
  changed.health = health;
  changed.reason = reason;
  entry.since[target] = clock_.wall();
  if (health == Health::healthy) {
    // The probe's word ends an ejection; what follows counts from nothing.
    entry.outlier.forget(target);
    changed.ejected = false;
  }
  if (!accepted && changed.accepts_requests()) changed.accepts_since = clock_.mono();
  const std::string text = target_text(found->colour, changed.address) + ": " + reason;
  then_.publish(entry);
  say(health == Health::unhealthy ? Level::warning : Level::info,
      "target." + std::string(to_string(health)), entry, text);
  then_.check(entry);
}

void HealthPolicy::on_bad_outcome(const BadOutcome& outcome) {
  const std::optional<FoundTarget> found = services_.find_target(outcome.target);
  if (!found) return;
  ServiceEntry& entry = *found->entry;
  const auto reason =
      entry.outlier.on_failures(outcome.target, {outcome.consecutive, outcome.consecutive_gateway},
                                entry.state().groups[found->colour].targets, clock_.mono());
  if (reason) eject(entry, outcome.target, *reason);
}

void HealthPolicy::on_tally(const TargetTally& tally) {
  const std::optional<FoundTarget> found = services_.find_target(tally.target);
  if (!found) return;
  found->entry->outlier.on_tally(tally, clock_.mono());
  found->entry->wake();
}

void HealthPolicy::eject(ServiceEntry& entry, TargetId id, const std::string& reason) {
  const std::optional<FoundTarget> found = services_.find_target(id);
  if (!found || found->target().ejected) return;
  TargetState& target = found->edit();
  target.ejected = true;
  target.reason = reason;
  stats_.count_ejection(entry.state().name, found->colour);
  const std::string text = target_text(found->colour, target.address) + ": " + reason;
  then_.publish(entry);
  say(Level::warning, "target.ejected", entry, text);
  then_.check(entry);
}

void HealthPolicy::return_ejected(std::span<const ServiceId> visited) {
  const Mono now = clock_.mono();
  for (ServiceEntry& entry : services_.visited(visited)) {
    for (const TargetId id : entry.outlier.returns(now)) {
      const std::optional<FoundTarget> found = services_.find_target(id);
      if (!found) continue;
      TargetState& target = found->edit();
      target.ejected = false;
      target.reason = "back after an ejection";
      target.accepts_since = now;
      const std::string text = target_text(found->colour, target.address);
      then_.publish(entry);
      say(Level::info, "target.returned", entry, text);
      then_.check(entry);
    }
  }
}

void HealthPolicy::compare_targets(std::span<const ServiceId> visited) {
  const Mono now = clock_.mono();
  for (ServiceEntry& entry : services_.visited(visited)) {
    if (!entry.outlier.is_interval_over(now)) continue;
    for (const Colour colour : kColours)
      // Each ejection changes what is allowed to the next one.
      while (const auto outlier =
                 entry.outlier.next_outlier(entry.state().groups[colour].targets, now))
        eject(entry, outlier->target, outlier->reason);
    entry.outlier.end_interval();
  }
}

void HealthPolicy::watch_panic(std::span<const ServiceId> visited) {
  for (ServiceEntry& entry : services_.visited(visited)) {
    const std::uint32_t below = entry.config->panic_percent;
    if (below == 0) continue;
    const GroupState& live = entry.state().groups[entry.state().live];
    const bool panicking = is_panicking(entry.state(), below);
    // What it answers while its health is not believed is news of its own.
    then_.check_live(entry);
    if (std::exchange(entry.panicking, panicking) == panicking) continue;
    const std::string group(to_string(entry.state().live));
    say(panicking ? Level::warning : Level::info, panicking ? "group.panicking" : "group.calm",
        entry,
        panicking ? std::to_string(accepting(live)) + " of " + std::to_string(live.targets.size()) +
                        " targets of " + group + " are healthy: all of them are asked"
                  : "health of " + group + " counts again");
  }
}

void HealthPolicy::say(Level level, std::string type, const ServiceEntry& entry, std::string text) {
  announcer_.say(level, std::move(type), entry.state().name, {}, std::move(text));
}

}  // namespace teal::control
