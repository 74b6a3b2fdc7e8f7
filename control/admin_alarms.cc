// The handlers of the control API by which others' alarms reach the judge.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <boost/json.hpp>

#include "control/admin_api.h"
#include "control/admin_call.h"
#include "control/problem.h"

namespace teal::control {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestReason = 500;

config::Problem at(std::string_view body, std::size_t offset, std::string key, std::string message,
                   std::string hint) {
  config::Problem problem;
  const std::string_view before = body.substr(0, std::min(offset, body.size()));
  problem.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t line_start = before.rfind('\n');
  problem.column = static_cast<int>(
      before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1);
  problem.key = std::move(key);
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  return problem;
}

/// Where `key` stands in a valid JSON text of one flat object.
std::size_t place_of(std::string_view body, std::string_view key) {
  const std::size_t found = body.find("\"" + std::string(key) + "\"");
  return found == std::string_view::npos ? 0 : found;
}

config::Loaded<json::object> parse_object(const std::string& body) {
  json::parser parser;
  json::error_code failed;
  const std::size_t read = parser.write_some(body, failed);
  if (!failed && read < body.size()) failed = json::error::extra_data;
  if (failed) return config::Problems{{at(body, read, "", "not JSON: " + failed.message(), "")}};
  json::value value = parser.release();
  if (!value.is_object())
    return config::Problems{{at(body, 0, "", "the body must be a JSON object", "")}};
  return std::move(value.get_object());
}

std::optional<std::string> string_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

struct AlarmRequest {
  bool firing = false;
  std::string service, reason;
};

config::Loaded<AlarmRequest> parse_alarm_request(const std::string& body) {
  auto object = parse_object(body);
  if (!object) return object.error();
  config::Problems problems;
  const auto add = [&](std::string_view key, std::string message, std::string hint) {
    problems.list.push_back(
        at(body, place_of(body, key), std::string(key), std::move(message), std::move(hint)));
  };
  const std::set<std::string_view> known{"state", "service", "reason"};
  for (const auto& [key, value] : *object) {
    if (!known.contains(std::string_view(key.data(), key.size())))
      add(key, "unknown key", "the keys are: state, service, reason");
    else if (!value.is_string())
      add(key, "must be a string", "");
  }
  const std::optional<std::string> state = string_at(*object, "state");
  if (!object->contains("state"))
    add("state", "missing", "write \"state\": \"firing\" or \"resolved\"");
  else if (state && *state != "firing" && *state != "resolved")
    add("state", "'" + *state + "' is not a state", "write firing or resolved");
  if (!problems.list.empty()) return problems;
  return AlarmRequest{*state == "firing", string_at(*object, "service").value_or(""),
                      string_at(*object, "reason").value_or("").substr(0, kLongestReason)};
}

/// An alarm of one service (or of all, where the service is empty), out of any number of alerts
/// with different labels: it fires while one of them does.
struct AlertState {
  bool firing = false;
  std::string why;
};
using Alerts = std::map<std::pair<std::string, std::string>, AlertState>;

const json::object* object_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr ? value->if_object() : nullptr;
}

/// One entry of `alerts`; an Error says what it lacks.
std::optional<std::string> take_alert(const json::value& entry, Alerts& alerts) {
  const json::object* alert = entry.if_object();
  if (alert == nullptr) return "must be an object";
  const std::optional<std::string> state = string_at(*alert, "status");
  if (!state || (*state != "firing" && *state != "resolved"))
    return "its status must be firing or resolved";
  const json::object* labels = object_at(*alert, "labels");
  const auto name = labels != nullptr ? string_at(*labels, "alertname") : std::nullopt;
  if (!name || name->empty()) return "it has no label alertname";
  auto service = string_at(*labels, "teal_service");
  if (!service) service = string_at(*labels, "service");
  AlertState& known = alerts[{*name, service.value_or("")}];
  if (*state != "firing" || known.firing) return std::nullopt;
  known.firing = true;
  known.why = "Alertmanager: " + *name;
  if (const json::object* notes = object_at(*alert, "annotations")) {
    auto text = string_at(*notes, "summary");
    if (!text) text = string_at(*notes, "description");
    if (text) known.why = text->substr(0, kLongestReason);
  }
  return std::nullopt;
}

config::Loaded<Alerts> parse_alerts(const std::string& body) {
  auto object = parse_object(body);
  if (!object) return object.error();
  const json::value* list = object->if_contains("alerts");
  if (list == nullptr || !list->is_array())
    return config::Problems{{at(body, place_of(body, "alerts"), "alerts", "must be a list",
                                "send Alertmanager's webhook, version 4, as it is")}};
  Alerts alerts;
  config::Problems problems;
  std::size_t index = 0;
  for (const json::value& entry : list->get_array()) {
    const std::string key = "alerts[" + std::to_string(index++) + "]";
    if (auto wrong = take_alert(entry, alerts))
      problems.list.push_back(at(body, place_of(body, "alerts"), key, *wrong, ""));
  }
  if (!problems.list.empty()) return problems;
  return alerts;
}

}  // namespace

void AdminApi::set_alarm(const ApiCall& call, const Reply& reply) {
  const auto request = parse_alarm_request(call.request.body);
  if (!request) return reply(bad_body(request.error()));
  if (!request->service.empty() && !knows_service(request->service, reply)) return;
  const Answer<std::size_t> answer = commands_.set_external_alarm(call.names[0], request->service,
                                                                  request->firing, request->reason);
  if (!answer) return reply(to_response(answer.error()));
  reply(json_response(200, {{"alarm", json::string(call.names[0])},
                            {"state", request->firing ? "firing" : "resolved"},
                            {"services", std::uint64_t{*answer}}}));
}

void AdminApi::take_alertmanager(const ApiCall& call, const Reply& reply) {
  const auto alerts = parse_alerts(call.request.body);
  if (!alerts) return reply(bad_body(alerts.error()));
  std::uint64_t matched = 0;
  json::array unmatched;
  // Alertmanager sends what it has to everybody and repeats what is not answered by 2xx: an alert
  // that is not ours is counted and no error.
  for (const auto& [key, alert] : *alerts) {
    const auto& [name, service] = key;
    if (commands_.set_external_alarm(name, service, alert.firing, alert.why)) {
      ++matched;
    } else {
      ++alerts_unmatched_;
      unmatched.emplace_back(json::string(name));
    }
  }
  reply(json_response(200, {{"received", std::uint64_t{alerts->size()}},
                            {"matched", matched},
                            {"unmatched", std::move(unmatched)}}));
}

}  // namespace teal::control
