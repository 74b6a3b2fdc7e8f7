#include "proxy/routing/shared_limits.h"

namespace teal::proxy {

std::shared_ptr<SharedTarget> LimitTable::make_target(const std::string& group,
                                                      const Address& address) {
  if (const auto found = left_.find(group + ' ' + to_string(address)); found != left_.end()) {
    const std::shared_ptr<SharedTarget> before = found->second.lock();
    left_.erase(found);
    if (before) return before;
  }
  return std::make_shared<SharedTarget>(address);
}

void LimitTable::left(const std::string& group, const std::shared_ptr<SharedTarget>& target) {
  // Twice as many as were in use the last time: so each costs the same, however many there are.
  if (left_.size() > 2 * swept_ + 16) {
    std::erase_if(left_, [](const auto& entry) { return entry.second.expired(); });
    swept_ = left_.size();
  }
  left_[group + ' ' + target->text] = target;
}

}  // namespace teal::proxy
