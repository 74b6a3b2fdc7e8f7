#include "control/registry/service_entry.h"

#include <algorithm>

namespace teal::control {

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
