// WatchedSource: one source of one service, as the thread that looks for targets knows it.
#pragma once

#include <string>

#include "config/discovery.h"

namespace teal::control {

struct WatchedSource {
  std::string service;
  config::DiscoverSource source;

  bool operator==(const WatchedSource&) const = default;
};

}  // namespace teal::control
