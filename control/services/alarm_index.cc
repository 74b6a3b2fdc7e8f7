#include "control/services/alarm_index.h"

#include <iterator>
#include <optional>
#include <variant>

namespace teal::control {

void AlarmIndex::add(ServiceId service, const std::vector<config::Alarm>& alarms) {
  for (const config::Alarm& alarm : alarms) {
    const auto* external = std::get_if<config::ExternalAlarm>(&alarm.condition);
    if (external == nullptr) continue;
    by_name_[alarm.name].insert(service);
    std::map<std::string, std::string> asked = external->match;
    if (asked.empty()) asked = {{"alertname", alarm.name}};
    const auto count = [this](const Label& label) {
      const auto found = by_label_.find(label);
      return found == by_label_.end() ? 0 : found->second.size();
    };
    std::optional<Label> rarest;
    for (const auto& label : asked) {
      // An alert without the label has it too.
      if (label.second.empty()) continue;
      if (!rarest || count(label) < count(*rarest)) rarest = label;
    }
    (rarest ? by_label_[*rarest] : unlabelled_).insert(service);
  }
}

void AlarmIndex::remove(ServiceId service) {
  const auto remove_from = [service](auto& index) {
    for (auto each = index.begin(); each != index.end();) {
      each->second.erase(service);
      each = each->second.empty() ? index.erase(each) : std::next(each);
    }
  };
  remove_from(by_name_);
  remove_from(by_label_);
  unlabelled_.erase(service);
}

std::set<ServiceId> AlarmIndex::named(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? Services{} : found->second;
}

std::set<ServiceId> AlarmIndex::candidates(const Alert& alert) const {
  Services services = unlabelled_;
  for (const auto& label : alert.labels)
    if (const auto found = by_label_.find(label); found != by_label_.end())
      services.insert(found->second.begin(), found->second.end());
  return services;
}

}  // namespace teal::control
