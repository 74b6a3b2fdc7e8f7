// DrainRules: whether a target may be taken out of its group now: not the last one that serves, nor
// one that a running deployment needs, unless a person insists.
//
// Control thread. Pure on the tables that it is given.
#pragma once

#include <optional>
#include <string>

#include "control/deploy/deployment_table.h"
#include "control/registry/service_registry.h"
#include "control/reports/reports.h"
#include "control/services/serving.h"

namespace teal::control {

/// What a deployment's minimum_healthy is of so many targets; never more than there are.
std::uint32_t recounted(const DeploymentSpec& spec, std::size_t targets);

class DrainRules {
 public:
  DrainRules(const DeploymentTable& deployments, const Serving& serving)
      : deployments_(deployments), serving_(serving) {}

  /// Where the target counts in a running deployment that would have too few without it, or nobody
  /// would serve. Forced: only where it is the last of them.
  std::optional<ApiError> refuse(const ServiceEntry& entry, Colour colour,
                                 const TargetState& target, bool force) const;
  /// The running deployment whose minimum_healthy counts the targets of the group.
  DeploymentRunner* counting(const ServiceEntry& entry, Colour colour) const;

 private:
  std::optional<ApiError> refuse_last_of_old(const ServiceEntry& entry, Colour colour,
                                             const TargetState& target) const;

  const DeploymentTable& deployments_;
  const Serving& serving_;
};

}  // namespace teal::control
