// TrafficFigures: what control knows of the traffic of all services: the counters as they were read
// last, what each group has done in the last seconds, and what "slow" means by the live ones.
//
// Control thread. Reads when it is told to; the times are given.
#pragma once

#include <utility>

#include "control/deploy/service_registry.h"
#include "control/evidence/live_baseline.h"
#include "control/services/status_windows.h"
#include "control/services/traffic_cache.h"

namespace teal::control {

struct TrafficFigures {
  explicit TrafficFigures(TrafficCache::Read read) : cache(std::move(read)) {}

  /// Reads what every group has done, for the windows.
  void feed_windows(const ServiceRegistry& services, Mono now) {
    for (const ServiceEntry& entry : services.entries())
      for (const Colour colour : kColours) {
        const std::string& revision = entry.state.groups[colour].revision;
        windows.feed(entry.state.name, colour, revision, now,
                     cache.counters(entry.state.name, colour, revision));
      }
  }
  /// Reads what the live groups have done, for the baselines.
  void feed_baselines(const ServiceRegistry& services, Mono now) {
    for (const ServiceEntry& entry : services.entries()) {
      const std::string& revision = entry.state.groups[entry.state.live].revision;
      baselines.feed(entry.state.name, revision, now,
                     cache.counters(entry.state.name, entry.state.live, revision));
    }
  }

  TrafficCache cache;
  StatusWindows windows;
  LiveBaseline baselines;
};

}  // namespace teal::control
