// RiseFall: what a row of probe results makes of one target. The first result decides at once, so
// that a new target is known after one probe; after that so many in a row are needed to change a
// mind, and one stray result in between starts the count again.
//
// Pure; owned by whoever probes the target.
#pragma once

#include <cstdint>

#include "base/service_state.h"

namespace teal::health {

class RiseFall {
 public:
  /// 0 is read as 1. `health`: as it is known from elsewhere.
  RiseFall(std::uint32_t rise, std::uint32_t fall, Health health = Health::unknown);

  /// New thresholds; what is known stays.
  void set_thresholds(std::uint32_t rise, std::uint32_t fall);
  /// Takes the next result; true if it changed the health.
  bool add(bool passed);

  Health health() const { return health_; }
  /// Between two states: nothing known yet, or the last results speak against the present state.
  bool is_in_transition() const { return health_ == Health::unknown || against_ > 0; }

 private:
  std::uint32_t rise_ = 1;
  std::uint32_t fall_ = 1;
  Health health_ = Health::unknown;
  std::uint32_t against_ = 0;  ///< Results in a row that speak against health_.
};

}  // namespace teal::health
