#include "base/publication.h"

#include <span>

namespace teal {

SharedService snapshot_of(const ServiceState& state, const SharedService& before) {
  auto made = std::make_shared<ServiceSnapshot>();
  const ServiceRouting& routing = state;
  static_cast<ServiceRouting&>(*made) = routing;
  bool is_same = before && static_cast<const ServiceRouting&>(*before) == routing;
  for (const Colour colour : kColours) {
    const GroupState& group = state.groups[colour];
    const GroupSnapshot* const known = before ? &before->groups[colour] : nullptr;
    const bool has_same_targets = known != nullptr && *known->targets == group.targets;
    is_same = is_same && has_same_targets && known->revision == group.revision &&
              known->fallback == group.fallback;
    made->groups[colour] = {
        group.revision,
        has_same_targets ? known->targets : std::make_shared<const TargetStates>(group.targets),
        group.fallback};
  }
  return is_same ? before : made;
}

bool is_panicking(const ServiceSnapshot& service, std::uint32_t below_percent) {
  const GroupSnapshot& release = service.groups[other(service.live)];
  return is_panicking(*service.groups[service.live].targets,
                      release.fallback ? std::span<const TargetState>(*release.targets)
                                       : std::span<const TargetState>(),
                      below_percent);
}

}  // namespace teal
