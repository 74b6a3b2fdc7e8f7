// Others' alarms as commands of the controller: control/services/outside_alarms.h knows what they
// do.
#include <utility>

#include "control/controller/state.h"

namespace teal::control {

namespace {

ApiError unknown_alarm(const std::string& name) {
  return {404, "unknown-alarm", "There is no such alarm",
          "no service has an external alarm called '" + name + "'",
          "`teal alarms` lists them; add it to the alarms of a service's `deploy` section"};
}

}  // namespace

ApiResult<std::size_t> Controller::set_external_alarm(const std::string& name,
                                                      const std::string& service, bool firing,
                                                      const std::string& why) {
  State& state = *state_;
  if (!service.empty() && state.registry.find(service) == nullptr) return unknown_service(service);
  const std::size_t known = state.outside.set(name, service, firing, why);
  state.flush();
  if (known == 0) return unknown_alarm(name);
  return {boost::system::in_place_value, known};
}

ApiResult<std::size_t> Controller::resolve_alarm(const std::string& name,
                                                 const std::string& service) {
  State& state = *state_;
  if (!service.empty() && state.registry.find(service) == nullptr) return unknown_service(service);
  const std::size_t known = state.outside.resolve(name, service);
  state.flush();
  if (known == 0) return unknown_alarm(name);
  return {boost::system::in_place_value, known};
}

AlertsReport Controller::take_alerts(const AlertBatch& batch) {
  AlertsReport report = state_->outside.take(batch);
  state_->flush();
  return report;
}

ApiResult<std::vector<ExternalAlarmReport>> Controller::external_alarms(
    const std::string& service) const {
  const State& state = *state_;
  if (!service.empty()) {
    const ServiceEntry* const entry = std::as_const(state.registry).find(service);
    if (entry == nullptr) return unknown_service(service);
    return state.outside.reports(*entry);
  }
  std::vector<ExternalAlarmReport> reports;
  for (const ServiceEntry& entry : state.registry.entries()) {
    for (ExternalAlarmReport& each : state.outside.reports(entry))
      reports.push_back(std::move(each));
  }
  return reports;
}

}  // namespace teal::control
