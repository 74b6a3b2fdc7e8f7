// Visits: which services the next tick looks at: those that something has been done to since the
// last one, and those whose time has come. A service that nothing is to be done about costs a tick
// nothing.
//
// Pure: times are given. Does not know what a visit is for (control/services/visit_rules.h).
#pragma once

#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/service_state.h"
#include "base/time.h"

namespace teal::control {

class Visits {
 public:
  /// The next tick looks at it.
  void wake(ServiceId service) { awake_.insert(service); }
  /// From this time on it is to be looked at, and before only where it is woken; max: not at all.
  void set_due(ServiceId service, Mono due);
  void forget(ServiceId service);

  /// Those that are awake or due, by their ids; from here on they are neither.
  std::vector<ServiceId> take(Mono now);

 private:
  std::set<ServiceId> awake_;
  std::set<std::pair<Mono, ServiceId>> queue_;
  std::unordered_map<ServiceId, Mono> due_;  ///< As in the queue.
};

}  // namespace teal::control
