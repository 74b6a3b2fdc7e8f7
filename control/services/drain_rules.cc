#include "control/services/drain_rules.h"

#include <algorithm>
#include <utility>

namespace teal::control {
namespace {

ApiError refused(std::string type, std::string detail, std::string remedy) {
  return {409, std::move(type), "The target was not removed", std::move(detail), std::move(remedy)};
}

}  // namespace

std::uint32_t recounted(const DeploymentSpec& spec, std::size_t targets) {
  return std::min(spec.deploy.minimum_healthy.of(targets), static_cast<std::uint32_t>(targets));
}

DeploymentRunner* DrainRules::counting(const ServiceEntry& entry, Colour colour) const {
  DeploymentRunner* runner = deployments_.active(entry.state().name);
  if (runner == nullptr || runner->spec().colour != colour) return nullptr;
  const bool counts = runner->spec().kind == Kind::deploy ||
                      std::holds_alternative<state::Reinstalling>(runner->engine().state());
  return counts ? runner : nullptr;
}

/// The last one of the group that a running deployment would go back to.
std::optional<ApiError> DrainRules::refuse_last_of_old(const ServiceEntry& entry, Colour colour,
                                                       const TargetState& target) const {
  const DeploymentRunner* runner = deployments_.active(entry.state().name);
  if (runner == nullptr || runner->spec().kind != Kind::deploy || !runner->spec().has_baseline ||
      runner->spec().colour == colour || target.draining)
    return std::nullopt;
  const GroupState& old = entry.state().groups[colour];
  const bool is_last =
      target.accepts_requests() ? accepting(old) == 1 : addresses_of(old).size() == 1;
  if (!is_last) return std::nullopt;
  const std::string& id = runner->spec().id;
  const std::string old_text = std::string(to_string(colour)) + " (" + old.revision + ")";
  return refused("last-of-old-group",
                 target_text(colour, target.address) + " is the last one of " + old_text +
                     ", and " + id + " is not over: nobody would be left to take " +
                     runner->spec().revision + " back to",
                 "wait until " + id + " is over, or take it out all the same: teal target drain " +
                     entry.state().name + " " + target_text(colour, target.address) + " --force");
}

std::optional<ApiError> DrainRules::refuse(const ServiceEntry& entry, Colour colour,
                                           const TargetState& target, bool force) const {
  const DeploymentRunner* runner = counting(entry, colour);
  if (target.accepts_requests() && accepting(entry.state().groups[colour]) == 1 &&
      (entry.state().split.of(colour) > Weight::none() || serving_.serves_alone(entry, colour)))
    return refused("last-target",
                   target_text(colour, target.address) + " is the last healthy one and has traffic",
                   "move the traffic away or add another target first");
  if (!force)
    if (std::optional<ApiError> refusal = refuse_last_of_old(entry, colour, target)) return refusal;
  if (runner == nullptr || target.draining) return std::nullopt;
  const std::size_t left = addresses_of(entry.state().groups[colour]).size() - 1;
  const std::string& id = runner->spec().id;
  if (left == 0)
    return refused("last-target",
                   target_text(colour, target.address) + " is the last target that " + id + " has",
                   "add another target first, or give the deployment up: teal stop " + id);
  const event::HealthChanged health = serving_.release_of(*runner);
  const bool is_counted = !target.ejected && target.health != Health::unhealthy;
  const std::uint32_t able = health.healthy + health.unknown - (is_counted ? 1 : 0);
  const std::uint32_t minimum = runner->engine().minimum();
  if (force || able >= minimum) return std::nullopt;
  const bool has_traffic = runner->engine().facts().weight > Weight::none();
  const bool goes_back =
      runner->spec().deploy.rollback_on.deployment_failure && runner->spec().has_baseline;
  const std::string what = !has_traffic ? "it would wait for others, and fail in time"
                           : goes_back  ? "it would be rolled back"
                                        : "it would fail, and leave the traffic where it is";
  return refused("below-minimum-healthy",
                 id + " needs " + std::to_string(minimum) + " healthy targets of " +
                     std::string(to_string(colour)) + " and would have " + std::to_string(able) +
                     ": " + what,
                 "add another target first, or count anew (" +
                     std::to_string(recounted(runner->spec(), left)) + " of " +
                     std::to_string(left) + "): teal target drain " + entry.state().name + " " +
                     target_text(colour, target.address) + " --force");
}

}  // namespace teal::control
