// Groups that serve nobody, and what stays in their place: what engines are told of the group that
// traffic would go back to, and fallbacks until they are retired (docs/adr/0021-fallback.md).
#include <algorithm>
#include <utility>

#include "control/controller/state.h"

namespace teal::control {
namespace {

std::string named(const ServiceEntry& entry, Colour colour) {
  const std::string& revision = entry.state.groups[colour].revision;
  return std::string(to_string(colour)) + (revision.empty() ? "" : " (" + revision + ")");
}

}  // namespace

bool live_serves(const ServiceEntry& entry) {
  return accepts_requests(entry.state.groups[entry.state.live]);
}

std::string take_share(const ServiceEntry& entry, Colour colour) {
  return "`teal split " + entry.state.name + " " + std::string(to_string(other(colour))) + "=100%`";
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

// ---- what engines are told ----------------------------------------------------------------------

/// Nobody of the live group is healthy, but panic has all of them asked: they serve if most of what
/// they answered in the last seconds was no error. Health is not to be believed then, in either
/// way.
bool Controller::State::serves_in_panic(const ServiceEntry& entry) const {
  if (!is_panicking(entry.state, entry.config->panic_percent)) return false;
  return windows.mostly_succeeds(entry.state.name, entry.state.live,
                                 entry.state.groups[entry.state.live].revision);
}

/// Notes since when nobody serves, or does again.
void Controller::State::note_live(ServiceEntry& entry) {
  const bool serves = live_serves(entry) || serves_in_panic(entry);
  const Mono now = clock.mono();
  if (serves)
    entry.live_lost.reset();
  else if (!entry.live_lost)
    entry.live_lost = now;
}

event::BaselineHealth Controller::State::baseline_of(const DeploymentRunner& runner) const {
  const DeploymentSpec& spec = runner.spec();
  const ServiceEntry& entry = *book.find(spec.service);
  const Colour baseline = spec.kind == Kind::deploy ? other(spec.colour) : spec.colour;
  const event::HealthChanged counts = health_of(entry.state.groups[baseline]);
  event::BaselineHealth health{counts.healthy, counts.unhealthy, counts.unknown};
  if (health.healthy == 0 && entry.state.live == baseline && serves_in_panic(entry))
    health = {counts.unhealthy + counts.unknown, 0, 0};
  if (health.healthy == 0 && entry.state.live == baseline && entry.live_lost)
    health.lost_for = std::chrono::duration_cast<Millis>(clock.mono() - *entry.live_lost);
  return health;
}

/// Where it makes a difference, so that the journal of most deployments has nothing of it.
void Controller::State::tell_baseline(ServiceEntry& entry, bool exactly) {
  DeploymentRunner* runner = deployments.active(entry.state.name);
  if (runner == nullptr || !runner->spec().has_baseline) return;
  const event::BaselineHealth health = baseline_of(*runner);
  const auto& known = runner->engine().facts().baseline;
  const bool differs = standing(health) != standing(known);
  const bool counts_differ =
      known && (health.healthy != known->healthy || health.unhealthy != known->unhealthy ||
                health.unknown != known->unknown);
  if (differs || (exactly && counts_differ)) tell(*runner, health);
}

// ---- fallbacks ----------------------------------------------------------------------------------

void Controller::State::watch_fallback(ServiceEntry& entry) {
  if (!entry.fallback) return;
  const Fallback fallback = *entry.fallback;
  const bool is_back = live_serves(entry);
  if (is_back != entry.live_back.has_value()) {
    entry.live_back = is_back ? std::optional(clock.mono()) : std::nullopt;
    say(is_back ? Level::info : Level::error, is_back ? "fallback.resting" : "fallback.serving",
        entry.state.name, fallback_report(entry)->text, fallback.deployment);
  }
  // What somebody gave a share by hand is not a fallback only.
  if (!entry.live_back || entry.state.split.of(fallback.colour) > Weight::none() ||
      deployments.active(entry.state.name) != nullptr ||
      clock.mono() - *entry.live_back < fallback.keep_old)
    return;
  retire_fallback(entry, named(entry, entry.state.live) + " has served for " +
                             format_duration(fallback.keep_old) + " again");
}

void Controller::State::retire_fallback(ServiceEntry& entry, const std::string& why) {
  const Fallback fallback = *entry.fallback;
  say(Level::info, "group.retiring", entry.state.name,
      "fallback " + named(entry, fallback.colour) + ": " + why, fallback.deployment);
  // Nobody is sent to an empty group.
  if (entry.state.split.of(fallback.colour) > Weight::none()) {
    entry.count_kept(clock.mono());
    entry.state.split = Split::all_to(other(fallback.colour));
    say(Level::info, "split.changed", entry.state.name, to_string(entry.state.split),
        fallback.deployment);
  }
  const std::optional<std::string> unserved = left_without(entry, fallback.colour);
  retire(entry.state.name, fallback.colour);
  if (unserved) say(Level::error, "service.unserved", entry.state.name, *unserved);
}

/// What a service is told that has nobody any more once the group is retired.
std::optional<std::string> Controller::State::left_without(const ServiceEntry& entry,
                                                           Colour retired) const {
  const Colour live = other(retired);
  if (live_serves(entry) || serves_in_panic(entry)) return std::nullopt;
  return "nobody serves " + entry.state.name + " any more: no target of " + named(entry, live) +
         " is healthy, and " + named(entry, retired) + " is retired; `teal target add " +
         entry.state.name + " " + std::string(to_string(live)) +
         " IP:PORT` gives it another target";
}

/// The deployment's release is what stays.
bool Controller::State::is_fallback_of(const DeploymentRunner& runner) const {
  const DeploymentSpec& spec = runner.spec();
  const ServiceEntry& entry = *book.find(spec.service);
  if (!entry.fallback) return false;
  const Colour release = spec.kind == Kind::deploy ? spec.colour : other(spec.colour);
  const std::string& revision = spec.kind == Kind::deploy ? spec.revision : spec.replaces;
  return entry.fallback->colour == release && entry.state.groups[release].revision == revision;
}

/// Another release in the group would take the only one away that serves.
bool Controller::State::serves_alone(const ServiceEntry& entry, Colour colour) const {
  const GroupState& group = entry.state.groups[colour];
  const bool is_reached =
      entry.state.live == colour || group.fallback || entry.state.split.of(colour) > Weight::none();
  const bool is_other_live = entry.state.live == other(colour);
  if (!is_reached || !accepts_requests(group)) return false;
  if (is_other_live) return !live_serves(entry) && !serves_in_panic(entry);
  return !accepts_requests(entry.state.groups[other(colour)]);
}

std::optional<FallbackReport> Controller::State::fallback_report(const ServiceEntry& entry) const {
  if (!entry.fallback) return std::nullopt;
  const Fallback& fallback = *entry.fallback;
  FallbackReport report;
  report.colour = fallback.colour;
  report.revision = entry.state.groups[fallback.colour].revision;
  report.deployment = fallback.deployment;
  const std::string own = named(entry, fallback.colour);
  const std::string live = named(entry, entry.state.live);
  const Weight share = entry.state.split.of(fallback.colour);
  const bool is_back = live_serves(entry);
  if (is_back && share > Weight::none()) {
    report.text = live + " serves again; " + own + ", the fallback, stays as long as it is given " +
                  to_string(share) + " by hand: " + take_share(entry, fallback.colour) +
                  " lets it go";
  } else if (is_back) {
    const Millis served = entry.live_back
                              ? std::chrono::duration_cast<Millis>(clock.mono() - *entry.live_back)
                              : Millis{0};
    report.leaves_in = std::max(Millis{0}, fallback.keep_old - served);
    report.text = live + " serves again; " + own + " stays as fallback for " +
                  format_duration(Millis{(report.leaves_in->count() + 999) / 1000 * 1000}) +
                  " more";
  } else if (accepts_requests(entry.state.groups[fallback.colour])) {
    report.serves = true;
    report.text = "no target of " + live + " is healthy: " + own + " serves as fallback; mend " +
                  std::string(to_string(entry.state.live)) +
                  ", or retire the fallback with `teal rollback " + fallback.deployment +
                  " --force`";
  } else {
    report.text = "neither " + live + " nor its fallback " + own + " has a healthy target";
  }
  return report;
}

}  // namespace teal::control
