// Rollbacks of services as commands, and the answer to a command once it is applied.
#include <utility>

#include "control/controller/state.h"

namespace teal::control {

void Controller::State::answer_when_applied(DeploymentId id, Done<DeploymentReport> done,
                                            std::vector<std::string> warnings) {
  publisher.when_applied(
      [this, id = std::move(id), done = std::move(done), warnings = std::move(warnings)] {
        flush();
        const DeploymentRunner* answered = find_served(deployments, registry, id);
        if (answered == nullptr) return done(unknown_deployment(id));
        DeploymentReport answer = reporter.deployment(*answered);
        answer.warnings.insert(answer.warnings.begin(), warnings.begin(), warnings.end());
        done(std::move(answer));
      });
}

void Controller::rollback(const std::string& service, Done<DeploymentReport> done, bool force) {
  const ServiceEntry* entry = state_->registry.find(service);
  if (entry == nullptr) return done(unknown_service(service));
  if (force && entry->fallback && state_->deployments.active(service) == nullptr)
    return command(DeploymentId(entry->fallback->deployment), Command::rollback, std::move(done),
                   force);
  const ApiResult<DeploymentId> id = state_->rollbacks.of(*entry);
  if (!id) return done(id.error());
  command(*id, Command::rollback, std::move(done), force);
}

}  // namespace teal::control
