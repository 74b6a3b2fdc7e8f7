// What the store says of deployments, made into what was: a start does so, and whoever wants to
// know beforehand whether one could.
//
// Control thread, or a process that does not serve.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "control/deploy/deployment_table.h"
#include "control/store/store.h"

namespace teal::control {

/// The deployments of the services that are served, with their journals and clocks; of the others
/// the numbers alone. An Error names the deployment that cannot be read.
Result<void> replay_deployments(const Contents& contents,
                                const std::function<bool(const std::string&)>& is_served, Mono now,
                                DeploymentTable& deployments);

/// Reads all that a start reads, whatever services the configuration has. An Error: what could not
/// be, or what is missing.
Result<void> rehearse_start(Store& store);

}  // namespace teal::control
