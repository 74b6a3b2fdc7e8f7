// Configurations of one service, by what its test is about.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "config/load.h"
#include "tests/support/config_reports.h"

namespace teal::config {

inline constexpr std::string_view kListeners = "listeners: { public: { address: 0.0.0.0:8080 } }\n";
inline constexpr std::string_view kService =
    "  match: { listener: public }\n"
    "  blue: { revision: v1, targets: [ 10.0.0.1:80 ] }\n";

/// A configuration of one service with these further keys, each line indented by two.
inline Loaded<Config> load_service(std::string_view keys) {
  std::string text(kListeners);
  text += "services:\n shop:\n";
  text += kService;
  text += keys;
  return load_text(text, "t.yaml");
}

inline Service service_with(std::string_view keys) {
  const Loaded<Config> config = load_service(keys);
  if (config) return config->services.at(0);
  for (const Problem& problem : config.error().list) ADD_FAILURE() << to_string(problem);
  return {};
}

inline std::string problems_with(std::string_view keys) {
  return report_of(load_service(keys));
}

}  // namespace teal::config
