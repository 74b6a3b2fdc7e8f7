#include "control/services/visit_rules.h"

#include <algorithm>

#include "control/services/serving.h"

namespace teal::control {

Mono kept_due(const ServiceEntry& entry) {
  if (!entry.kept || entry.state().split.of(entry.kept->colour) > Weight::none())
    return Mono::max();
  return std::min(entry.kept_counted + entry.kept->left,
                  entry.kept_saved + ServiceEntry::kKeptSaved);
}

Mono fallback_due(const ServiceEntry& entry) {
  if (!entry.fallback) return Mono::max();
  if (live_serves(entry) != entry.live_back.has_value()) return Mono::min();
  if (!entry.live_back || entry.state().split.of(entry.fallback->colour) > Weight::none())
    return Mono::max();
  return *entry.live_back + entry.fallback->keep_old;
}

Mono outlier_due(const ServiceEntry& entry) {
  return entry.outlier.due();
}

Mono panic_due(const ServiceEntry& entry, Mono now) {
  return is_panicking(entry.state(), entry.config->panic_percent) ? now : Mono::max();
}

Mono episodes_due(const ServiceEntry& entry) {
  return entry.episodes.due();
}

Mono discovery_due(const ServiceEntry& entry, Mono now) {
  const Mono saved =
      entry.is_found_unsaved ? entry.found_saved + ServiceEntry::kFoundSaved : Mono::max();
  return std::min(saved, entry.sets.due(entry.state(), entry.retiring, now));
}

Mono next_visit(const ServiceEntry& entry, bool is_shipped, Mono now) {
  if (is_shipped) return now;
  return std::min({kept_due(entry), fallback_due(entry), outlier_due(entry), panic_due(entry, now),
                   episodes_due(entry), discovery_due(entry, now)});
}

}  // namespace teal::control
