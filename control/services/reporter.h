// Reporter: what control tells of services and deployments, as plain values
// (control/reports/reports.h).
//
// Control thread. Reads what the parts of the controller know; changes and says nothing.
#pragma once

#include "control/deploy/deployment_table.h"
#include "control/deploy/ports.h"
#include "control/registry/service_registry.h"
#include "control/reports/reports.h"
#include "control/services/outside_alarms.h"
#include "control/services/serving.h"
#include "control/traffic/traffic_figures.h"

namespace teal::control {

class Reporter {
 public:
  Reporter(const ServiceRegistry& services, const DeploymentTable& deployments,
           const TrafficFigures& figures, const Serving& serving, const OutsideAlarms& outside,
           Ports& ports, const Clock& clock)
      : services_(services),
        deployments_(deployments),
        figures_(figures),
        serving_(serving),
        outside_(outside),
        ports_(ports),
        clock_(clock) {}

  ServiceReport service(const ServiceEntry& entry) const;
  DeploymentReport deployment(const DeploymentRunner& runner) const;
  /// Equal as long as service() tells the same, up to counts that are a second old; 0: that may be
  /// another each time.
  std::uint64_t version(const ServiceEntry& entry) const;
  /// Nothing: it is served as it should be.
  std::optional<ServiceCondition> condition(const ServiceEntry& entry) const;

 private:
  GroupReport group(const ServiceEntry& entry, Colour colour) const;
  void add_end(const DeploymentRunner& runner, DeploymentReport& report) const;

  const ServiceRegistry& services_;
  const DeploymentTable& deployments_;
  const TrafficFigures& figures_;
  const Serving& serving_;
  const OutsideAlarms& outside_;
  Ports& ports_;
  const Clock& clock_;
};

}  // namespace teal::control
