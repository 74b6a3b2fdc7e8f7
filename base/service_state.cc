#include "base/service_state.h"

#include <algorithm>

namespace teal {

bool accepts_requests(const GroupState& group) {
  return std::ranges::any_of(group.targets, &TargetState::accepts_requests);
}

bool is_panicking(const ServiceState& service, std::uint32_t below_percent) {
  std::size_t members = 0;
  std::size_t accepting = 0;
  for (const TargetState& target : service.groups[service.live].targets) {
    if (target.draining) continue;
    ++members;
    if (target.accepts_requests()) ++accepting;
  }
  const GroupState& release = service.groups[other(service.live)];
  if (accepting == 0 && release.fallback && accepts_requests(release)) return false;
  return members > 0 && accepting * 100 < members * below_percent;
}

}  // namespace teal
