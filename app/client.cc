#include "app/client.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include <boost/json.hpp>

#include "app/alarms_view.h"
#include "app/evidence_view.h"
#include "app/exit_code.h"
#include "app/json_at.h"
#include "app/status_view.h"
#include "base/printable.h"
#include "base/weight.h"

namespace teal::app {
namespace {

namespace json = boost::json;

constexpr Millis kRedraw{1000};
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kClear = "\x1b[2J";
constexpr std::string_view kClearRest = "\x1b[J";
constexpr std::string_view kClearLine = "\x1b[K";
constexpr std::string_view kHideCursor = "\x1b[?25l";
constexpr std::string_view kShowCursor = "\x1b[?25h";

bool is_deployment_id(std::string_view text) {
  return text.size() > 2 && text.starts_with("d-") &&
         text.find_first_not_of("0123456789", 2) == std::string_view::npos;
}

std::optional<json::object> parse_object(std::string_view text) {
  json::error_code failed;
  json::value value = json::parse(text, failed);
  if (failed || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

/// Each line clears what an earlier, longer one left behind it.
std::string redrawn(const std::string& frame) {
  std::string out(kHome);
  for (const char c : frame) {
    if (c == '\n') out += kClearLine;
    out += c;
  }
  return out += kClearRest;
}

}  // namespace

std::string path_segment(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~:@!$&'()*+,;=";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kPlain.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return out;
}

int Client::fail(const std::string& message) {
  terminal_.err << "teal: " << printable(message) << '\n';
  return kError;
}

int Client::report_problem(const AdminAnswer& answer) {
  if (json_)
    terminal_.err << printable_json(answer.body);
  else
    terminal_.err << "teal: " << render_problem(answer.body, answer.status);
  return kError;
}

std::optional<std::string> Client::call(std::string_view method, const std::string& path,
                                        const std::string& body,
                                        const AdminClient::Headers& headers) {
  Result<AdminAnswer> answer = admin_.send(method, path, body, headers);
  if (!answer) {
    fail(answer.error().message());
    return std::nullopt;
  }
  if (answer->status < 400) return std::move(answer->body);
  report_problem(*answer);
  return std::nullopt;
}

std::optional<json::object> Client::fetch(const std::string& path) {
  const std::optional<std::string> answer = call("GET", path);
  if (!answer) return std::nullopt;
  std::optional<json::object> object = parse_object(*answer);
  if (!object) fail("what answers at " + to_string(admin_.address()) + " is not Teal");
  return object;
}

int Client::report_service(const std::optional<std::string>& answer) {
  if (!answer) return kError;
  if (json_) {
    terminal_.out << printable_json(*answer);
    return kSuccess;
  }
  const std::optional<json::object> service = parse_object(*answer);
  if (!service) return fail("what answers at " + to_string(admin_.address()) + " is not Teal");
  terminal_.out << render_service(*service, {terminal_.columns, terminal_.colour, 5});
  return kSuccess;
}

/// The whole status as text: of one service, or of all.
std::optional<std::string> Client::frame(const std::string& service) {
  const std::string path =
      service.empty() ? std::string("/v1/services") : "/v1/services/" + path_segment(service);
  std::optional<std::string> answer = call("GET", path);
  if (!answer) return std::nullopt;
  if (json_) return printable_json(*answer);
  const std::optional<json::object> object = parse_object(*answer);
  if (!object) {
    fail("what answers at " + to_string(admin_.address()) + " is not Teal");
    return std::nullopt;
  }
  const ViewStyle style{terminal_.columns, terminal_.colour, 5};
  if (!service.empty()) return render_service(*object, style);
  std::string text;
  if (const json::value* list = object->if_contains("services"); list && list->is_array())
    for (const json::value& one : list->get_array())
      if (one.is_object())
        text += (text.empty() ? "" : "\n") + render_service(one.get_object(), style);
  return text.empty() ? "no service is configured\n" : text;
}

int Client::status(const std::string& service, bool watch) {
  std::optional<std::string> text = frame(service);
  if (!text) return kError;
  if (!watch) {
    terminal_.out << *text << std::flush;
    return kSuccess;
  }
  const bool in_place = terminal_.is_tty && !json_;
  if (in_place) terminal_.out << kHideCursor << kClear;
  while (text) {
    terminal_.out << (in_place ? redrawn(*text) : *text) << std::flush;
    if (!terminal_.pause(kRedraw)) break;
    text = frame(service);
  }
  if (in_place) terminal_.out << kShowCursor << std::flush;
  return text ? kSuccess : kError;
}

std::optional<json::object> Client::find_service(const std::string& name) {
  if (!name.empty()) return fetch("/v1/services/" + path_segment(name));
  std::optional<json::object> all = fetch("/v1/services");
  if (!all) return std::nullopt;
  const json::value* list = all->if_contains("services");
  if (list != nullptr && list->is_array() && list->get_array().size() == 1 &&
      list->get_array()[0].is_object())
    return list->get_array()[0].get_object();
  fail("there is not just one service: name the service or the deployment");
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
      if (!only) return kError;
      service = text_at(*only, "name");
    }
    path = "/v1/services/" + path_segment(service) + "/";
  } else {
    const std::optional<std::string> id = find_deployment(what, force);
    if (!id) return kError;
    path += path_segment(*id) + "/";
  }
  const auto answer = call("POST", path + command, force ? R"({"force": true})" : "");
  if (!answer) return kError;
  const std::optional<json::object> report = parse_object(*answer);
  if (json_ || !report)
    terminal_.out << printable_json(*answer);
  else
    terminal_.out << render_deployment_line(*report) << '\n';
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
    if (equals == std::string::npos || equals == 0)
      return fail("'" + share + "' is not a share: write green=12.5%");
    body[share.substr(0, equals)] = json::string(share.substr(equals + 1));
  }
  AdminClient::Headers headers;
  if (!if_match.empty()) headers.emplace_back("If-Match", '"' + if_match + '"');
  return report_service(call("PUT", "/v1/services/" + path_segment(service) + "/split",
                             json::serialize(body), headers));
}

int Client::history(const std::string& service, std::size_t limit) {
  const auto answer = call("GET", "/v1/services/" + path_segment(service) +
                                      "/deployments?limit=" + std::to_string(limit));
  if (!answer) return kError;
  const std::optional<json::object> list = parse_object(*answer);
  if (json_ || !list)
    terminal_.out << printable_json(*answer);
  else
    terminal_.out << render_history(*list, {terminal_.columns, terminal_.colour, 0});
  return kSuccess;
}

int Client::show(const std::string& path,
                 const std::function<std::string(const json::object&)>& render) {
  const auto answer = call("GET", path);
  if (!answer) return kError;
  const std::optional<json::object> object = parse_object(*answer);
  terminal_.out << (json_ || !object ? printable_json(*answer) : render(*object));
  return kSuccess;
}

int Client::explain(const std::string& id) {
  return show("/v1/deployments/" + path_segment(id) + "/evidence", render_evidence);
}

int Client::replay(const std::string& id, const std::string& tolerance,
                   const std::string& confidence) {
  std::string query;
  if (!tolerance.empty()) query += "?tolerance=" + path_segment(tolerance);
  if (!confidence.empty())
    query += (query.empty() ? "?confidence=" : "&confidence=") + path_segment(confidence);
  return show("/v1/deployments/" + path_segment(id) + "/replay" + query, render_replay);
}

int Client::events(bool follow, const std::string& since) {
  bool complete = false;
  const auto take = [&](const ServerEvent& event) {
    if (event.is_live_mark) {
      complete = !follow;
      return follow;
    }
    const std::optional<json::object> data = parse_object(event.data);
    if (json_ || !data || event.type == "gap") {
      terminal_.out << printable_json(event.data) << '\n' << std::flush;
      return true;
    }
    const std::string service = text_at(*data, "service");
    const std::string deployment = text_at(*data, "deployment");
    terminal_.out << text_at(*data, "at") << "  " << printable(event.type)
                  << (service.empty() ? "" : "  " + service)
                  << (deployment.empty() ? "" : "  " + deployment) << "  " << text_at(*data, "text")
                  << '\n'
                  << std::flush;
    return true;
  };
  using Until = AdminClient::Until;
  const Result<void> ended =
      admin_.follow_events(since, follow ? Until::stopped : Until::retained, take);
  return complete || ended ? static_cast<int>(kSuccess) : fail(ended.error().message());
}

int Client::target(const std::string& method, const std::string& service, const std::string& group,
                   const std::string& address, bool force) {
  return report_service(call(method, "/v1/services/" + path_segment(service) + "/groups/" +
                                         path_segment(group) + "/targets/" + path_segment(address) +
                                         (force ? "?force=true" : "")));
}

int Client::alarms(const std::string& service) {
  const ViewStyle style{terminal_.columns, terminal_.colour, 0};
  return show(service.empty() ? "/v1/alarms" : "/v1/alarms?service=" + path_segment(service),
              [&](const json::object& alarms) { return render_alarms(alarms, style); });
}

int Client::alarm(const std::string& name, const std::string& state, const std::string& service,
                  const std::string& reason, bool all) {
  json::object body{{"state", json::string(state)}};
  if (all) body["all"] = true;
  if (!service.empty()) body["service"] = json::string(service);
  if (!reason.empty()) body["reason"] = json::string(reason);
  const auto answer = call("POST", "/v1/alarms/" + path_segment(name), json::serialize(body));
  if (!answer) return kError;
  if (json_)
    terminal_.out << printable_json(*answer);
  else
    terminal_.out << printable(name) << " is " << state << '\n';
  return kSuccess;
}

}  // namespace teal::app
