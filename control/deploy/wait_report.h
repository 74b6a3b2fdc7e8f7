// What a deployment waits for where it does not go on by itself, or only later: at a gate, paused,
// holding for evidence, watching after the cut-over. In words for a person, with the commands.
//
// Control thread. Pure; does not decide anything.
#pragma once

#include <optional>

#include "control/deploy/deployment_runner.h"
#include "health/judge/outlook.h"

namespace teal::control {

/// Nothing in every other phase. When the wait ends is not in it (Deployment::wait_ends()).
/// `rates`: at which requests come now, where that is known.
std::optional<WaitReport> wait_of(const DeploymentRunner& runner,
                                  const std::optional<health::Rates>& rates = std::nullopt);

}  // namespace teal::control
