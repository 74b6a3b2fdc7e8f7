#include "control/services/outside_alarms.h"

#include <algorithm>
#include <utility>

namespace teal::control {
namespace {

using health::AlertWord;
using health::EpisodeTable;
using health::Standing;
using Outcome = EpisodeTable::Outcome;

constexpr std::size_t kMaxTruncatedGroups = 100;
/// Lines about unmatched alerts of one batch; further ones are one line together.
constexpr std::size_t kMaxUnmatchedLines = 100;

bool is_external(const config::Alarm& alarm) {
  return std::holds_alternative<config::ExternalAlarm>(alarm.condition);
}

std::string line_of(const std::string& name, const std::string& why) {
  return "alarm " + name + (why.empty() ? "" : ": " + why);
}

/// What is said of what time has done.
struct Telling {
  Level level;
  const char* type;
  const char* why;
};
Telling telling_of(EpisodeTable::Change::Kind kind) {
  using Did = EpisodeTable::Change::Kind;
  switch (kind) {
    case Did::fired: return {Level::warning, "alarm.firing", "; nobody has resolved it again"};
    case Did::stale: return {Level::info, "alarm.stale", "; nobody repeats it"};
    case Did::forgotten: break;
  }
  return {Level::info, "alarm.forgotten", "; nobody has repeated it for long"};
}

/// An alert that names the group or revision that is replaced is not about the release. What others
/// mean by such labels is no concern of ours.
bool is_about_replaced(const Alert& alert, const DeploymentSpec& spec) {
  const auto says = [&](const char* label, std::string_view value) {
    const auto found = alert.labels.find(label);
    return found != alert.labels.end() && found->second == value;
  };
  if (says("group", to_string(other(spec.colour)))) return true;
  return spec.revision != spec.replaces && says("revision", spec.replaces);
}

}  // namespace

// ---- which there are ----------------------------------------------------------------------------

std::vector<config::Alarm> OutsideAlarms::of(const ServiceEntry& entry) const {
  std::vector<config::Alarm> known;
  const auto add = [&](const std::vector<config::Alarm>& alarms) {
    for (const config::Alarm& alarm : alarms)
      if (is_external(alarm) &&
          std::ranges::find(known, alarm.name, &config::Alarm::name) == known.end())
        known.push_back(alarm);
  };
  if (const DeploymentRunner* runner = deployments_.active(entry.state().name))
    add(runner->spec().deploy.alarms);
  add(entry.config->deploy.alarms);
  return known;
}

std::optional<WallTime> OutsideAlarms::judged_since(const ServiceEntry& entry) const {
  const DeploymentRunner* runner = deployments_.active(entry.state().name);
  if (runner == nullptr || runner->spec().kind != Kind::deploy || runner->is_over())
    return std::nullopt;
  return runner->created;
}

// ---- words --------------------------------------------------------------------------------------

void OutsideAlarms::hear(ServiceEntry& entry, const config::Alarm& alarm, const AlertWord& word,
                         Touched& touched) {
  const std::optional<WallTime> since = judged_since(entry);
  if (!touched.contains(alarm.name))
    touched.emplace(alarm.name, Touch{entry.episodes.standing(alarm.name, since.has_value())});
  const Outcome outcome = entry.episodes.hear(alarm.name, word, patience_of(alarm), since, now());
  ++stats_.words[outcome];
  touched.at(alarm.name).has_fired |= outcome == Outcome::fired;
  if (outcome != Outcome::late) entry.note_unsaved();
}

/// The judges hear of it first: nobody who reads of it is waited for.
void OutsideAlarms::report_changes(ServiceEntry& entry, const Touched& touched) {
  std::vector<std::pair<std::string, Standing>> after;
  for (const auto& [name, touch] : touched) {
    after.emplace_back(name, entry.episodes.standing(name, judged_since(entry).has_value()));
    if (DeploymentRunner* runner = deployments_.active(entry.state().name))
      report_standing(entry, *runner, name);
  }
  if (judged_since(entry)) judge_(*deployments_.active(entry.state().name));
  for (const auto& [name, standing] : after) say_standing(entry, name, touched.at(name), standing);
}

void OutsideAlarms::say_standing(const ServiceEntry& entry, const std::string& name,
                                 const Touch& touch, const Standing& now) {
  if (now.is_firing() && touch.has_fired) {
    std::string text = line_of(name, now.why);
    if (now.firing > 1) text += "; " + std::to_string(now.firing) + " alerts fire";
    if (now.state == Standing::State::ignored) text += "; " + note_of(now, {});
    say(Level::warning, "alarm.firing", entry.state().name, text);
  } else if (touch.before.is_firing() && !now.is_firing()) {
    say(Level::info, "alarm.resolved", entry.state().name, line_of(name, ""));
  }
}

void OutsideAlarms::report_standing(const ServiceEntry& entry, DeploymentRunner& runner,
                                    const std::string& name) const {
  if (runner.spec().kind != Kind::deploy) return;
  const Standing standing = entry.episodes.standing(name, true);
  EpisodeTable::Patience patience;
  for (const config::Alarm& alarm : of(entry))
    if (alarm.name == name) patience = patience_of(alarm);
  runner.set_external(name, standing.counts(), standing.why, note_of(standing, patience));
}

void OutsideAlarms::add_running(std::set<ServiceId>& services) const {
  for (const DeploymentNumber number : deployments_.running()) {
    const DeploymentSpec& spec = deployments_.find(number)->spec();
    if (std::ranges::any_of(spec.deploy.alarms, is_external))
      services.insert(std::as_const(services_).find(spec.service)->id());
  }
}

std::set<ServiceId> OutsideAlarms::knowing(const std::string& name,
                                           const std::string& service) const {
  std::set<ServiceId> services;
  if (service.empty()) {
    services = index_.named(name);
    add_running(services);
  } else if (const ServiceEntry* const entry = std::as_const(services_).find(service)) {
    services.insert(entry->id());
  }
  return services;
}

std::set<ServiceId> OutsideAlarms::concerned(const Alert& alert) const {
  std::set<ServiceId> services;
  const auto scope = alert.labels.find("teal_service");
  if (scope == alert.labels.end()) {
    services = index_.candidates(alert);
    add_running(services);
  } else if (const ServiceEntry* const entry = std::as_const(services_).find(scope->second)) {
    services.insert(entry->id());
  }
  return services;
}

std::size_t OutsideAlarms::set(const std::string& name, const std::string& service, bool firing,
                               const std::string& why) {
  AlertWord word;
  word.firing = firing;
  word.why = why;
  std::size_t known = 0;
  for (const ServiceId id : knowing(name, service)) {
    for (const config::Alarm& alarm : of(*services_.at(id))) {
      if (alarm.name != name) continue;
      ++known;
      ServiceEntry& entry = *services_.find(services_.at(id)->state().name);
      Touched touched;
      hear(entry, alarm, word, touched);
      report_changes(entry, touched);
    }
  }
  return known;
}

std::size_t OutsideAlarms::resolve(const std::string& name, const std::string& service) {
  std::size_t known = 0;
  for (const ServiceId id : knowing(name, service)) {
    const auto externals = of(*services_.at(id));
    if (std::ranges::find(externals, name, &config::Alarm::name) == externals.end()) continue;
    ++known;
    ServiceEntry& entry = *services_.find(services_.at(id)->state().name);
    Touched touched;
    touched.emplace(name, Touch{entry.episodes.standing(name, judged_since(entry).has_value())});
    if (entry.episodes.resolve_all(name, now()) > 0) entry.note_unsaved();
    report_changes(entry, touched);
  }
  return known;
}

bool OutsideAlarms::take(const Alert& alert, Externals& externals,
                         std::map<ServiceId, Touched>& touched) {
  bool is_ours = false;
  for (const ServiceId id : concerned(alert)) {
    const std::string& service = services_.at(id)->state().name;
    const auto [known, is_new] = externals.try_emplace(id);
    if (is_new) known->second = of(*services_.at(id));
    for (const config::Alarm& alarm : known->second) {
      if (!concerns(alarm, alert)) continue;
      is_ours = true;
      const DeploymentRunner* runner = deployments_.active(service);
      const bool about_replaced = runner != nullptr && is_about_replaced(alert, runner->spec());
      const AlertWord word{alert.firing,      health::Episode::Source::alertmanager,
                           alert.fingerprint, alert.starts,
                           alert.ends,        alert.why,
                           about_replaced};
      hear(*services_.find(service), alarm, word, touched[id]);
    }
  }
  return is_ours;
}

AlertsReport OutsideAlarms::take(const AlertBatch& batch) {
  AlertsReport report;
  std::vector<const Alert*> unmatched;
  std::map<ServiceId, Touched> touched;
  Externals externals;
  for (const Alert& alert : batch.alerts) {
    if (take(alert, externals, touched))
      ++report.matched;
    else
      unmatched.push_back(&alert);
  }
  for (const auto& [id, alarms] : touched)
    report_changes(*services_.find(services_.at(id)->state().name), alarms);
  stats_.refused += batch.refused.size();
  say_truncated(batch);
  say_unmatched(unmatched);
  std::set<std::string> names;
  for (const Alert* alert : unmatched) names.insert(name_of(*alert));
  report.unmatched.assign(names.begin(), names.end());
  return report;
}

void OutsideAlarms::say_unmatched(const std::vector<const Alert*>& unmatched) {
  stats_.unmatched += unmatched.size();
  for (std::size_t i = 0; i < std::min(unmatched.size(), kMaxUnmatchedLines); ++i) {
    const Alert& alert = *unmatched[i];
    const auto scope = alert.labels.find("teal_service");
    const std::string nobody = scope == alert.labels.end()
                                   ? std::string("no service has an external alarm")
                                   : "service '" + scope->second + "' has no external alarm";
    log_.warning(nobody +
                     " for this alert: it is counted and does nothing; `teal alarms` lists what "
                     "there is, and an alarm's external.match says which alerts it takes",
                 {{"event", "alert.unmatched"},
                  {"alert", name_of(alert)},
                  {"status", alert.firing ? "firing" : "resolved"},
                  {"labels", to_string(alert.labels)}});
  }
  if (unmatched.size() > kMaxUnmatchedLines)
    log_.warning(std::to_string(unmatched.size() - kMaxUnmatchedLines) +
                     " more alerts of the batch have no external alarm",
                 {{"event", "alert.unmatched"}});
}

void OutsideAlarms::say_truncated(const AlertBatch& batch) {
  stats_.truncated += batch.truncated;
  if (batch.truncated == 0) {
    truncated_groups_.erase(batch.group);
    return;
  }
  if (truncated_groups_.size() >= kMaxTruncatedGroups) truncated_groups_.clear();
  if (!truncated_groups_.insert(batch.group).second) return;
  say(Level::warning, "alerts.truncated", "",
      "Alertmanager left out " + std::to_string(batch.truncated) + " alerts of group " +
          batch.group + ": they are as they were; set max_alerts: 0 at the receiver");
}

// ---- time and restarts --------------------------------------------------------------------------

void OutsideAlarms::begin(ServiceEntry& entry, DeploymentRunner& runner) {
  if (entry.episodes.empty()) return;
  entry.episodes.begin_deployment();
  entry.note_unsaved();
  for (const config::Alarm& alarm : runner.spec().deploy.alarms) {
    if (!is_external(alarm)) continue;
    report_standing(entry, runner, alarm.name);
    const Standing standing = entry.episodes.standing(alarm.name, true);
    if (standing.is_firing())
      say(Level::warning, "alarm.ignored", entry.state().name,
          "alarm " + alarm.name + " " + note_of(standing, patience_of(alarm)), runner.spec().id);
  }
}

void OutsideAlarms::resume(ServiceEntry& entry) {
  for (const config::Alarm& alarm : of(entry))
    entry.episodes.set_patience(alarm.name, patience_of(alarm));
}

bool OutsideAlarms::advance(std::span<const ServiceId> visited) {
  const Mono now = clock_.mono();
  bool has_changed = false;
  for (ServiceEntry& entry : services_.visited(visited)) {
    if (now < entry.episodes.due()) continue;
    has_changed = true;
    entry.note_unsaved();
    const std::vector<EpisodeTable::Change> changes = entry.episodes.advance(now);
    if (judged_since(entry)) {
      for (const EpisodeTable::Change& change : changes)
        report_standing(entry, *deployments_.active(entry.state().name), change.alarm);
      judge_(*deployments_.active(entry.state().name));
    }
    for (const EpisodeTable::Change& change : changes) {
      const Telling telling = telling_of(change.kind);
      say(telling.level, telling.type, entry.state().name,
          line_of(change.alarm, change.why) + telling.why);
    }
  }
  return has_changed;
}

void OutsideAlarms::report_all(const ServiceEntry& entry, DeploymentRunner& runner) const {
  for (const config::Alarm& alarm : of(entry)) report_standing(entry, runner, alarm.name);
}

void OutsideAlarms::say(Level level, std::string type, const std::string& service, std::string text,
                        DeploymentId deployment) {
  announcer_.say(level, std::move(type), service, std::move(deployment), std::move(text));
}

}  // namespace teal::control
