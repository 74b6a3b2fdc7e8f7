#include "health/probe/rise_fall.h"

#include <algorithm>

namespace teal::health {

RiseFall::RiseFall(std::uint32_t rise, std::uint32_t fall, Health health) : health_(health) {
  set_thresholds(rise, fall);
}

void RiseFall::set_thresholds(std::uint32_t rise, std::uint32_t fall) {
  rise_ = std::max(rise, 1U);
  fall_ = std::max(fall, 1U);
}

bool RiseFall::add(bool passed) {
  const Health seen = passed ? Health::healthy : Health::unhealthy;
  if (seen == health_) {
    against_ = 0;
    return false;
  }
  ++against_;
  if (health_ != Health::unknown && against_ < (passed ? rise_ : fall_)) return false;
  health_ = seen;
  against_ = 0;
  return true;
}

}  // namespace teal::health
