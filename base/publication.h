// Publication: what control hands to the workers, by parts: a snapshot of each service that is new
// or has changed since the last one. Snapshots are immutable and shared by all threads that read
// them, and what has not changed between two snapshots of a service, its targets above all, is one
// object in both. So a publication costs what has changed, not what there is.
//
// Made on the control thread from its own ServiceState; read on any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/service_state.h"

namespace teal {

using TargetStates = std::vector<TargetState>;

struct GroupSnapshot {
  std::string revision;
  std::shared_ptr<const TargetStates> targets;  ///< Never null.
  bool fallback = false;                        ///< As GroupState::fallback.
};

struct ServiceSnapshot : ServiceRouting {
  PerColour<GroupSnapshot> groups;
};

using SharedService = std::shared_ptr<const ServiceSnapshot>;

/// Of the service as it is now. `before`: its last snapshot, or null. Where nothing has changed
/// since, that is the answer; otherwise groups whose targets are the same share them with it.
SharedService snapshot_of(const ServiceState& state, const SharedService& before);

/// As GroupState's and ServiceState's.
bool is_panicking(const ServiceSnapshot& service, std::uint32_t below_percent);

struct Publication {
  std::uint64_t version = 0;
  /// Those that are new or have changed, each once; all of them in the first publication.
  std::vector<SharedService> services;
};

}  // namespace teal
