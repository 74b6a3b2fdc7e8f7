#include "control/registry/visits.h"

namespace teal::control {

void Visits::set_due(ServiceId service, Mono due) {
  if (const auto known = due_.find(service); known != due_.end()) {
    queue_.erase({known->second, service});
    due_.erase(known);
  }
  if (due == Mono::max()) return;
  due_.emplace(service, due);
  queue_.emplace(due, service);
}

void Visits::forget(ServiceId service) {
  awake_.erase(service);
  set_due(service, Mono::max());
}

std::vector<ServiceId> Visits::take(Mono now) {
  while (!queue_.empty() && queue_.begin()->first <= now) {
    awake_.insert(queue_.begin()->second);
    due_.erase(queue_.begin()->second);
    queue_.erase(queue_.begin());
  }
  std::vector<ServiceId> taken(awake_.begin(), awake_.end());
  awake_.clear();
  return taken;
}

}  // namespace teal::control
