#include "proxy/routing/shared_limits.h"

namespace teal::proxy {

std::shared_ptr<TargetLimits> LimitTable::of_target(const std::string& group,
                                                    const Address& address) {
  // Twice as many as were in use the last time: so each costs the same, however many there are.
  if (by_address_.size() > 2 * swept_ + 16) {
    std::erase_if(by_address_, [](const auto& entry) { return entry.second.expired(); });
    swept_ = by_address_.size();
  }
  std::weak_ptr<TargetLimits>& kept = by_address_[group + ' ' + to_string(address)];
  std::shared_ptr<TargetLimits> limits = kept.lock();
  if (!limits) kept = limits = std::make_shared<TargetLimits>();
  return limits;
}

}  // namespace teal::proxy
