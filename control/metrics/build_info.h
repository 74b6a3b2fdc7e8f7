// What was built: for `teal --version` and the metric teal_build_info.
#pragma once

#include <string_view>

namespace teal::control {

struct BuildInfo {
  std::string_view version;   ///< "0.1.0".
  std::string_view revision;  ///< The commit, or "unknown" outside a checkout.
  std::string_view compiler;  ///< "GCC 12.2.0".
};

BuildInfo build_info();

}  // namespace teal::control
