#include "health/statistics/sticky_counts.h"

namespace teal::health {

bool StickyCounts::take(const JudgedEvent& event) {
  if (event.client == 0) return true;
  if (clients_.contains(event.client)) return false;
  const bool is_full = clients_.size() >= kMaxClients;
  if (event.place != 0) {
    if (is_full || places_.size() >= kMaxPlaces) return false;
    if (!places_.insert(event.place).second) return false;
  } else if (is_full) {
    // Drawn in a block: just now. It needs no memory to be new, and clients without cookies must
    // not be able to blind the comparison by filling this one.
    return event.block_length > 0;
  }
  clients_.insert(event.client);
  return true;
}

void StickyCounts::give_back(const JudgedEvent& event) {
  if (clients_.erase(event.client) > 0 && event.place != 0) places_.erase(event.place);
}

}  // namespace teal::health
