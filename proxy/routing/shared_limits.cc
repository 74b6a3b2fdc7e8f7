#include "proxy/routing/shared_limits.h"

#include <utility>

#include "proxy/routing/route_table.h"

namespace teal::proxy {

std::shared_ptr<TargetLimits> LimitTable::find(const std::string& group,
                                               const TargetState& target) {
  if (const auto known = targets_.find(target.id); known != targets_.end()) return known->second;
  std::weak_ptr<TargetLimits>& kept = by_address_[group + ' ' + to_string(target.address)];
  std::shared_ptr<TargetLimits> limits = kept.lock();
  if (!limits) kept = limits = std::make_shared<TargetLimits>();
  return limits;
}

void LimitTable::attach(RouteTable& table) {
  std::unordered_map<TargetId, std::shared_ptr<TargetLimits>> present;
  for (ServiceView& service : table.services) {
    for (const Colour colour : kColours) {
      GroupView& group = service.groups[colour];
      const std::string name = service.spec->name + '/' + std::string(to_string(colour));
      std::shared_ptr<GroupLimits>& limits = groups_[name];
      if (!limits) limits = std::make_shared<GroupLimits>(workers_);
      group.limits = limits;
      group.target_limits.clear();
      for (const TargetState& target : group.targets)
        group.target_limits.push_back(present[target.id] = find(name, target));
    }
  }
  const bool is_new = present.size() != targets_.size();
  targets_ = std::move(present);
  if (is_new) std::erase_if(by_address_, [](const auto& entry) { return entry.second.expired(); });
}

}  // namespace teal::proxy
