#include "config/config.h"

#include <algorithm>

namespace teal::config {

std::uint32_t MinimumHealthy::of(std::size_t targets) const {
  if (!is_percent) return std::max(value, 1U);
  const std::size_t rounded_up = (targets * value + 99) / 100;
  return std::max(static_cast<std::uint32_t>(rounded_up), 1U);
}

Millis watch_time(const Deploy& deploy) {
  constexpr Millis kUsual = minutes{5};
  if (deploy.alarms.empty()) return Millis{0};
  return deploy.watch_after.value_or(std::min(deploy.keep_old, kUsual));
}

bool judges_alone(const Alarm& alarm) {
  const auto* compare = std::get_if<CompareAlarm>(&alarm.condition);
  return compare == nullptr || compare->at_most.has_value();
}

}  // namespace teal::config
