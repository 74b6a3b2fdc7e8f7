// What the controller does about groups that serve nobody: it tells engines of the group that
// traffic would go back to, and retires fallbacks (control/services/serving.h).
#include "control/controller/state.h"

namespace teal::control {

// ---- what engines are told ----------------------------------------------------------------------

/// Where it makes a difference, so that the journal of most deployments has nothing of it.
void Controller::State::deliver_baseline(ServiceEntry& entry, bool exactly) {
  DeploymentRunner* runner = deployments.active(entry.state().name);
  if (runner == nullptr || !runner->spec().has_baseline) return;
  const event::BaselineHealth health = serving.baseline_of(*runner);
  const auto& known = runner->engine().facts().baseline;
  const bool differs = standing(health) != standing(known);
  const bool counts_differ =
      known && (health.healthy != known->healthy || health.unhealthy != known->unhealthy ||
                health.unknown != known->unknown);
  if (differs || (exactly && counts_differ)) deliver(*runner, health);
}

// ---- fallbacks ----------------------------------------------------------------------------------

void Controller::State::watch_fallback(ServiceEntry& entry) {
  if (!entry.fallback) return;
  const Fallback fallback = *entry.fallback;
  const bool is_back = live_serves(entry);
  if (is_back != entry.live_back.has_value()) {
    entry.live_back = is_back ? std::optional(clock.mono()) : std::nullopt;
    say(is_back ? Level::info : Level::error, is_back ? "fallback.resting" : "fallback.serving",
        entry.state().name, serving.fallback(entry)->text, fallback.deployment);
  }
  // What somebody gave a share by hand is not a fallback only.
  if (!entry.live_back || entry.state().split.of(fallback.colour) > Weight::none() ||
      deployments.active(entry.state().name) != nullptr ||
      clock.mono() - *entry.live_back < fallback.keep_old)
    return;
  retire_fallback(entry, named(entry, entry.state().live) + " has served for " +
                             format_duration(fallback.keep_old) + " again");
}

void Controller::State::retire_fallback(ServiceEntry& entry, const std::string& why) {
  const Fallback fallback = *entry.fallback;
  say(Level::info, "group.retiring", entry.state().name,
      "fallback " + named(entry, fallback.colour) + ": " + why, fallback.deployment);
  // Nobody is sent to an empty group.
  if (entry.state().split.of(fallback.colour) > Weight::none()) {
    entry.count_kept(clock.mono());
    entry.edit().split = Split::all_to(other(fallback.colour));
    say(Level::info, "split.changed", entry.state().name, to_string(entry.state().split),
        fallback.deployment);
  }
  const std::optional<std::string> unserved = serving.left_without(entry, fallback.colour);
  retire(entry.state().name, fallback.colour);
  if (unserved) say(Level::error, "service.unserved", entry.state().name, *unserved);
}

}  // namespace teal::control
