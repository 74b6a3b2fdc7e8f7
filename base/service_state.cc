#include "base/service_state.h"

#include <algorithm>

namespace teal {

bool accepts_requests(std::span<const TargetState> targets) {
  return std::ranges::any_of(targets, &TargetState::accepts_requests);
}

bool accepts_requests(const GroupState& group) {
  return accepts_requests(group.targets);
}

bool is_panicking(std::span<const TargetState> live, std::span<const TargetState> fallback,
                  std::uint32_t below_percent) {
  std::size_t members = 0;
  std::size_t accepting = 0;
  for (const TargetState& target : live) {
    if (target.draining) continue;
    ++members;
    if (target.accepts_requests()) ++accepting;
  }
  if (accepting == 0 && accepts_requests(fallback)) return false;
  return members > 0 && accepting * 100 < members * below_percent;
}

bool is_panicking(const ServiceState& service, std::uint32_t below_percent) {
  const GroupState& release = service.groups[other(service.live)];
  return is_panicking(service.groups[service.live].targets,
                      release.fallback ? std::span<const TargetState>(release.targets)
                                       : std::span<const TargetState>(),
                      below_percent);
}

}  // namespace teal
