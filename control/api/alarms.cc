// The handlers of the control API by which others' alarms reach the judge, and are shown.
#include <set>
#include <string>
#include <utility>

#include <boost/json.hpp>

#include "control/api/api.h"
#include "control/api/call.h"
#include "control/api/problem.h"
#include "control/deploy/alertmanager.h"
#include "control/json/body.h"
#include "control/json/text.h"
#include "control/report_json/report_json.h"

namespace teal::control {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxReasonLength = 500;

struct AlarmRequest {
  bool firing = false;
  bool all = false;
  std::string service, reason;
};

config::Loaded<AlarmRequest> parse_alarm_request(const std::string& body) {
  auto object = parse_json_object(body);
  if (!object) return object.error();
  config::Problems problems;
  const auto add = [&](std::string_view key, std::string message, std::string hint) {
    problems.list.push_back(problem_at(body, offset_of_key(body, key), std::string(key),
                                       std::move(message), std::move(hint)));
  };
  const std::set<std::string_view> known{"state", "service", "reason", "all"};
  for (const auto& [key, value] : *object) {
    if (!known.contains(std::string_view(key.data(), key.size())))
      add(key, "unknown key", "the keys are: state, service, reason, all");
    else if (key == "all" && !value.is_bool())
      add(key, "must be true or false", "");
    else if (key != "all" && !value.is_string())
      add(key, "must be a string", "");
  }
  const std::optional<std::string> state = string_at(*object, "state");
  if (!object->contains("state"))
    add("state", "missing", "write \"state\": \"firing\" or \"resolved\"");
  else if (state && *state != "firing" && *state != "resolved")
    add("state", "'" + *state + "' is not a state", "write firing or resolved");
  AlarmRequest request;
  if (const json::value* all = object->if_contains("all"))
    request.all = all->is_bool() && all->get_bool();
  if (request.all && state && *state == "firing")
    add("all", "is for resolved: it ends all episodes of the alarm", "remove it");
  if (!problems.list.empty()) return problems;
  request.firing = *state == "firing";
  request.service = string_at(*object, "service").value_or("");
  request.reason = cut_utf8(string_at(*object, "reason").value_or(""), kMaxReasonLength);
  return request;
}

}  // namespace

void AdminApi::list_alarms(const ApiCall& call, const Reply& reply) {
  const std::string service = call.query.empty() ? std::string() : call.query.front().second;
  if (!call.query.empty() && !knows_service(service, reply)) return;
  const auto answer = commands_.external_alarms(service);
  if (!answer) return reply(to_response(answer.error()));
  json::array alarms;
  for (const ExternalAlarmReport& report : *answer) alarms.push_back(to_json(report));
  reply(json_response(200, {{"alarms", std::move(alarms)}}));
}

void AdminApi::set_alarm(const ApiCall& call, const Reply& reply) {
  const auto request = parse_alarm_request(call.request.body);
  if (!request) return reply(bad_body(request.error()));
  if (!request->service.empty() && !knows_service(request->service, reply)) return;
  const ApiResult<std::size_t> answer =
      request->all ? commands_.resolve_alarm(call.names[0], request->service)
                   : commands_.set_external_alarm(call.names[0], request->service, request->firing,
                                                  request->reason);
  if (!answer) return reply(to_response(answer.error()));
  reply(json_response(200, {{"alarm", json::string(call.names[0])},
                            {"state", request->firing ? "firing" : "resolved"},
                            {"services", std::uint64_t{*answer}}}));
}

/// Alertmanager sends what it has to everybody and repeats what is not answered by 2xx: an alert
/// that is nobody's is counted and no error, and one that cannot be read does not keep the others
/// out.
void AdminApi::take_alertmanager(const ApiCall& call, const Reply& reply) {
  const auto batch = parse_alert_batch(call.request.body);
  if (!batch) return reply(bad_body(batch.error()));
  const AlertsReport report = commands_.take_alerts(*batch);
  json::array unmatched;
  for (const std::string& name : report.unmatched) unmatched.emplace_back(json::string(name));
  json::array refused;
  for (const RefusedAlert& each : batch->refused)
    refused.push_back(json::object{{"index", std::uint64_t{each.index}}, {"why", each.why}});
  reply(
      json_response(200, {{"received", std::uint64_t{batch->alerts.size() + batch->refused.size()}},
                          {"matched", report.matched},
                          {"unmatched", std::move(unmatched)},
                          {"refused", std::move(refused)},
                          {"truncated", batch->truncated}}));
}

}  // namespace teal::control
