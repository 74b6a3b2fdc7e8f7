#include "control/controller_commands.h"

#include <utility>

namespace teal::control {

Answer<DeploymentReport> ControllerCommands::deploy(const std::string& service,
                                                    const config::DeploymentRequest& request,
                                                    const std::string& idempotency_key,
                                                    const std::string& body_digest) {
  return controller_.deploy(service, request, idempotency_key, body_digest);
}

void ControllerCommands::command(const DeploymentId& id, Command command, bool force,
                                 Done<DeploymentReport> done) {
  controller_.command(id, command, std::move(done), force);
}

void ControllerCommands::rollback(const std::string& service, bool force,
                                  Done<DeploymentReport> done) {
  controller_.rollback(service, std::move(done), force);
}

void ControllerCommands::set_split(const std::string& service, Split split,
                                   std::optional<std::uint64_t> if_match,
                                   Done<ServiceReport> done) {
  controller_.set_split(service, split, if_match, std::move(done));
}

Answer<ServiceReport> ControllerCommands::put_target(const std::string& service, Colour colour,
                                                     const Address& address) {
  return controller_.put_target(service, colour, address);
}

Answer<ServiceReport> ControllerCommands::delete_target(const std::string& service, Colour colour,
                                                        const Address& address, bool force) {
  return controller_.delete_target(service, colour, address, force);
}

Answer<std::size_t> ControllerCommands::set_external_alarm(const std::string& name,
                                                           const std::string& service, bool firing,
                                                           const std::string& why) {
  return controller_.set_external_alarm(name, service, firing, why);
}

Answer<std::size_t> ControllerCommands::resolve_alarm(const std::string& name,
                                                      const std::string& service) {
  return controller_.resolve_alarm(name, service);
}

AlertsReport ControllerCommands::take_alerts(const AlertBatch& batch) {
  return controller_.take_alerts(batch);
}

std::vector<ServiceReport> ControllerCommands::services() const {
  return controller_.services();
}

Answer<ServiceReport> ControllerCommands::service(const std::string& name) const {
  return controller_.service(name);
}

Answer<std::vector<ExternalAlarmReport>> ControllerCommands::external_alarms(
    const std::string& service) const {
  return controller_.external_alarms(service);
}

Answer<std::vector<DeploymentReport>> ControllerCommands::deployments(const std::string& service,
                                                                      std::size_t limit) const {
  return controller_.deployments(service, limit);
}

Answer<DeploymentReport> ControllerCommands::deployment(const DeploymentId& id) const {
  return controller_.deployment(id);
}

Answer<EvidenceReport> ControllerCommands::evidence(const DeploymentId& id) const {
  return controller_.evidence(id);
}

Answer<ReplayReport> ControllerCommands::replay(const DeploymentId& id,
                                                const ReplaySettings& settings) const {
  return controller_.replay(id, settings);
}

const std::deque<Announcement>& ControllerCommands::announcements() const {
  return controller_.announcements();
}

EventId ControllerCommands::last_event() const {
  return controller_.last_event();
}

std::uint64_t ControllerCommands::subscribe(std::function<void(const Announcement&)> listener) {
  return controller_.subscribe(std::move(listener));
}

void ControllerCommands::unsubscribe(std::uint64_t token) {
  controller_.unsubscribe(token);
}

std::vector<MetricSample> ControllerCommands::metrics() const {
  return controller_.metrics();
}

std::vector<MetricSample> ControllerCommands::service_metrics(const std::string& service) const {
  return controller_.service_metrics(service);
}

std::vector<std::string> ControllerCommands::service_names() const {
  return controller_.service_names();
}

const config::Deploy* ControllerCommands::deploy_defaults(const std::string& service) const {
  return controller_.deploy_defaults(service);
}

const std::map<std::string, std::string>& ControllerCommands::parked() const {
  return controller_.parked();
}

bool ControllerCommands::store_is_healthy() const {
  return controller_.store_is_healthy();
}

}  // namespace teal::control
