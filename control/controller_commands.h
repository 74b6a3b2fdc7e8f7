// ControllerCommands: the Controller behind the interface that the control API takes. Forwards and
// nothing else.
//
// Control thread only; does not own the Controller.
#pragma once

#include "control/api.h"

namespace teal::control {

class ControllerCommands final : public Commands {
 public:
  explicit ControllerCommands(Controller& controller) : controller_(controller) {}

  Answer<DeploymentReport> deploy(const std::string& service,
                                  const config::DeploymentRequest& request,
                                  const std::string& idempotency_key,
                                  const std::string& body_digest) override;
  void command(const DeploymentId& id, Command command, bool force,
               Done<DeploymentReport> done) override;
  void rollback(const std::string& service, bool force, Done<DeploymentReport> done) override;
  void set_split(const std::string& service, Split split, std::optional<std::uint64_t> if_match,
                 Done<ServiceReport> done) override;
  Answer<ServiceReport> put_target(const std::string& service, Colour colour,
                                   const Address& address) override;
  Answer<ServiceReport> delete_target(const std::string& service, Colour colour,
                                      const Address& address, bool force) override;
  Answer<std::size_t> set_external_alarm(const std::string& name, const std::string& service,
                                         bool firing, const std::string& why) override;
  Answer<std::size_t> resolve_alarm(const std::string& name, const std::string& service) override;
  AlertsReport take_alerts(const AlertBatch& batch) override;

  std::vector<ServiceReport> services() const override;
  Answer<ServiceReport> service(const std::string& name) const override;
  Answer<std::vector<ExternalAlarmReport>> external_alarms(
      const std::string& service) const override;
  Answer<std::vector<DeploymentReport>> deployments(const std::string& service,
                                                    std::size_t limit) const override;
  Answer<DeploymentReport> deployment(const DeploymentId& id) const override;
  Answer<EvidenceReport> evidence(const DeploymentId& id) const override;
  Answer<ReplayReport> replay(const DeploymentId& id,
                              const ReplaySettings& settings) const override;

  const std::deque<Announcement>& announcements() const override;
  EventId last_event() const override;
  std::uint64_t subscribe(std::function<void(const Announcement&)> listener) override;
  void unsubscribe(std::uint64_t token) override;

  std::vector<MetricSample> metrics() const override;
  std::vector<MetricSample> service_metrics(const std::string& service) const override;
  std::vector<std::string> service_names() const override;
  const config::Deploy* deploy_defaults(const std::string& service) const override;
  const std::map<std::string, std::string>& parked() const override;
  bool store_is_healthy() const override;

 private:
  Controller& controller_;
};

}  // namespace teal::control
