#include "config/config.h"

#include <algorithm>

namespace teal::config {

std::uint32_t MinimumHealthy::of(std::size_t targets) const {
  if (!is_percent) return std::max(value, 1U);
  const std::size_t rounded_up = (targets * value + 99) / 100;
  return std::max(static_cast<std::uint32_t>(rounded_up), 1U);
}

}  // namespace teal::config
