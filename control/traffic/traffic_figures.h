// TrafficFigures: what control knows of the traffic of all services: how many requests each group
// has had, what it has done in the last seconds, and what "slow" means by the live ones.
//
// Services that are being shipped or sick are read with each tick, the others in turn, each about
// once a second; and counters, 15 KB of a group, are read only where a request has ended since. One
// that had no request for so long that nothing is left in its windows and baseline is at rest: it
// takes one look at a number, and touches nothing else, until a request of it has ended.
//
// Control thread. Reads when it is told to; the times are given.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "control/deploy/ports.h"
#include "control/evidence/live_baseline.h"
#include "control/registry/service_registry.h"
#include "control/traffic/slices.h"
#include "control/traffic/status_windows.h"
#include "control/traffic/traffic_cache.h"

namespace teal::control {

class TrafficFigures {
 public:
  /// The others are read once in so long.
  static constexpr Millis kRound{1'000};

  explicit TrafficFigures(Ports& ports) : cache(ports), ports_(ports), slices_(kRound) {}

  /// Before the first request: windows are differences of readings.
  void begin(const ServiceRegistry& services, Mono now);
  /// The same of one service that is new.
  void begin(const ServiceEntry& entry, const ServiceRegistry& services, Mono now);
  /// It is gone.
  void forget(const std::string& service);
  /// A tick: these services, and those of the others whose turn it is.
  void tick(const ServiceRegistry& services, std::span<const ServiceId> visited, Mono now);
  /// All counters of a group's split traffic, now.
  TrafficCounters read(const std::string& service, Colour colour,
                       const std::string& revision) const {
    return ports_.read_traffic({service, colour, revision, Audience::split});
  }

  TrafficCache cache;
  StatusWindows windows;
  LiveBaseline baselines;

 private:
  struct Look {
    std::uint64_t activity = 0;  ///< Ports::read_activity() at the last look.
    Mono at;                     ///< When that was.
    Mono changed;                ///< The first look at which it was so.
    bool is_at_rest = false;
  };

  /// One whose turn it is.
  void look_at(const ServiceRegistry& services, ServiceId id, Mono now);
  void feed(const ServiceEntry& entry, Mono now);

  Ports& ports_;
  Slices slices_;
  ServiceId next_ = 0;       ///< Whose turn it is.
  std::vector<Look> looks_;  ///< By ServiceId.
};

}  // namespace teal::control
