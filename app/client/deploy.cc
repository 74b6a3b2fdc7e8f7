// `teal deploy` and `teal wait`: the request, and waiting for how it ends.
#include <optional>
#include <ostream>
#include <sstream>
#include <utility>

#include <boost/json.hpp>

#include "app/client/client.h"
#include "app/client/deployment_wait.h"
#include "app/client/exit_code.h"
#include "app/view/alarms.h"
#include "app/view/json_at.h"
#include "app/view/status.h"
#include "base/file.h"
#include "base/printable.h"

namespace teal::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxPlanFileBytes = std::size_t{512} * 1024;

/// Whoever typed it is to blame, not a file.
Error bad_alarm(const std::string& text) {
  return Error{Source::downstream,
               "'" + text +
                   "' is not an alarm: write NAME=METRIC > LIMIT [over DURATION] [minimum "
                   "REQUESTS], like errors=error_rate > 1% over 30s minimum 50, NAME=external "
                   "[match LABEL=VALUE]... [settle DURATION] [stale_after DURATION], NAME=none to "
                   "leave out the file's, or NAME=compare errors|client_errors|latency [tolerance "
                   "FACTOR] [confidence LEVEL] [certify LEVEL] [at_most PERCENT] [limit DURATION]; "
                   "errors STATUS,... except STATUS,... paths PATH,... after what is on errors, "
                   "like errors=error_rate > 1% errors 5xx,404; observe after any of them"};
}

/// Keys whose values are lists: "5xx,404".
bool has_list(const std::string& key) {
  return key == "errors" || key == "except" || key == "paths";
}

json::array listed(const std::string& value) {
  json::array list;
  std::istringstream parts(value);
  for (std::string part; std::getline(parts, part, ',');) list.emplace_back(json::string(part));
  return list;
}

/// "errors tolerance 1.5 observe", behind the word compare.
Result<json::object> parse_comparison(const std::string& text, std::istringstream& words) {
  json::object alarm;
  std::string what;
  if (!(words >> what)) return bad_alarm(text);
  alarm["compare"] = json::string(what);
  for (std::string key, value; words >> key;) {
    if (key == "observe")
      alarm[key] = true;
    else if (!(words >> value))
      return bad_alarm(text);
    else if (has_list(key))
      alarm[key] = listed(value);
    else
      alarm[key] = json::string(value);
  }
  return alarm;
}

/// "match alertname=HighErrorRate match severity=page settle 30s observe".
Result<json::object> parse_external(const std::string& text, std::istringstream& words) {
  json::object alarm, external, match;
  for (std::string key, value; words >> key;) {
    if (key == "observe") {
      alarm[key] = true;
      continue;
    }
    if (!(words >> value)) return bad_alarm(text);
    const std::size_t equals = value.find('=');
    if (key == "settle" || key == "stale_after")
      external[key] = json::string(value);
    else if (key == "match" && equals != std::string::npos && equals > 0)
      match[value.substr(0, equals)] = json::string(value.substr(equals + 1));
    else
      return bad_alarm(text);
  }
  if (!match.empty()) external["match"] = std::move(match);
  alarm["external"] = external.empty() ? json::value(true) : json::value(std::move(external));
  return alarm;
}

/// "error_rate > 1% over 30s minimum 50" in the grammar of the configuration file.
Result<json::object> parse_alarm(const std::string& text, const std::string& condition) {
  std::istringstream words(condition);
  std::string metric;
  words >> metric;
  if (metric == "external") return parse_external(text, words);
  if (metric == "compare") return parse_comparison(text, words);
  json::object alarm;
  std::string threshold;
  for (std::string word; words >> word;) {
    std::string value;
    if (word == "observe") {
      alarm["observe"] = true;
    } else if (word != "over" && word != "minimum" && !has_list(word)) {
      threshold += (threshold.empty() ? "" : " ") + word;
    } else if (!(words >> value)) {
      return bad_alarm(text);
    } else if (has_list(word)) {
      alarm[word] = listed(value);
    } else if (word == "over") {
      alarm["over"] = json::string(value);
    } else {
      if (value.size() > 18 || value.find_first_not_of("0123456789") != std::string::npos)
        return bad_alarm(text);
      alarm["minimum_requests"] = std::stoll(value);
    }
  }
  if (metric.empty() || threshold.empty()) return bad_alarm(text);
  alarm[metric] = json::string(threshold);
  return alarm;
}

bool is_none(const std::string& condition) {
  std::istringstream words(condition);
  std::string first;
  std::string more;
  return words >> first && first == "none" && !(words >> more);
}

/// What is really shipped and what watches it, whoever said so: the command, or the file.
std::string render_shipment(const json::object& deployment) {
  std::string targets;
  if (const json::array* list = array_at(deployment, "targets"))
    for (const json::value& target : *list)
      if (target.is_string())
        targets += (targets.empty() ? "" : ", ") + std::string(target.get_string());
  std::string alarms;
  if (const json::array* list = array_at(deployment, "alarms"))
    for (const json::value& value : *list)
      if (const json::object* alarm = value.if_object())
        alarms += (alarms.empty() ? "" : ", ") + text_at(*alarm, "name") + " (" +
                  text_at(*alarm, "condition") +
                  (flag_at(*alarm, "observed") ? ", observed)" : ")");
  return "  targets: " + printable(targets) + "\n  alarms: " + (alarms.empty() ? "none" : alarms) +
         "\n";
}

Result<json::value> read_plan(const std::string& path) {
  const FileText file = read_given_file(path, kMaxPlanFileBytes);
  if (!file)
    return Error{Source::config, "the plan file " + path + ' ' + file.fault +
                                     (file.remedy.empty() ? "" : "; " + file.remedy)};
  json::error_code failed;
  json::value plan = json::parse(file.text, failed);
  if (failed || !plan.is_array())
    return Error{Source::config,
                 path +
                     " is not a plan: write a JSON list of steps, like [{\"set_weight\": "
                     "\"10%\"}, {\"bake\": \"5m\"}]"};
  return plan;
}

}  // namespace

Result<std::string> deployment_body(const DeployOptions& options) {
  json::object body;
  body["revision"] = json::string(options.revision);
  if (!options.targets.empty()) {
    json::array targets;
    for (const std::string& target : options.targets) targets.emplace_back(json::string(target));
    body["targets"] = std::move(targets);
  }
  if (!options.plan.empty()) body["plan"] = json::string(options.plan);
  if (!options.plan_file.empty()) {
    Result<json::value> plan = read_plan(options.plan_file);
    if (!plan) return plan.error();
    body["plan"] = std::move(*plan);
  }
  json::object alarms;
  for (const std::string& text : options.alarms) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) return bad_alarm(text);
    if (is_none(text.substr(equals + 1))) {
      alarms[text.substr(0, equals)] = nullptr;
      continue;
    }
    Result<json::object> alarm = parse_alarm(text, text.substr(equals + 1));
    if (!alarm) return alarm.error();
    alarms[text.substr(0, equals)] = std::move(*alarm);
  }
  if (!alarms.empty()) body["alarms"] = std::move(alarms);
  if (!options.alarms_at_start.empty())
    body["alarms_at_start"] = json::string(options.alarms_at_start);
  return json::serialize(body);
}

int Client::deploy(const DeployOptions& options) {
  const Mono began = terminal_.now();
  const Result<std::string> body = deployment_body(options);
  if (!body)
    return fail(body.error().message(),
                body.error().source() == Source::downstream ? kUsage : kError);
  if (options.wait) end_within(options.timeout);
  AdminClient::Headers headers;
  if (!options.idempotency_key.empty())
    headers.emplace_back("Idempotency-Key", options.idempotency_key);
  const auto answer = call("POST", "/v1/services/" + path_segment(options.service) + "/deployments",
                           *body, headers);
  if (!answer && failure_ == kUnreachable && !options.idempotency_key.empty())
    terminal_.err << "  the same command with the same --idempotency-key deploys once\n";
  if (!answer) return failure_;
  json::error_code failed;
  const json::value report = json::parse(*answer, failed);
  if (failed || !report.is_object())
    return fail("what answers at " + to_string(admin_.address()) + " is not Teal");
  if (prints_json_ && !options.wait) terminal_.out << printable_json(*answer);
  if (!prints_json_)
    terminal_.out << render_deployment_line(report.get_object()) << '\n'
                  << render_shipment(report.get_object()) << render_alarm_notes(report.get_object())
                  << render_warnings(report.get_object()) << std::flush;
  if (!options.wait) return kSuccess;
  return DeploymentWait(terminal_, admin_, prints_json_, options.timeout, began)
      .follow(text_at(report.get_object(), "id"));
}

int Client::wait(const WaitOptions& options) {
  const Mono began = terminal_.now();
  end_within(options.timeout);
  const std::optional<std::string> id = find_past(options.what);
  if (!id) return failure_;
  if (!prints_json_ && *id != options.what)
    terminal_.out << "waiting for " << *id << '\n' << std::flush;
  return DeploymentWait(terminal_, admin_, prints_json_, options.timeout, began).follow(*id);
}

}  // namespace teal::app
