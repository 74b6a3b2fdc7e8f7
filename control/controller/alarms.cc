// Others' alarms: words from outside on their way to the services' episodes and from there to the
// judges, and what is told of them.
#include <algorithm>
#include <utility>

#include "control/controller/state.h"

namespace teal::control {
namespace {

using health::AlertWord;
using health::EpisodeBook;
using health::Standing;
using Outcome = EpisodeBook::Outcome;

constexpr std::size_t kMostTruncatedGroups = 100;
/// Lines about unmatched alerts of one batch; further ones are one line together.
constexpr std::size_t kMostUnmatchedLines = 100;

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
Telling telling_of(EpisodeBook::Change::Kind kind) {
  using Did = EpisodeBook::Change::Kind;
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

ApiError unknown_alarm(const std::string& name) {
  return {404, "unknown-alarm", "There is no such alarm",
          "no service has an external alarm called '" + name + "'",
          "`teal alarms` lists them; add it to the alarms of a service's `deploy` section"};
}

}  // namespace

// ---- which there are ----------------------------------------------------------------------------

std::vector<config::Alarm> Controller::State::externals(const ServiceEntry& entry) const {
  std::vector<config::Alarm> known;
  const auto add = [&](const std::vector<config::Alarm>& alarms) {
    for (const config::Alarm& alarm : alarms)
      if (is_external(alarm) &&
          std::ranges::find(known, alarm.name, &config::Alarm::name) == known.end())
        known.push_back(alarm);
  };
  if (const DeploymentRunner* runner = deployments.active(entry.state.name))
    add(runner->spec().deploy.alarms);
  add(entry.config->deploy.alarms);
  return known;
}

std::optional<WallTime> Controller::State::judged_since(const ServiceEntry& entry) const {
  const DeploymentRunner* runner = deployments.active(entry.state.name);
  if (runner == nullptr || runner->spec().kind != Kind::deploy || runner->is_over())
    return std::nullopt;
  return runner->created;
}

// ---- words --------------------------------------------------------------------------------------

void Controller::State::hear(ServiceEntry& entry, const config::Alarm& alarm, const AlertWord& word,
                             Touched& touched) {
  const std::optional<WallTime> since = judged_since(entry);
  if (!touched.contains(alarm.name))
    touched.emplace(alarm.name, Touch{entry.episodes.standing(alarm.name, since.has_value())});
  const Outcome outcome =
      entry.episodes.hear(alarm.name, word, alarm_patience(alarm), since, episode_time());
  ++alerts.words[outcome];
  touched.at(alarm.name).has_fired |= outcome == Outcome::fired;
  if (outcome != Outcome::late) entry.unsaved = true;
}

/// The judges hear of it first: nobody who reads of it is waited for.
void Controller::State::tell_outside(ServiceEntry& entry, const Touched& touched) {
  std::vector<std::pair<std::string, Standing>> now;
  for (const auto& [name, touch] : touched) {
    now.emplace_back(name, entry.episodes.standing(name, judged_since(entry).has_value()));
    if (DeploymentRunner* runner = deployments.active(entry.state.name))
      tell_standing(entry, *runner, name);
  }
  if (judged_since(entry)) {
    traffic.renew();
    judge(*deployments.active(entry.state.name));
  }
  for (const auto& [name, standing] : now) say_standing(entry, name, touched.at(name), standing);
}

void Controller::State::say_standing(const ServiceEntry& entry, const std::string& name,
                                     const Touch& touch, const Standing& now) {
  if (now.is_firing() && touch.has_fired) {
    std::string text = line_of(name, now.why);
    if (now.firing > 1) text += "; " + std::to_string(now.firing) + " alerts fire";
    if (now.state == Standing::State::ignored) text += "; " + note_of(now, {});
    say(Level::warning, "alarm.firing", entry.state.name, text);
  } else if (touch.before.is_firing() && !now.is_firing()) {
    say(Level::info, "alarm.resolved", entry.state.name, line_of(name, ""));
  }
}

void Controller::State::tell_standing(const ServiceEntry& entry, DeploymentRunner& runner,
                                      const std::string& name) {
  if (runner.spec().kind != Kind::deploy) return;
  const Standing standing = entry.episodes.standing(name, true);
  EpisodeBook::Patience patience;
  for (const config::Alarm& alarm : externals(entry))
    if (alarm.name == name) patience = alarm_patience(alarm);
  runner.set_external(name, standing.counts(), standing.why, note_of(standing, patience));
}

ApiResult<std::size_t> Controller::set_external_alarm(const std::string& name,
                                                      const std::string& service, bool firing,
                                                      const std::string& why) {
  State& state = *state_;
  if (!service.empty() && state.book.find(service) == nullptr) return unknown_service(service);
  AlertWord word;
  word.firing = firing;
  word.why = why;
  std::size_t known = 0;
  for (ServiceEntry& entry : state.book.entries()) {
    if (!service.empty() && entry.state.name != service) continue;
    for (const config::Alarm& alarm : state.externals(entry)) {
      if (alarm.name != name) continue;
      ++known;
      State::Touched touched;
      state.hear(entry, alarm, word, touched);
      state.tell_outside(entry, touched);
    }
  }
  state.flush();
  if (known == 0) return unknown_alarm(name);
  return {boost::system::in_place_value, known};
}

ApiResult<std::size_t> Controller::resolve_alarm(const std::string& name,
                                                 const std::string& service) {
  State& state = *state_;
  if (!service.empty() && state.book.find(service) == nullptr) return unknown_service(service);
  std::size_t known = 0;
  for (ServiceEntry& entry : state.book.entries()) {
    if (!service.empty() && entry.state.name != service) continue;
    const auto externals = state.externals(entry);
    if (std::ranges::find(externals, name, &config::Alarm::name) == externals.end()) continue;
    ++known;
    State::Touched touched;
    touched.emplace(
        name, State::Touch{entry.episodes.standing(name, state.judged_since(entry).has_value())});
    if (entry.episodes.resolve_all(name, state.episode_time()) > 0) entry.unsaved = true;
    state.tell_outside(entry, touched);
  }
  state.flush();
  if (known == 0) return unknown_alarm(name);
  return {boost::system::in_place_value, known};
}

AlertsReport Controller::take_alerts(const AlertBatch& batch) {
  State& state = *state_;
  AlertsReport report;
  std::vector<const Alert*> unmatched;
  std::map<std::string, State::Touched> touched;
  std::map<std::string, std::vector<config::Alarm>> externals;
  for (const ServiceEntry& entry : state.book.entries())
    externals.emplace(entry.state.name, state.externals(entry));
  for (const Alert& alert : batch.alerts) {
    bool is_ours = false;
    const auto scope = alert.labels.find("teal_service");
    for (ServiceEntry& entry : state.book.entries()) {
      if (scope != alert.labels.end() && scope->second != entry.state.name) continue;
      for (const config::Alarm& alarm : externals.at(entry.state.name)) {
        if (!concerns(alarm, alert)) continue;
        is_ours = true;
        const DeploymentRunner* runner = state.deployments.active(entry.state.name);
        const bool about_replaced = runner != nullptr && is_about_replaced(alert, runner->spec());
        const AlertWord word{alert.firing,      health::Episode::Source::alertmanager,
                             alert.fingerprint, alert.starts,
                             alert.ends,        alert.why,
                             about_replaced};
        state.hear(entry, alarm, word, touched[entry.state.name]);
      }
    }
    if (is_ours)
      ++report.matched;
    else
      unmatched.push_back(&alert);
  }
  for (ServiceEntry& entry : state.book.entries())
    if (const auto found = touched.find(entry.state.name); found != touched.end())
      state.tell_outside(entry, found->second);
  state.flush();
  state.alerts.refused += batch.refused.size();
  state.say_truncated(batch);
  state.say_unmatched(unmatched);
  std::set<std::string> names;
  for (const Alert* alert : unmatched) names.insert(name_of(*alert));
  report.unmatched.assign(names.begin(), names.end());
  return report;
}

void Controller::State::say_unmatched(const std::vector<const Alert*>& unmatched) {
  alerts.unmatched += unmatched.size();
  for (std::size_t i = 0; i < std::min(unmatched.size(), kMostUnmatchedLines); ++i) {
    const Alert& alert = *unmatched[i];
    const auto scope = alert.labels.find("teal_service");
    const std::string nobody = scope == alert.labels.end()
                                   ? std::string("no service has an external alarm")
                                   : "service '" + scope->second + "' has no external alarm";
    log.warning(nobody +
                    " for this alert: it is counted and does nothing; `teal alarms` lists what "
                    "there is, and an alarm's external.match says which alerts it takes",
                {{"event", "alert.unmatched"},
                 {"alert", name_of(alert)},
                 {"status", alert.firing ? "firing" : "resolved"},
                 {"labels", to_string(alert.labels)}});
  }
  if (unmatched.size() > kMostUnmatchedLines)
    log.warning(std::to_string(unmatched.size() - kMostUnmatchedLines) +
                    " more alerts of the batch have no external alarm",
                {{"event", "alert.unmatched"}});
}

void Controller::State::say_truncated(const AlertBatch& batch) {
  alerts.truncated += batch.truncated;
  if (batch.truncated == 0) {
    truncated_groups.erase(batch.group);
    return;
  }
  if (truncated_groups.size() >= kMostTruncatedGroups) truncated_groups.clear();
  if (!truncated_groups.insert(batch.group).second) return;
  say(Level::warning, "alerts.truncated", "",
      "Alertmanager left out " + std::to_string(batch.truncated) + " alerts of group " +
          batch.group + ": they are as they were; set max_alerts: 0 at the receiver");
}

// ---- time and restarts --------------------------------------------------------------------------

void Controller::State::begin_outside(ServiceEntry& entry, DeploymentRunner& runner) {
  if (entry.episodes.empty()) return;
  entry.episodes.begin_deployment();
  entry.unsaved = true;
  for (const config::Alarm& alarm : runner.spec().deploy.alarms) {
    if (!is_external(alarm)) continue;
    tell_standing(entry, runner, alarm.name);
    const Standing standing = entry.episodes.standing(alarm.name, true);
    if (standing.is_firing())
      say(Level::warning, "alarm.ignored", entry.state.name,
          "alarm " + alarm.name + " " + note_of(standing, alarm_patience(alarm)), runner.spec().id);
  }
}

void Controller::State::resume_outside(ServiceEntry& entry) {
  for (const config::Alarm& alarm : externals(entry))
    entry.episodes.set_patience(alarm.name, alarm_patience(alarm));
}

void Controller::State::advance_outside() {
  const Mono now = clock.mono();
  bool has_changed = false;
  for (ServiceEntry& entry : book.entries()) {
    if (now < entry.episodes.due()) continue;
    has_changed = true;
    entry.unsaved = true;
    const std::vector<EpisodeBook::Change> changes = entry.episodes.advance(now);
    if (judged_since(entry)) {
      for (const EpisodeBook::Change& change : changes)
        tell_standing(entry, *deployments.active(entry.state.name), change.alarm);
      judge(*deployments.active(entry.state.name));
    }
    for (const EpisodeBook::Change& change : changes) {
      const Telling telling = telling_of(change.kind);
      say(telling.level, telling.type, entry.state.name,
          line_of(change.alarm, change.why) + telling.why);
    }
  }
  if (has_changed) flush();
}

}  // namespace teal::control
