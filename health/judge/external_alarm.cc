#include "health/judge/external_alarm.h"

namespace teal::health {

std::string describe(const config::ExternalAlarm& alarm) {
  std::string text = "external";
  if (alarm.match.empty()) return text;
  for (const auto& [label, value] : alarm.match) {
    text += text == "external" ? " {" : ", ";
    text += label;
    text += "=\"";
    text += value;
    text += '"';
  }
  return text += '}';
}

Verdict ExternalAlarm::judge(const Reading& /*reading*/) {
  if (firing_) return *firing_;
  return Healthy{};
}

void ExternalAlarm::set_external(bool firing, const std::string& why) {
  if (!firing) {
    firing_.reset();
    return;
  }
  firing_ = Breached{why.empty() ? "fired from outside" : "fired from outside: " + why};
}

}  // namespace teal::health
