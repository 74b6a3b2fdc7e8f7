// Stages: as what the workers are to count, and which single requests they are to tell of, while a
// step of a deployment is in force; and what of that has come in, for its judges (docs/judge.md).
//
// Control thread. Sets what the next publication says; publishing it is the caller's.
#pragma once

#include "control/deploy/deployment_runner.h"
#include "control/deploy/ports.h"
#include "control/deploy/publisher.h"
#include "control/registry/service_registry.h"
#include "control/traffic/traffic_figures.h"
#include "health/judge/judge.h"

namespace teal::control {

/// By this age a request to the service has ended badly, or it is not going to for a reason that
/// its group has.
Millis patience_of(const config::Service& service);

class Stages {
 public:
  Stages(const ServiceRegistry& services, const TrafficFigures& figures, const Publisher& publisher,
         Ports& ports, const Clock& clock)
      : services_(services),
        figures_(figures),
        publisher_(publisher),
        ports_(ports),
        clock_(clock) {}

  /// Of what began in the deployment, whatever colour is live.
  health::Reading reading_of(const DeploymentRunner& runner) const;
  /// Cheaper, for the comparisons alone.
  health::CountsReading read_counts(const DeploymentRunner& runner) const;

  /// With a publication of the deployment's: what begins under it is evidence of the present step.
  void set_stage(ServiceEntry& entry, const DeploymentRunner& runner) const;
  /// A bake that does not follow on a shift of its own begins to gather its evidence now. True: the
  /// workers must know.
  bool begins_own(const DeploymentRunner& runner) const;
  /// What the workers are to tell while the deployment's last publication is in force.
  void set_judging(ServiceEntry& entry, DeploymentRunner& runner,
                   const action::Publish& publish) const;

 private:
  const ServiceRegistry& services_;
  const TrafficFigures& figures_;
  const Publisher& publisher_;
  Ports& ports_;
  const Clock& clock_;
};

}  // namespace teal::control
