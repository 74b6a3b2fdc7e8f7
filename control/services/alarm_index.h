// AlarmIndex: which services have an external alarm of a name, or one that an alert may be for, so
// that a word from outside visits those and not all.
//
// Pure; control thread. Knows the alarms of the configuration; whether an alert is an alarm's is
// control/deploy/alertmanager.h's.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/service_state.h"
#include "config/deploy.h"
#include "control/deploy/alertmanager.h"

namespace teal::control {

class AlarmIndex {
 public:
  /// Those of them that are external.
  void add(ServiceId service, const std::vector<config::Alarm>& alarms);
  void remove(ServiceId service);

  /// The services that have an external alarm of this name.
  std::set<ServiceId> named(const std::string& name) const;
  /// All services that the alert concerns, and perhaps others.
  std::set<ServiceId> candidates(const Alert& alert) const;

 private:
  using Label = std::pair<std::string, std::string>;
  using Services = std::set<ServiceId>;

  std::unordered_map<std::string, Services> by_name_;
  /// By one of the labels that the alert must have: the one that fewest services ask for.
  std::map<Label, Services> by_label_;
  Services unlabelled_;  ///< With an alarm that no label leads to.
};

}  // namespace teal::control
