// RollbackChoice: which deployment a rollback of a service takes back, and whether a finished one
// can still be taken back.
//
// Control thread. Pure on the tables that it is given: it refuses or names a deployment, and
// carries nothing out.
#pragma once

#include <optional>
#include <string>

#include "control/deploy/deployment_table.h"
#include "control/registry/service_registry.h"
#include "control/reports/reports.h"
#include "control/services/serving.h"

namespace teal::control {

class RollbackChoice {
 public:
  RollbackChoice(const DeploymentTable& deployments, const ServiceRegistry& services,
                 const Serving& serving)
      : deployments_(deployments), services_(services), serving_(serving) {}

  /// Why the finished deployment cannot be taken back any more; of running ones the engine decides.
  std::optional<ApiError> refuse_late(const DeploymentRunner& runner, bool force) const;
  /// The finished deployment, or rollback, by which the live group became live; null: the file's.
  const DeploymentRunner* made_live(const ServiceEntry& entry) const;
  /// The rollback that the deployment is, or is being taken back by, where that is under way.
  const DeploymentRunner* running(const DeploymentRunner& runner) const;
  /// What a rollback of the service takes back now.
  ApiResult<DeploymentId> of(const ServiceEntry& entry) const;

 private:
  /// What it would take back serves as fallback only.
  ApiError refuse_fallback(const ServiceEntry& entry, std::string title) const;
  /// Its revision gets traffic in its group.
  bool serves(const DeploymentRunner& runner) const;

  const DeploymentTable& deployments_;
  const ServiceRegistry& services_;
  const Serving& serving_;
};

}  // namespace teal::control
