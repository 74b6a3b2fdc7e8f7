// Serving: which group of a service answers where its live one does not: what panic makes of the
// live group's health, what engines are told of the group that traffic would go back to, and the
// fallback that stays for it (docs/adr/0021-fallback.md).
//
// Control thread. Looks and says; who retires a fallback or tells an engine is the controller
// (control/controller/fallback.cc).
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "control/deploy/deployment_runner.h"
#include "control/registry/service_registry.h"
#include "control/reports/reports.h"
#include "control/traffic/status_windows.h"

namespace teal::control {

/// The group and its revision, for a sentence: "blue (v41)".
std::string named(const ServiceEntry& entry, Colour colour);

/// Its live group accepts requests, as far as anybody knows.
bool live_serves(const ServiceEntry& entry);

/// The command that leaves the group without traffic, in quotes.
std::string take_share(const ServiceEntry& entry, Colour colour);

/// Of the targets that do not drain; an ejected one counts as unhealthy.
event::HealthChanged health_of(const GroupState& group);

class Serving {
 public:
  Serving(const ServiceRegistry& services, const StatusWindows& windows, const Clock& clock)
      : services_(services), windows_(windows), clock_(clock) {}

  /// Nobody of the live group is healthy, but panic has all of them asked: they serve if most of
  /// what they answered in the last seconds was no error. Health is not to be believed then, in
  /// either way.
  bool in_panic(const ServiceEntry& entry) const;
  /// Notes since when nobody of the live group serves, or that somebody does again.
  void note_live(ServiceEntry& entry) const;

  /// How the deployment's own targets are.
  event::HealthChanged release_of(const DeploymentRunner& runner) const;
  /// How the group is that the deployment's traffic would go back to.
  event::BaselineHealth baseline_of(const DeploymentRunner& runner) const;

  /// What is said of a service that has nobody any more once the group is retired.
  std::optional<std::string> left_without(const ServiceEntry& entry, Colour retired) const;
  /// Another release in the group would take the only one away that serves.
  bool serves_alone(const ServiceEntry& entry, Colour colour) const;

  /// The deployment's release is what stays as fallback.
  bool is_fallback_of(const DeploymentRunner& runner) const;
  /// The service's fallback, where it has one, as a person is told of it.
  std::optional<FallbackReport> fallback(const ServiceEntry& entry) const;

 private:
  const ServiceRegistry& services_;
  const StatusWindows& windows_;
  const Clock& clock_;
};

}  // namespace teal::control
