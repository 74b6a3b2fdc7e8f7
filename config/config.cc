#include "config/config.h"

#include <algorithm>

namespace teal::config {

std::uint32_t MinimumHealthy::of(std::size_t targets) const {
  if (!is_percent) return std::max(value, 1U);
  const std::size_t rounded_up = (targets * value + 99) / 100;
  return std::max(static_cast<std::uint32_t>(rounded_up), 1U);
}

Millis watch_time(const Deploy& deploy) {
  constexpr Millis kUsual = minutes{5};
  if (deploy.alarms.empty()) return Millis{0};
  return deploy.watch_after.value_or(std::min(deploy.keep_old, kUsual));
}

const ErrorMeaning* meaning_of(const Alarm& alarm) {
  if (const auto* rate = std::get_if<ErrorRateAlarm>(&alarm.condition)) return &rate->meaning;
  const auto* compare = std::get_if<CompareAlarm>(&alarm.condition);
  const bool is_on_errors = compare != nullptr && compare->what == CompareAlarm::What::errors;
  return is_on_errors ? &compare->meaning : nullptr;
}

std::vector<ErrorMeaning> meanings_in(const std::vector<Alarm>& alarms) {
  std::vector<ErrorMeaning> found;
  for (const Alarm& alarm : alarms) {
    const ErrorMeaning* const meaning = meaning_of(alarm);
    if (meaning == nullptr || meaning->is_usual()) continue;
    if (std::ranges::find(found, *meaning) == found.end()) found.push_back(*meaning);
  }
  return found;
}

std::size_t meaning_number(const std::vector<Alarm>& alarms, const Alarm& alarm) {
  const ErrorMeaning* const meaning = meaning_of(alarm);
  if (meaning == nullptr || meaning->is_usual()) return 0;
  const std::vector<ErrorMeaning> all = meanings_in(alarms);
  return static_cast<std::size_t>(std::ranges::find(all, *meaning) - all.begin()) + 1;
}

bool judges_alone(const Alarm& alarm) {
  const auto* compare = std::get_if<CompareAlarm>(&alarm.condition);
  return compare == nullptr || compare->at_most.has_value();
}

}  // namespace teal::config
