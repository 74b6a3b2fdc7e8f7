// Which deployment a rollback takes back, and who gets which answer.
#include <algorithm>
#include <utility>

#include "control/controller/state.h"

namespace teal::control {
namespace {

ApiError conflict(std::string type, std::string title, std::string detail, std::string remedy) {
  return {409, std::move(type), std::move(title), std::move(detail), std::move(remedy)};
}

}  // namespace

bool Controller::State::serves(const DeploymentRunner& runner) const {
  const DeploymentSpec& spec = runner.spec();
  const ServiceState& state = book.find(spec.service)->state;
  return state.groups[spec.colour].revision == spec.revision &&
         state.split.of(spec.colour) > Weight::none();
}

/// Whether a finished deployment can still be taken back; the running ones ask their engine.
std::optional<ApiError> Controller::State::refuse_late_rollback(const DeploymentRunner& runner,
                                                                bool force) const {
  const DeploymentSpec& spec = runner.spec();
  const std::string title = "The deployment cannot be rolled back";
  if (runner.rolled_back_by) {
    const DeploymentRunner* rollback = deployments.find(*runner.rolled_back_by);
    const bool failed = rollback != nullptr && rollback->is_over() &&
                        rollback->engine().status() != Status::succeeded;
    if (!failed)
      return conflict(
          "already-rolled-back", title, spec.id + " is rolled back by " + *runner.rolled_back_by,
          "teal history " + spec.service + " lists what was live; deploy what you want to have");
  }
  if (const DeploymentRunner* other_one = deployments.active(spec.service))
    return conflict("deployment-running", title, other_one->spec().id + " is running",
                    "roll that one back");
  const ServiceEntry& entry = *book.find(spec.service);
  if (is_fallback_of(runner)) return refuse_fallback(entry, title);
  if (!serves(runner))
    return conflict("not-serving", title, spec.revision + " gets no traffic any more",
                    "teal rollback " + spec.service +
                        " takes back what is live; or deploy what you want to have");
  if (entry.state.live == spec.colour && spec.replaced_targets.empty())
    return conflict("no-older-release", title, "there is no older release to return to",
                    "deploy another release");
  const Colour old = other(spec.colour);
  if (!force && entry.state.groups[old].revision != spec.replaces && serves_alone(entry, old))
    return conflict("fallback-serves", title,
                    entry.state.groups[old].revision + " in " + std::string(to_string(old)) +
                        " is the only one that serves, and " + spec.replaces +
                        " would be installed in its place",
                    "mend " + std::string(to_string(spec.colour)) +
                        ", or take the traffic away: teal rollback " + spec.id + " --force");
  return std::nullopt;
}

ApiError Controller::State::refuse_fallback(const ServiceEntry& entry, std::string title) const {
  return conflict("is-fallback", std::move(title), fallback_report(entry)->text,
                  "teal rollback " + entry.fallback->deployment + " --force retires it at once");
}

const DeploymentRunner* Controller::State::running_rollback(const DeploymentRunner& runner) const {
  const DeploymentRunner* rollback = &runner;
  if (runner.spec().kind == Kind::deploy)
    rollback = runner.rolled_back_by ? deployments.find(*runner.rolled_back_by) : nullptr;
  return rollback != nullptr && !rollback->is_over() ? rollback : nullptr;
}

const DeploymentRunner* Controller::State::made_live(const ServiceEntry& entry) const {
  const Colour live = entry.state.live;
  const DeploymentTable::Runners& runners = deployments.all();
  for (auto it = runners.rbegin(); it != runners.rend(); ++it) {
    const DeploymentRunner& runner = *it->second;
    const DeploymentSpec& spec = runner.spec();
    if (spec.service != entry.state.name || !runner.is_over() || runner.abandoned) continue;
    // Where it went back to a group that was live still, that had become so before.
    const bool changed_roles = runner.engine().facts().is_live &&
                               (spec.kind == Kind::deploy || spec.way != RollbackMethod::undo);
    if (changed_roles && spec.colour == live && spec.revision == entry.state.groups[live].revision)
      return &runner;
  }
  return nullptr;
}

ApiResult<DeploymentId> Controller::State::to_roll_back(const ServiceEntry& entry) const {
  const std::string& service = entry.state.name;
  const std::string title = "The service cannot be rolled back";
  if (const DeploymentRunner* one = deployments.active(service)) return one->spec().id;
  // Whoever wants to be rid of what stayed says so; nobody means the one before it then.
  if (entry.fallback) return refuse_fallback(entry, title);
  const DeploymentRunner* maker = made_live(entry);
  const DeploymentTable::Runners& runners = deployments.all();
  // A release that ended with its share left to it is newer than the one that is live.
  for (auto it = runners.rbegin(); it != runners.rend() && it->second.get() != maker; ++it) {
    const DeploymentRunner& runner = *it->second;
    if (runner.spec().service == service && runner.spec().kind == Kind::deploy &&
        runner.spec().colour != entry.state.live && !runner.abandoned && serves(runner))
      return runner.spec().id;
  }
  const std::string& revision = entry.state.groups[entry.state.live].revision;
  if (maker == nullptr) {
    const std::string remedy =
        "deploy another release: teal deploy " + service + " --revision R --target A";
    // Whoever comes a second too late must not think that nothing was taken back.
    const DeploymentRunner* newest = deployments.newest(service);
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

void Controller::State::answer_when_applied(DeploymentId id, Done<DeploymentReport> done,
                                            std::vector<std::string> warnings) {
  publisher.when_applied(
      [this, id = std::move(id), done = std::move(done), warnings = std::move(warnings)] {
        flush();
        const DeploymentRunner* answered = deployments.find(id);
        if (answered == nullptr) return done(unknown_deployment(id));
        DeploymentReport answer = report(*answered);
        answer.warnings.insert(answer.warnings.begin(), warnings.begin(), warnings.end());
        done(std::move(answer));
      });
}

void Controller::rollback(const std::string& service, Done<DeploymentReport> done, bool force) {
  const ServiceEntry* entry = state_->book.find(service);
  if (entry == nullptr) return done(unknown_service(service));
  if (force && entry->fallback && state_->deployments.active(service) == nullptr)
    return command(DeploymentId(entry->fallback->deployment), Command::rollback, std::move(done),
                   force);
  const ApiResult<DeploymentId> id = state_->to_roll_back(*entry);
  if (!id) return done(id.error());
  command(*id, Command::rollback, std::move(done), force);
}

}  // namespace teal::control
