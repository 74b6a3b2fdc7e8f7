// The part of OutsideAlarms that tells of alarms: the API, reports of deployments, and Prometheus.
#include <algorithm>
#include <utility>

#include "control/services/outside_alarms.h"

namespace teal::control {
namespace {

using health::EpisodeTable;
using health::Standing;
using Outcome = EpisodeTable::Outcome;

constexpr std::size_t kShownEpisodes = 100;

ExternalAlarmReport with_episodes(ExternalAlarmReport report, const ServiceEntry& entry) {
  report.episodes = entry.episodes.of(report.name);
  report.episodes_total = report.episodes.size();
  if (report.episodes.size() > kShownEpisodes) report.episodes.resize(kShownEpisodes);
  return report;
}

void add(std::vector<MetricSample>& samples, const char* name, const char* help,
         MetricSample::Type type, std::vector<std::pair<std::string, std::string>> labels,
         std::uint64_t value) {
  samples.push_back({name, help, type, std::move(labels), static_cast<double>(value)});
}

}  // namespace

EpisodeTable::Patience OutsideAlarms::patience_of(const config::Alarm& alarm) {
  const auto& external = std::get<config::ExternalAlarm>(alarm.condition);
  return {external.settle, external.stale_after};
}

// ---- reports ------------------------------------------------------------------------------------

std::optional<DeploymentId> OutsideAlarms::watching(const ServiceEntry& entry,
                                                    const config::Alarm& alarm) const {
  if (!judged_since(entry)) return std::nullopt;
  const DeploymentSpec& spec = deployments_.active(entry.state().name)->spec();
  const auto& alarms = spec.deploy.alarms;
  if (std::ranges::find(alarms, alarm.name, &config::Alarm::name) == alarms.end())
    return std::nullopt;
  return spec.id;
}

ExternalAlarmReport OutsideAlarms::report(const ServiceEntry& entry,
                                          const config::Alarm& alarm) const {
  ExternalAlarmReport report;
  report.service = entry.state().name;
  report.name = alarm.name;
  report.definition = std::get<config::ExternalAlarm>(alarm.condition);
  report.deployment = watching(entry, alarm);
  report.standing = entry.episodes.standing(alarm.name, report.deployment.has_value());
  report.note = note_of(report.standing, patience_of(alarm));
  return report;
}

void OutsideAlarms::add_to(const ServiceEntry& entry, DeploymentReport& report) const {
  for (AlarmReport& alarm : report.alarms) {
    for (const config::Alarm& external : of(entry)) {
      if (external.name != alarm.name) continue;
      const Standing standing = entry.episodes.standing(alarm.name, true);
      OutsideReport outside{standing.state, std::nullopt};
      if (standing.state != Standing::State::resolved) outside.since = standing.since;
      alarm.outside = outside;
    }
  }
}

std::vector<ExternalAlarmReport> OutsideAlarms::reports(const ServiceEntry& entry) const {
  std::vector<ExternalAlarmReport> reports;
  for (const config::Alarm& alarm : of(entry))
    reports.push_back(with_episodes(report(entry, alarm), entry));
  return reports;
}

void OutsideAlarms::add_metrics(const ServiceEntry& entry,
                                std::vector<MetricSample>& samples) const {
  for (const config::Alarm& alarm : of(entry)) {
    const Standing standing =
        entry.episodes.standing(alarm.name, watching(entry, alarm).has_value());
    const std::pair<const char*, std::size_t> kStates[] = {
        {"firing", standing.firing - standing.ignored},
        {"ignored", standing.ignored},
        {"stale", standing.stale},
        {"held", standing.held}};
    for (const auto& [name, count] : kStates)
      add(samples, "teal_external_alarm_episodes",
          "Episodes of an external alarm, by how they stand.", MetricSample::Type::gauge,
          {{"service", entry.state().name}, {"alarm", alarm.name}, {"state", name}}, count);
  }
}

void OutsideAlarms::add_metrics(std::vector<MetricSample>& samples) const {
  constexpr auto kCounter = MetricSample::Type::counter;
  std::uint64_t dropped = 0;
  for (const ServiceEntry& entry : services_.entries()) dropped += entry.episodes.dropped();
  for (const Outcome outcome :
       {Outcome::fired, Outcome::resolved, Outcome::repeated, Outcome::held, Outcome::late}) {
    const auto found = stats_.words.find(outcome);
    add(samples, "teal_alarm_words_total", "Words from outside on alarms, by what they came to.",
        kCounter, {{"outcome", std::string(to_string(outcome))}},
        found == stats_.words.end() ? 0 : found->second);
  }
  add(samples, "teal_alerts_unmatched_total", "Alerts received that no service has an alarm for.",
      kCounter, {}, stats_.unmatched);
  add(samples, "teal_alerts_refused_total", "Alerts received that could not be read.", kCounter, {},
      stats_.refused);
  add(samples, "teal_alerts_truncated_total", "Alerts that Alertmanager says it left out.",
      kCounter, {}, stats_.truncated);
  add(samples, "teal_alarm_episodes_dropped_total", "Episodes forgotten to make room for others.",
      kCounter, {}, dropped);
}

}  // namespace teal::control
