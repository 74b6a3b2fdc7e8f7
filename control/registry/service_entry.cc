#include "control/registry/service_entry.h"

#include <algorithm>
#include <utility>

namespace teal::control {

bool ServiceEntry::reconfigure(const config::Service& next, Mono now, WallTime wall) {
  const config::Service& before = *std::exchange(config, &next);
  if (before == next) return false;
  // What the file says of groups is not heeded now, and so it is not by the next start.
  if (before.groups != next.groups || before.live != next.live) note_unsaved();
  if (before.discover != next.discover) {
    // Sources that it had before too keep what they know; what the others brought is let go.
    sets.reconfigure(next.discover);
    note_found();
  }
  if (before.outlier != next.outlier)
    for (const Colour colour : kColours)
      outlier.configure(next.outlier, state_.groups[colour].targets, now);
  const bool is_probed = next.health.has_value();
  if (before.health.has_value() != is_probed)
    for (const Colour colour : kColours)
      for (TargetState& target : edit().groups[colour].targets) {
        // Who served without a check goes on until the new one says otherwise.
        target.reason = is_probed ? "as before its check began" : "no health check";
        if (is_probed || target.health == Health::healthy) continue;
        target.health = Health::healthy;
        since[target.id] = wall;
      }
  wake();
  return true;
}

void ServiceEntry::keep(Colour colour, Millis duration, Mono now) {
  kept = Kept{colour, duration};
  kept_counted = kept_saved = now;
  note_unsaved();
}

std::optional<Millis> ServiceEntry::kept_for(Mono now) const {
  if (!kept) return std::nullopt;
  if (state_.split.of(kept->colour) > Weight::none()) return kept->left;
  const auto passed = std::chrono::duration_cast<Millis>(now - kept_counted);
  return std::max(Millis{0}, kept->left - passed);
}

void ServiceEntry::count_kept(Mono now) {
  if (!kept) return;
  const bool counts = state_.split.of(kept->colour) == Weight::none();
  const auto passed = std::chrono::duration_cast<Millis>(now - kept_counted);
  if (counts) kept->left = std::max(Millis{0}, kept->left - passed);
  // What is less than a millisecond counts the next time.
  kept_counted = counts ? kept_counted + passed : now;
}

SavedService ServiceEntry::saved(Mono now) const {
  SavedService saved{state_, version, retiring, kept, episodes.saved()};
  saved.fallback = fallback;
  saved.discovery = sets.saved();
  if (saved.kept) saved.kept->left = *kept_for(now);
  return saved;
}

}  // namespace teal::control
