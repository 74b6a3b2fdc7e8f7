#include "config/advise.h"

#include <algorithm>
#include <string>
#include <variant>

namespace teal::config {
namespace {

constexpr const char* kUnjudged = "no alarm judges the release once it has all the traffic";

bool is_on_latency(const Alarm& alarm) {
  return std::holds_alternative<LatencyAlarm>(alarm.condition);
}

bool is_of_others(const Alarm& alarm) {
  return std::holds_alternative<ExternalAlarm>(alarm.condition);
}

/// Some alarm counts errors of the kind.
bool some_count(const Deploy& deploy, bool (*of_kind)(const ErrorMeaning&)) {
  return std::ranges::any_of(deploy.alarms, [&](const Alarm& alarm) {
    const ErrorMeaning* const meaning = meaning_of(alarm);
    return meaning != nullptr && of_kind(*meaning);
  });
}

/// A comparison has nobody to compare with when the release has all the traffic.
void advise_on_comparison(const Deploy& deploy, const Alarm& alarm, const std::string& path,
                          Report& report) {
  if (judges_alone(alarm)) return;
  const std::string what = "there is nobody to compare with once the release has all the traffic";
  if (std::get<CompareAlarm>(alarm.condition).what == CompareAlarm::What::errors)
    report.add_at(path, what, "give at_most, by which it goes on watching then");
  else if (std::none_of(deploy.alarms.begin(), deploy.alarms.end(), is_on_latency))
    report.add_at(path, what, "add an alarm on latency_p99, which goes on watching then");
}

/// The time after the cut-over, where the plan has no bake of its own for it.
void advise_on_watch(const Deploy& deploy, const std::string& path, Report& report) {
  if (deploy.alarms.empty()) return;
  if (watch_time(deploy) > Millis{0} || bakes_whole(deploy.plan)) {
    for (const Alarm& alarm : deploy.alarms)
      advise_on_comparison(deploy, alarm, path + ".alarms." + alarm.name, report);
  } else if (deploy.watch_after) {
    report.add_at(path + ".watch_after", std::string("is 0, so ") + kUnjudged,
                  "leave it out, or let the plan end with set_weight: 100% and a bake");
  } else {
    report.add_at(path + ".keep_old",
                  std::string("is 0, so nothing is warm to go back to, and ") + kUnjudged,
                  "keep the old group for some minutes");
  }
}

/// Nobody knows then whether the old group could take the traffic back.
void advise_on_health(const Service& service, Report& report) {
  if (service.health || service.deploy.alarms.empty()) return;
  report.add_at("services." + service.name + ".deploy.alarms",
                "may take a release back, and without health nobody knows whether the old group "
                "could serve",
                "give the service a health check");
}

/// A release that answers 404 to everything is well for all that look at 5xx alone. Whoever watches
/// by others' alarms may know it from them.
void advise_on_client_errors(const Deploy& deploy, const std::string& path, Report& report) {
  if (std::ranges::all_of(deploy.alarms, is_of_others) || some_count(deploy, counts_client_errors))
    return;
  report.add_at(path + ".alarms",
                "no alarm counts 4xx, so a release that answers 404 to everything is shipped",
                "add one like refused: { compare: client_errors, at_most: 20% }, with more than is "
                "usual, or name the statuses that are errors here: errors: [ 5xx, 404 ]");
}

/// The other way round: an answer of 500 to everything.
void advise_on_server_errors(const Deploy& deploy, const std::string& path, Report& report) {
  if (deploy.alarms.empty() || deploy.exposure_budget > 0 ||
      std::ranges::any_of(deploy.alarms, is_of_others) || some_count(deploy, counts_server_errors))
    return;
  report.add_at(path + ".alarms",
                "no alarm counts 5xx, so a release that answers 500 to everything is shipped",
                "add one like errors: { error_rate: '> 1%' }");
}

}  // namespace

void advise(const Config& config, Report& report) {
  for (const Service& service : config.services) {
    const std::string path = "services." + service.name + ".deploy";
    advise_on_watch(service.deploy, path, report);
    advise_on_health(service, report);
    advise_on_client_errors(service.deploy, path, report);
    advise_on_server_errors(service.deploy, path, report);
  }
}

}  // namespace teal::config
