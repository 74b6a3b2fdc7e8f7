// Reports of services and deployments for the API (control/services/reporter.h makes them).
#include <utility>

#include "control/controller/state.h"

namespace teal::control {

// ---- services -----------------------------------------------------------------------------------

std::vector<ServiceReport> Controller::services() const {
  std::vector<ServiceReport> reports;
  for (const ServiceEntry& entry : state_->registry.entries())
    reports.push_back(state_->reporter.service(entry));
  return reports;
}

ApiResult<ServiceReport> Controller::service(const std::string& name) const {
  const ServiceEntry* entry = std::as_const(state_->registry).find(name);
  if (entry == nullptr) return unknown_service(name);
  return state_->reporter.service(*entry);
}

std::uint64_t Controller::service_version(const std::string& service) const {
  const ServiceEntry* const entry = std::as_const(state_->registry).find(service);
  return entry == nullptr ? 0 : state_->reporter.version(*entry);
}

std::vector<ServiceCondition> Controller::conditions() const {
  std::vector<ServiceCondition> conditions;
  for (const ServiceEntry& entry : state_->registry.entries())
    if (auto condition = state_->reporter.condition(entry))
      conditions.push_back(std::move(*condition));
  return conditions;
}

// ---- deployments --------------------------------------------------------------------------------

ApiResult<std::vector<DeploymentReport>> Controller::deployments(const std::string& service,
                                                                 std::size_t limit) const {
  if (std::as_const(state_->registry).find(service) == nullptr) return unknown_service(service);
  std::vector<DeploymentReport> reports;
  for (const DeploymentRunner* const runner : state_->deployments.of(service)) {
    if (reports.size() >= limit) break;
    reports.push_back(state_->reporter.deployment(*runner));
  }
  return reports;
}

ApiResult<DeploymentReport> Controller::deployment(const DeploymentId& id) const {
  const DeploymentRunner* runner = find_served(state_->deployments, state_->registry, id);
  if (runner == nullptr) return unknown_deployment(id);
  DeploymentReport report = state_->reporter.deployment(*runner);
  if (report.alarms.empty() || runner->is_watched()) return report;
  if (const Result<Evidence> kept = state_->kept.of(*runner))
    report_kept_alarms(*runner, *kept, report);
  return report;
}

}  // namespace teal::control
