#include "app/client/client.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include <boost/json.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/pchars.hpp>

#include "app/client/all_services.h"
#include "app/client/exit_code.h"
#include "app/view/alarms.h"
#include "app/view/evidence.h"
#include "app/view/json_at.h"
#include "app/view/status.h"
#include "base/printable.h"
#include "base/weight.h"

namespace teal::app {
namespace {

namespace json = boost::json;

bool is_deployment_id(std::string_view text) {
  return text.size() > 2 && text.starts_with("d-") &&
         text.find_first_not_of("0123456789", 2) == std::string_view::npos;
}

}  // namespace

std::string path_segment(std::string_view text) {
  return boost::urls::encode(text, boost::urls::pchars);
}

int Client::fail(const std::string& message, int code) {
  terminal_.err << "teal: " << printable(message) << '\n';
  return failure_ = code;
}

int Client::unreachable(const Error& why, bool changes) {
  fail(why.message(), kUnreachable);
  if (changes && !why.retry_safe())
    terminal_.err << "  whether it was done is unknown: `teal status` shows it once Teal answers\n";
  return kUnreachable;
}

int Client::report_problem(const AdminAnswer& answer) {
  if (prints_json_)
    terminal_.err << printable_json(answer.body);
  else
    terminal_.err << "teal: " << render_problem(answer.body, answer.status);
  return failure_ = kError;
}

ViewStyle Client::style(std::size_t timeline_entries) const {
  return {terminal_.width(), terminal_.colour, timeline_entries};
}

void Client::end_within(Millis timeout) {
  if (timeout.count() > 0) end_by_ = terminal_.now() + timeout;
}

std::optional<std::string> Client::call(std::string_view method, const std::string& path,
                                        const std::string& body,
                                        const AdminClient::Headers& headers) {
  const bool changes = method != "GET";
  Millis limit = changes ? kChangeLimit : kQuestionLimit;
  if (end_by_) {
    const auto left = std::chrono::duration_cast<Millis>(*end_by_ - terminal_.now());
    limit = std::clamp(left, kMinLimit, limit);
  }
  Result<AdminAnswer> answer = admin_.within(limit).send(method, path, body, headers);
  if (!answer) {
    unreachable(answer.error(), changes);
    return std::nullopt;
  }
  if (answer->status < 400) return std::move(answer->body);
  report_problem(*answer);
  return std::nullopt;
}

std::optional<json::object> Client::fetch_services() {
  bool has_failed = false;
  const Result<AdminAnswer> all =
      ask_for_all_services([&](const std::string& path) -> Result<AdminAnswer> {
        std::optional<std::string> body = call("GET", path);
        has_failed = !body;
        return AdminAnswer{has_failed ? 500 : 200, body ? *std::move(body) : std::string()};
      });
  if (has_failed || !all) return std::nullopt;
  std::optional<json::object> object = parse_object(all->body);
  if (!object) fail("what answers at " + to_string(admin_.address()) + " is not Teal");
  return object;
}

std::optional<json::object> Client::fetch(const std::string& path) {
  const std::optional<std::string> answer = call("GET", path);
  if (!answer) return std::nullopt;
  std::optional<json::object> object = parse_object(*answer);
  if (!object) fail("what answers at " + to_string(admin_.address()) + " is not Teal");
  return object;
}

int Client::ping() {
  end_within(kPingLimit);
  const std::optional<std::string> answer = call("GET", "/livez");
  if (!answer) return failure_;
  const std::optional<json::object> alive = parse_object(*answer);
  if (!alive || !flag_at(*alive, "alive"))
    return fail("what answers at " + to_string(admin_.address()) + " is not Teal", kUnreachable);
  terminal_.out << (prints_json_ ? *answer : "Teal answers at " + to_string(admin_.address()))
                << '\n';
  return kSuccess;
}

int Client::report_service(const std::optional<std::string>& answer) {
  if (!answer) return failure_;
  if (prints_json_) {
    terminal_.out << printable_json(*answer);
    return kSuccess;
  }
  const std::optional<json::object> service = parse_object(*answer);
  if (!service) return fail("what answers at " + to_string(admin_.address()) + " is not Teal");
  terminal_.out << render_service(*service, style(5));
  return kSuccess;
}

std::optional<json::object> Client::find_service(const std::string& name) {
  if (!name.empty()) return fetch("/v1/services/" + path_segment(name));
  std::optional<json::object> all = fetch_services();
  if (!all) return std::nullopt;
  const json::array* list = array_at(*all, "services");
  if (list != nullptr && list->size() == 1 && list->front().is_object())
    return list->front().get_object();
  fail("there is not just one service: name the service or the deployment", kUsage);
  return std::nullopt;
}

std::optional<std::string> Client::find_deployment(const std::string& what, bool force) {
  if (is_deployment_id(what)) return what;
  const std::optional<json::object> service = find_service(what);
  if (!service) return std::nullopt;
  const json::object* running = object_at(*service, "deployment");
  if (running != nullptr) return text_at(*running, "id");
  if (const json::object* fallback = object_at(*service, "fallback"); force && fallback)
    return text_at(*fallback, "deployment");
  fail("no deployment of '" + text_at(*service, "name") +
       "' is running; `teal history` lists the earlier ones");
  return std::nullopt;
}

int Client::steer(const std::string& command, const std::string& what, bool force) {
  std::string path = "/v1/deployments/";
  if (command == "rollback" && !is_deployment_id(what)) {
    std::string service = what;
    if (service.empty()) {
      const std::optional<json::object> only = find_service("");
      if (!only) return failure_;
      service = text_at(*only, "name");
    }
    path = "/v1/services/" + path_segment(service) + "/";
  } else {
    const std::optional<std::string> id = find_deployment(what, force);
    if (!id) return failure_;
    path += path_segment(*id) + "/";
  }
  const auto answer = call("POST", path + command, force ? R"({"force": true})" : "");
  if (!answer) return failure_;
  const std::optional<json::object> report = parse_object(*answer);
  if (prints_json_ || !report)
    terminal_.out << printable_json(*answer);
  else
    terminal_.out << render_deployment_line(*report) << '\n' << render_warnings(*report);
  if (force || !report || text_at(*report, "error_code") != "NO_HEALTHY_BASELINE") return kSuccess;
  terminal_.err << "teal: " << text_at(*report, "reason") << "\n  `teal rollback "
                << text_at(*report, "id") << " --force` retires it at once\n";
  return kNotDeployed;
}

int Client::split(const std::string& service, const std::vector<std::string>& shares,
                  const std::string& if_match) {
  json::object body;
  for (const std::string& share : shares) {
    const std::size_t equals = share.find('=');
    const std::string group = share.substr(0, equals);
    if (equals == std::string::npos || (group != "blue" && group != "green") ||
        !parse_weight(share.substr(equals + 1)))
      return fail("'" + share + "' is not a share: write green=12.5%", kUsage);
    body[group] = json::string(share.substr(equals + 1));
  }
  AdminClient::Headers headers;
  if (!if_match.empty()) headers.emplace_back("If-Match", '"' + if_match + '"');
  return report_service(call("PUT", "/v1/services/" + path_segment(service) + "/split",
                             json::serialize(body), headers));
}

int Client::history(const std::string& service, std::size_t limit) {
  const auto answer = call("GET", "/v1/services/" + path_segment(service) +
                                      "/deployments?limit=" + std::to_string(limit));
  if (!answer) return failure_;
  const std::optional<json::object> list = parse_object(*answer);
  if (prints_json_ || !list)
    terminal_.out << printable_json(*answer);
  else
    terminal_.out << render_history(*list, style(0));
  return kSuccess;
}

int Client::show(const std::string& path,
                 const std::function<std::string(const json::object&)>& render) {
  const auto answer = call("GET", path);
  if (!answer) return failure_;
  const std::optional<json::object> object = parse_object(*answer);
  terminal_.out << (prints_json_ || !object ? printable_json(*answer) : render(*object));
  return kSuccess;
}

std::optional<std::string> Client::newest_of(const std::string& service,
                                             const std::string& revision) {
  const std::optional<json::object> history =
      fetch("/v1/services/" + path_segment(service) + "/deployments?limit=1000");
  if (!history) return std::nullopt;
  if (const json::array* list = array_at(*history, "deployments"))
    for (const json::value& value : *list) {
      const json::object* one = value.if_object();
      if (one != nullptr && text_at(*one, "kind") == "deploy" &&
          (revision.empty() || text_at(*one, "revision") == printable(revision)))
        return text_at(*one, "id");
    }
  return std::string();
}

std::optional<std::string> Client::find_past(const std::string& what) {
  if (is_deployment_id(what)) return what;
  const std::optional<json::object> all = fetch_services();
  if (!all) return std::nullopt;
  std::vector<std::string> names;
  if (const json::array* list = array_at(*all, "services"))
    for (const json::value& value : *list)
      if (const json::object* service = value.if_object())
        names.push_back(text_at(*service, "name"));
  const bool is_service = std::find(names.begin(), names.end(), what) != names.end();
  if (is_service) names = {what};
  if (what.empty() && names.size() != 1) {
    fail("there is not just one service: name the deployment, the service or the revision", kUsage);
    return std::nullopt;
  }
  std::vector<std::string> found;
  for (const std::string& name : names) {
    std::optional<std::string> id = newest_of(name, is_service ? std::string() : what);
    if (!id) return std::nullopt;
    if (!id->empty()) found.push_back(std::move(*id));
  }
  if (found.size() == 1) return found.front();
  if (!found.empty()) {
    std::string ids;
    for (const std::string& id : found) ids += (ids.empty() ? "" : ", ") + id;
    fail("several services have had a deployment of '" + what + "': name one of " + ids, kUsage);
  } else if (is_service || what.empty()) {
    fail("nothing has been deployed to '" + names.front() + "' yet");
  } else {
    fail("no deployment, service or revision is called '" + what +
         "'; `teal status` lists the services, `teal history SERVICE` what was deployed");
  }
  return std::nullopt;
}

int Client::explain(const std::string& what) {
  const std::optional<std::string> id = find_past(what);
  if (!id) return failure_;
  return show("/v1/deployments/" + path_segment(*id) + "/evidence", render_evidence);
}

int Client::replay(const std::string& what, const std::string& tolerance,
                   const std::string& confidence) {
  const std::optional<std::string> id = find_past(what);
  if (!id) return failure_;
  std::string query;
  if (!tolerance.empty()) query += "?tolerance=" + path_segment(tolerance);
  if (!confidence.empty())
    query += (query.empty() ? "?confidence=" : "&confidence=") + path_segment(confidence);
  return show("/v1/deployments/" + path_segment(*id) + "/replay" + query, render_replay);
}

int Client::target(const std::string& method, const std::string& service, const std::string& group,
                   const std::string& address, bool force) {
  return report_service(call(method, "/v1/services/" + path_segment(service) + "/groups/" +
                                         path_segment(group) + "/targets/" + path_segment(address) +
                                         (force ? "?force=true" : "")));
}

int Client::alarms(const std::string& service) {
  return show(service.empty() ? "/v1/alarms" : "/v1/alarms?service=" + path_segment(service),
              [&](const json::object& alarms) { return render_alarms(alarms, style(0)); });
}

int Client::alarm(const std::string& name, const std::string& state, const std::string& service,
                  const std::string& reason, bool all) {
  json::object body{{"state", json::string(state)}};
  if (all) body["all"] = true;
  if (!service.empty()) body["service"] = json::string(service);
  if (!reason.empty()) body["reason"] = json::string(reason);
  const auto answer = call("POST", "/v1/alarms/" + path_segment(name), json::serialize(body));
  if (!answer) return failure_;
  if (prints_json_)
    terminal_.out << printable_json(*answer);
  else if (state == "firing")
    terminal_.out << printable(name) << " is firing\n";
  else if (all)
    terminal_.out << printable(name) << " is resolved\n";
  else
    terminal_.out << "what was said by hand of " << printable(name)
                  << " is over; alerts of others end by their own resolve, or by --all (`teal "
                     "alarms` lists them)\n";
  return kSuccess;
}

}  // namespace teal::app
