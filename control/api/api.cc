#include "control/api/api.h"

#include <algorithm>
#include <utility>

#include "control/api/call.h"
#include "control/api/guard.h"
#include "control/api/problem.h"
#include "control/api/router.h"

namespace teal::control {

/// One line of the API.
struct AdminApi::Route {
  std::string_view method;
  std::string_view pattern;
  void (AdminApi::*handler)(const ApiCall&, const Reply&);
  std::string_view media_type = "application/json";
  std::string_view query{};  ///< The parameters it takes, separated by a comma.
  /// What another site may lead the user's browser to: it costs little and ends.
  bool shown = true;
  Kind kind = Kind::usual;
};

const std::vector<AdminApi::Route>& AdminApi::table() {
  static const std::vector<Route> routes{
      {"GET", "/v1/services", &AdminApi::list_services, "application/json", "limit,after"},
      {"GET", "/v1/services/{service}", &AdminApi::get_service},
      {"GET", "/v1/services/{service}/deployments", &AdminApi::list_deployments, "application/json",
       "limit"},
      {"POST", "/v1/services/{service}/deployments", &AdminApi::start_deployment},
      {"POST", "/v1/services/{service}/rollback", &AdminApi::rollback_service},
      {"PUT", "/v1/services/{service}/split", &AdminApi::put_split},
      {"PUT", "/v1/services/{service}/groups/{group}/targets/{target}", &AdminApi::put_target},
      {"DELETE", "/v1/services/{service}/groups/{group}/targets/{target}", &AdminApi::delete_target,
       "application/json", "force"},
      {"GET", "/v1/deployments/{deployment}", &AdminApi::get_deployment},
      {"GET", "/v1/deployments/{deployment}/evidence", &AdminApi::get_evidence},
      {"GET", "/v1/deployments/{deployment}/replay", &AdminApi::get_replay, "application/json",
       "tolerance,confidence", false},
      {"POST", "/v1/deployments/{deployment}/{command}", &AdminApi::steer_deployment},
      {"GET", "/v1/alarms", &AdminApi::list_alarms, "application/json", "service"},
      {"POST", "/v1/alarms/{alarm}", &AdminApi::set_alarm},
      {"POST", "/v1/alertmanager", &AdminApi::take_alertmanager},
      {"GET", "/v1/config", &AdminApi::get_config},
      {"GET", "/v1/config/history", &AdminApi::get_config_history},
      {"POST", "/v1/config/reload", &AdminApi::reload_config},
      {"POST", "/v1/config/rollback", &AdminApi::rollback_config},
      {"POST", "/v1/config/confirm", &AdminApi::confirm_config},
      {"POST", "/v1/state/backup", &AdminApi::backup_state, "application/vnd.sqlite3", "", true,
       Kind::copy},
      {"GET", "/v1/events", &AdminApi::get_events, "text/event-stream", "", false},
      {"GET", "/v1/openapi.json", &AdminApi::get_openapi},
      {"GET", "/metrics", &AdminApi::get_metrics, "text/plain", "", true, Kind::probe},
      {"GET", "/livez", &AdminApi::get_livez, "application/json", "", true, Kind::probe},
      {"GET", "/readyz", &AdminApi::get_readyz, "application/json", "", true, Kind::probe},
  };
  return routes;
}

std::vector<AdminApi::RouteName> AdminApi::routes() {
  std::vector<RouteName> names;
  for (const Route& route : table()) names.push_back({route.method, route.pattern});
  return names;
}

AdminApi::AdminApi(Commands& commands, const Clock& clock, config::Admin config,
                   ApiDependencies dependencies)
    : commands_(commands),
      clock_(clock),
      config_(std::move(config)),
      dependencies_(std::move(dependencies)),
      scraper_({.parts = [this] { return scrape_parts(); },
                .later = dependencies_.later,
                .done = dependencies_.on_scraped,
                .limit = dependencies_.metric_samples}),
      pages_(
          {.names = [this](
                        const std::string& after,
                        std::size_t limit) { return commands_.service_names_after(after, limit); },
           .version = [this](const std::string& name) { return commands_.service_version(name); },
           .text = [this](const std::string& name) { return service_text(name); },
           .later = dependencies_.later}) {}

void AdminApi::configure(const config::Admin& admin, std::size_t metric_samples) {
  config_ = admin;
  scraper_.set_limit(metric_samples);
}

void AdminApi::handle(const ApiRequest& request, const Reply& reply) {
  const bool is_head = request.method == "HEAD";
  dispatch(request, [this, is_head, reply](ApiResponse response) {
    ++answers_[response.status];
    add_guards(response);
    if (is_head) response.stream = nullptr;
    reply(std::move(response));
  });
}

namespace {

ApiResponse method_not_allowed(const ApiRequest& request, const std::string& allowed) {
  ApiResponse response =
      to_response({405, "method-not-allowed", "The resource has no such method",
                   request.method + " is not for " + request.target, "use " + allowed});
  response.headers.emplace_back("Allow", allowed);
  return response;
}

/// Whether `word` is one of those that the commas separate.
bool is_listed(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::string_view first = list.substr(0, list.find(','));
    if (first == word) return true;
    list.remove_prefix(std::min(list.size(), first.size() + 1));
  }
  return false;
}

std::optional<ApiError> check_query(const ApiCall& call, std::string_view known) {
  for (const auto& [key, value] : call.query) {
    if (is_listed(known, key)) continue;
    return ApiError{400, "unknown-parameter", "The query has an unknown parameter",
                    "'" + key + "' is not a parameter here",
                    known.empty() ? "this resource takes none"
                                  : "this resource takes '" + std::string(known) + "'"};
  }
  for (const auto& [key, value] : call.query)
    if (std::ranges::count(call.query, key, &ApiCall::Parameter::first) > 1)
      return ApiError{400, "repeated-parameter", "The query has a parameter twice",
                      "'" + key + "' is given more than once", "give it once"};
  return std::nullopt;
}

std::optional<ApiError> check_body(const ApiRequest& request) {
  if (request.method == "POST" || request.method == "PUT") return check_content_type(request);
  if (request.body.empty()) return std::nullopt;
  return ApiError{400, "unexpected-body", "The request has a body", request.method + " takes none",
                  "leave the body out"};
}

}  // namespace

void AdminApi::dispatch(const ApiRequest& request, const Reply& reply) {
  std::optional<ApiError> stranger = check_sender(request, config_.allowed_hosts);
  if (!stranger) stranger = check_site(request, true);
  if (stranger) return reply(to_response(*stranger));
  std::optional<ApiTarget> target = parse_target(request.target);
  if (!target)
    return reply(to_response({400, "invalid-target", "The request target is not a path",
                              "'" + request.target + "' is not a path with an optional query",
                              "send a target such as /v1/services"}));
  const std::string_view method =
      request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
  std::string allowed;
  for (const Route& route : table()) {
    std::optional<std::vector<std::string>> names = match(route.pattern, *target);
    if (!names) continue;
    if (route.method != method) {
      if (!allowed.empty()) allowed += ", ";
      allowed += route.method == "GET" ? "GET, HEAD" : route.method;
      continue;
    }
    const ApiCall call{request, std::move(*names), std::move(target->query)};
    std::optional<ApiError> wrong = check_site(request, route.shown);
    if (!wrong) wrong = check_accept(request, route.media_type);
    if (!wrong) wrong = check_query(call, route.query);
    if (!wrong) wrong = check_body(request);
    if (wrong) return reply(to_response(*wrong));
    return (this->*route.handler)(call, reply);
  }
  if (!allowed.empty()) return reply(method_not_allowed(request, allowed));
  reply(to_response({404, "no-such-resource", "There is no such resource",
                     "the control API has nothing at " + request.target,
                     "GET /v1/openapi.json describes what there is"}));
}

AdminApi::Kind AdminApi::kind_of(std::string_view method, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view asked = method == "HEAD" ? "GET" : method;
  const auto found = std::ranges::find_if(
      table(), [&](const Route& route) { return route.method == asked && route.pattern == path; });
  return found == table().end() ? Kind::usual : found->kind;
}

std::vector<MetricSample> AdminApi::own_metrics() const {
  std::vector<MetricSample> samples;
  for (const auto& [status, count] : answers_)
    samples.push_back({"teal_admin_responses_total",
                       "Answers of the control API by status.",
                       MetricSample::Type::counter,
                       {{"status", std::to_string(status)}},
                       static_cast<double>(count)});
  const auto open = std::count_if(subscribers_.begin(), subscribers_.end(),
                                  [](const auto& each) { return !each.stream.expired(); });
  samples.push_back({"teal_event_subscribers_refused_total",
                     "Streams of GET /v1/events refused: too many were open.",
                     MetricSample::Type::counter,
                     {},
                     static_cast<double>(subscribers_refused_)});
  samples.push_back({"teal_event_subscribers",
                     "Open streams of GET /v1/events.",
                     MetricSample::Type::gauge,
                     {},
                     static_cast<double>(open)});
  return samples;
}

}  // namespace teal::control
