// What the tests of the configuration ask of a text that was read.
#pragma once

#include <string>

#include "config/load.h"

namespace teal::config {

/// Its problems, a line each; empty where there are none.
inline std::string report_of(const Loaded<Config>& config) {
  if (config) return "";
  std::string text;
  for (const Problem& problem : config.error().list) text += to_string(problem) + '\n';
  return text;
}

}  // namespace teal::config
