// HealthPolicy: what probes, and failures of real requests, make of the targets of all services: it
// sets their health, ejects outliers and takes them back, and says when a live group's health
// begins and ceases to be ignored (panic).
//
// Control thread. The rules of ejection are health/outlier.h's. Does not publish, nor tell engines:
// it asks for that, in this order, for each change (Consequences).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/outcome.h"
#include "control/deploy/announcer.h"
#include "control/registry/service_registry.h"
#include "control/services/control_stats.h"

namespace teal::control {

class HealthPolicy {
 public:
  struct Consequences {
    /// Workers are to know of a target of the service that has changed.
    std::function<void(ServiceEntry&)> publish;
    /// The service's engine is to know of its targets; the change has been announced by now.
    std::function<void(ServiceEntry&)> check;
    /// Panic may have begun or ended: what the live group answers meanwhile is news of its own.
    std::function<void(ServiceEntry&)> check_live;
  };

  HealthPolicy(ServiceRegistry& services, const Clock& clock, Announcer& announcer,
               ControlStats& stats, Consequences consequences)
      : services_(services),
        clock_(clock),
        announcer_(announcer),
        stats_(stats),
        then_(std::move(consequences)) {}

  /// The probe's word. A healthy target is ejected no longer.
  void on_health(TargetId target, Health health, const std::string& reason);
  /// A request failed; ejects the target where that was one too many in a row.
  void on_bad_outcome(const BadOutcome& outcome);
  /// For the comparison of the targets of a group.
  void on_tally(const TargetTally& tally);

  // ---- with each tick, of the services that it looks at
  void return_ejected(std::span<const ServiceId> visited);
  /// Outlier detection by success rate, once in an interval.
  void compare_targets(std::span<const ServiceId> visited);
  /// The workers see for themselves who panics; people are told.
  void watch_panic(std::span<const ServiceId> visited);

 private:
  void eject(ServiceEntry& entry, TargetId target, const std::string& reason);
  void say(Level level, std::string type, const ServiceEntry& entry, std::string text);

  ServiceRegistry& services_;
  const Clock& clock_;
  Announcer& announcer_;
  ControlStats& stats_;
  Consequences then_;
};

}  // namespace teal::control
