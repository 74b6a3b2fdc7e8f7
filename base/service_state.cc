#include "base/service_state.h"

namespace teal {

bool is_panicking(const GroupState& group, std::uint32_t below_percent) {
  std::size_t members = 0;
  std::size_t accepting = 0;
  for (const TargetState& target : group.targets) {
    if (target.draining) continue;
    ++members;
    if (target.accepts_requests()) ++accepting;
  }
  return members > 0 && accepting * 100 < members * below_percent;
}

}  // namespace teal
