// External alarms as JSON, and what alarms count as errors.
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "control/report_json/json_values.h"
#include "control/report_json/report_json.h"

namespace teal::control {
namespace {

namespace json = boost::json;

json::value time_or_null(bool is_known, WallTime time) {
  return is_known ? json::value(text(format_time(time))) : json::value(nullptr);
}

std::string_view word_of(health::Episode::Source source) {
  switch (source) {
    case health::Episode::Source::api: return "api";
    case health::Episode::Source::alertmanager: return "alertmanager";
    case health::Episode::Source::earlier: break;
  }
  return "earlier";
}
std::string_view word_of(health::Episode::State state) {
  switch (state) {
    case health::Episode::State::firing: return "firing";
    case health::Episode::State::held: return "held";
    case health::Episode::State::resolved: break;
  }
  return "resolved";
}
std::string_view word_of(health::Episode::Bearing bearing) {
  switch (bearing) {
    case health::Episode::Bearing::counts: return "counts";
    case health::Episode::Bearing::began_before: return "began_before";
    case health::Episode::Bearing::other_release: break;
  }
  return "other_release";
}

json::object to_json(const health::Episode& episode) {
  const bool is_over = episode.state == health::Episode::State::resolved;
  return {{"source", text(word_of(episode.source))},
          {"fingerprint", text(episode.fingerprint)},
          {"state", text(word_of(episode.state))},
          {"bearing", text(word_of(episode.bearing))},
          {"stale", episode.stale},
          {"starts_at", text(format_time(episode.starts))},
          {"heard_at", text(format_time(episode.heard))},
          {"ended_at", time_or_null(is_over, episode.ended)},
          {"reason", text(episode.why)}};
}

json::array words_of(const std::vector<StatusWord>& list) {
  json::array out;
  for (const StatusWord& word : list) out.push_back(text(to_string(word)));
  return out;
}

}  // namespace

json::object to_json(const ErrorMeaning& meaning) {
  json::array paths;
  for (const std::string& path : meaning.paths) paths.push_back(text(path));
  return {{"errors", words_of(meaning.errors)},
          {"except", words_of(meaning.except)},
          {"paths", std::move(paths)}};
}

json::object to_summary(const ExternalAlarmReport& alarm) {
  const health::Standing& standing = alarm.standing;
  json::object out;
  out["name"] = text(alarm.name);
  out["state"] = text(health::to_string(standing.state));
  out["since"] = time_or_null(standing.state != health::Standing::State::resolved, standing.since);
  out["reason"] = text(standing.why);
  out["note"] = text(alarm.note);
  return out;
}

json::object to_json(const ExternalAlarmReport& alarm) {
  json::object out = to_summary(alarm);
  out["service"] = text(alarm.service);
  out["deployment"] =
      alarm.deployment ? json::value(text(*alarm.deployment)) : json::value(nullptr);
  out["match"] = nullptr;
  if (!alarm.definition.match.empty()) {
    json::object match;
    for (const auto& [label, value] : alarm.definition.match) match[label] = text(value);
    out["match"] = std::move(match);
  }
  out["settle_ms"] = alarm.definition.settle.count();
  out["stale_after_ms"] = alarm.definition.stale_after.count();
  out["firing"] = std::uint64_t{alarm.standing.firing - alarm.standing.ignored};
  out["ignored"] = std::uint64_t{alarm.standing.ignored};
  out["stale"] = std::uint64_t{alarm.standing.stale};
  out["held"] = std::uint64_t{alarm.standing.held};
  json::array episodes;
  for (const health::Episode& episode : alarm.episodes) episodes.push_back(to_json(episode));
  out["episodes"] = std::move(episodes);
  out["episodes_total"] = std::uint64_t{alarm.episodes_total};
  return out;
}

}  // namespace teal::control
