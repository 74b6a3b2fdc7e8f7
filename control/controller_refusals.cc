// A live group without health checks: that nobody of it can be reached is known from requests
// alone. While a release beside it serves, such a group is ejected as a whole, so that the release
// serves in its place and no rollback goes back to it (docs/adr/0021-fallback.md). Ejections end by
// themselves; then the group counts as unknown until it has answered somebody.
#include <algorithm>

#include "control/controller_state.h"

namespace teal::control {
namespace {

/// In a row, as one worker counts them: one is a target that is being restarted.
constexpr std::uint32_t kRefusals = 3;

bool is_refusal(Failure failure) {
  return failure == Failure::connect || failure == Failure::connect_timeout ||
         failure == Failure::tls;
}

}  // namespace

/// Requests of the live group that were answered well, or by a refusal of the client's own.
std::uint64_t Controller::State::answered_by_live(const ServiceEntry& entry) {
  renew_traffic();
  const Colour live = entry.state.live;
  const TrafficCounters& all = counters(entry.state.name, live, entry.state.groups[live].revision);
  return all.total() - all.errors();
}

bool Controller::State::live_serves(const ServiceEntry& entry) {
  return accepts_requests(entry.state.groups[entry.state.live]) && !entry.unproved;
}

void Controller::State::note_refusal(const FoundTarget& found, const BadOutcome& outcome) {
  ServiceEntry& entry = *found.entry;
  // In panic the live group is asked whatever is known of it.
  if (entry.config->health || entry.config->panic_percent > 0 || found.colour != entry.state.live ||
      !found.target->accepts_requests())
    return;
  ServiceEntry::Refusals& refusals = entry.refusals;
  if (!is_refusal(outcome.failure)) {
    refusals.targets.erase(outcome.target);
    return;
  }
  if (outcome.consecutive < kRefusals) return;
  if (refusals.targets.empty()) refusals.answered = answered_by_live(entry);
  refusals.targets.insert(outcome.target);
  const std::vector<TargetState> live = entry.state.groups[found.colour].targets;
  const bool all_refuse = std::ranges::all_of(live, [&](const TargetState& target) {
    return !target.accepts_requests() || refusals.targets.contains(target.id);
  });
  const Colour release = other(found.colour);
  const bool release_serves =
      accepts_requests(entry.state.groups[release]) &&
      (entry.state.split.of(release) > Weight::none() || entry.state.groups[release].fallback);
  if (!all_refuse || !release_serves) return;
  if (const std::uint64_t answered = answered_by_live(entry); answered != refusals.answered) {
    refusals = {{outcome.target}, answered};
    return;
  }
  entry.unproved.reset();
  for (const TargetState& target : live)
    if (target.accepts_requests())
      if (const auto reason = entry.outlier.on_refusal(target.id, clock.mono()))
        eject(entry, target.id, *reason);
}

/// An ejection has ended: nothing is known but that.
void Controller::State::note_return(ServiceEntry& entry, TargetId target) {
  if (entry.refusals.targets.erase(target) == 0 || entry.unproved) return;
  entry.unproved = answered_by_live(entry);
}

void Controller::State::prove_live(ServiceEntry& entry) {
  if (!entry.unproved || answered_by_live(entry) == *entry.unproved) return;
  entry.unproved.reset();
  check_health(entry, false);
}

}  // namespace teal::control
