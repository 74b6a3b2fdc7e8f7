#include "control/services/rollback_choice.h"

#include <utility>

namespace teal::control {
namespace {

ApiError conflict(std::string type, std::string title, std::string detail, std::string remedy) {
  return {409, std::move(type), std::move(title), std::move(detail), std::move(remedy)};
}

}  // namespace

bool RollbackChoice::serves(const DeploymentRunner& runner) const {
  const DeploymentSpec& spec = runner.spec();
  const ServiceState& state = services_.find(spec.service)->state();
  return state.groups[spec.colour].revision == spec.revision &&
         state.split.of(spec.colour) > Weight::none();
}

std::optional<ApiError> RollbackChoice::refuse_late(const DeploymentRunner& runner,
                                                    bool force) const {
  const DeploymentSpec& spec = runner.spec();
  const std::string title = "The deployment cannot be rolled back";
  if (runner.rolled_back_by) {
    const DeploymentRunner* rollback = deployments_.find(*runner.rolled_back_by);
    const bool failed = rollback != nullptr && rollback->is_over() &&
                        rollback->engine().status() != Status::succeeded;
    if (!failed)
      return conflict(
          "already-rolled-back", title, spec.id + " is rolled back by " + *runner.rolled_back_by,
          "teal history " + spec.service + " lists what was live; deploy what you want to have");
  }
  if (const DeploymentRunner* other_one = deployments_.active(spec.service))
    return conflict("deployment-running", title, other_one->spec().id + " is running",
                    "roll that one back");
  const ServiceEntry& entry = *services_.find(spec.service);
  if (serving_.is_fallback_of(runner)) return refuse_fallback(entry, title);
  if (!serves(runner))
    return conflict("not-serving", title, spec.revision + " gets no traffic any more",
                    "teal rollback " + spec.service +
                        " takes back what is live; or deploy what you want to have");
  if (entry.state().live == spec.colour && spec.replaced_targets.empty())
    return conflict("no-older-release", title, "there is no older release to return to",
                    "deploy another release");
  const Colour old = other(spec.colour);
  if (!force && entry.state().groups[old].revision != spec.replaces &&
      serving_.serves_alone(entry, old))
    return conflict("fallback-serves", title,
                    entry.state().groups[old].revision + " in " + std::string(to_string(old)) +
                        " is the only one that serves, and " + spec.replaces +
                        " would be installed in its place",
                    "mend " + std::string(to_string(spec.colour)) +
                        ", or take the traffic away: teal rollback " + spec.id + " --force");
  return std::nullopt;
}

ApiError RollbackChoice::refuse_fallback(const ServiceEntry& entry, std::string title) const {
  return conflict("is-fallback", std::move(title), serving_.fallback(entry)->text,
                  "teal rollback " + entry.fallback->deployment + " --force retires it at once");
}

const DeploymentRunner* RollbackChoice::running(const DeploymentRunner& runner) const {
  const DeploymentRunner* rollback = &runner;
  if (runner.spec().kind == Kind::deploy)
    rollback = runner.rolled_back_by ? deployments_.find(*runner.rolled_back_by) : nullptr;
  return rollback != nullptr && !rollback->is_over() ? rollback : nullptr;
}

const DeploymentRunner* RollbackChoice::made_live(const ServiceEntry& entry) const {
  const Colour live = entry.state().live;
  for (const DeploymentRunner* const each : deployments_.of(entry.state().name)) {
    const DeploymentRunner& runner = *each;
    const DeploymentSpec& spec = runner.spec();
    if (!runner.is_over() || runner.is_abandoned) continue;
    // Where it went back to a group that was live still, that had become so before.
    const bool changed_roles = runner.engine().facts().is_live &&
                               (spec.kind == Kind::deploy || spec.way != RollbackMethod::undo);
    if (changed_roles && spec.colour == live &&
        spec.revision == entry.state().groups[live].revision)
      return &runner;
  }
  return nullptr;
}

ApiResult<DeploymentId> RollbackChoice::of(const ServiceEntry& entry) const {
  const std::string& service = entry.state().name;
  const std::string title = "The service cannot be rolled back";
  if (const DeploymentRunner* one = deployments_.active(service)) return one->spec().id;
  // Whoever wants to be rid of what stayed says so; nobody means the one before it then.
  if (entry.fallback) return refuse_fallback(entry, title);
  const DeploymentRunner* maker = made_live(entry);
  // A release that ended with its share left to it is newer than the one that is live.
  for (const DeploymentRunner* const each : deployments_.of(service)) {
    if (each == maker) break;
    const DeploymentRunner& runner = *each;
    if (runner.spec().kind == Kind::deploy && runner.spec().colour != entry.state().live &&
        !runner.is_abandoned && serves(runner))
      return runner.spec().id;
  }
  const std::string& revision = entry.state().groups[entry.state().live].revision;
  if (maker == nullptr) {
    const std::string remedy =
        "deploy another release: teal deploy " + service + " --revision R --target A";
    // Whoever comes a second too late must not think that nothing was taken back.
    const DeploymentRunner* newest = deployments_.newest(service);
    if (newest != nullptr && newest->spec().kind == Kind::rollback)
      return conflict("already-rolled-back", title,
                      newest->spec().id + " has taken " + newest->spec().rollback_of +
                          " back, and nothing is older than " + revision,
                      remedy);
    return conflict("no-older-release", title,
                    revision + " is live since the service began: there is nothing older", remedy);
  }
  if (maker->spec().kind == Kind::rollback)
    return conflict(
        "already-rolled-back", title,
        revision + " is live because " + maker->spec().id + " has taken " +
            maker->spec().rollback_of + " back",
        "teal history " + service + " lists what was live; deploy what you want to have");
  return maker->spec().id;
}

}  // namespace teal::control
