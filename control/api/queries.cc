// The handlers of the control API that only tell.
#include <algorithm>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "base/parse_number.h"
#include "config/compare_limits.h"
#include "control/api/api.h"
#include "control/api/call.h"
#include "control/api/event_stream.h"
#include "control/api/openapi.h"
#include "control/api/problem.h"
#include "control/json/text.h"
#include "control/report_json/report_json.h"

namespace teal::control {
namespace {

namespace json = boost::json;

std::optional<DeploymentReport> find(const Commands& commands,
                                     const std::optional<DeploymentId>& id) {
  if (!id) return std::nullopt;
  ApiResult<DeploymentReport> answer = commands.deployment(*id);
  if (!answer) return std::nullopt;
  return std::move(*answer);
}

json::object service_json(const Commands& commands, const ServiceReport& report, WallTime now) {
  const std::optional<DeploymentReport> running = find(commands, report.deployment);
  const std::optional<DeploymentReport> last = find(commands, report.last_deployment);
  return to_json(report, running ? &*running : nullptr, last ? &*last : nullptr, now);
}

/// If-None-Match (RFC 9110 section 13.1.2): a list of tags, or all there may be; whether one is
/// weak makes no difference.
bool matches_etag(std::string_view wanted, std::string_view etag) {
  if (wanted == "*") return true;
  for (std::size_t at = wanted.find(etag); at != std::string_view::npos;
       at = wanted.find(etag, at + 1)) {
    const std::string_view rest = wanted.substr(at + etag.size());
    const auto next = rest.find_first_not_of(" \t");
    if (next == std::string_view::npos || rest[next] == ',') return true;
  }
  return false;
}

}  // namespace

ApiResponse json_response(int status, const json::object& body) {
  ApiResponse response;
  response.status = status;
  response.body = to_text(body) + "\n";
  return response;
}

bool AdminApi::knows_service(const std::string& name, const Reply& reply) const {
  if (commands_.deploy_defaults(name) != nullptr) return true;
  if (const auto parked = commands_.parked().find(name); parked != commands_.parked().end()) {
    reply(to_response({404, "service-parked", "The service is not served", parked->second,
                       "put `" + name + "` back into the file and start Teal again"}));
    return false;
  }
  // As many as a person reads.
  constexpr std::size_t kListed = 50;
  std::vector<std::string> names = commands_.service_names_after("", kListed + 1);
  const bool has_more = names.size() > kListed;
  if (has_more) names.pop_back();
  std::string list;
  for (const std::string& service : names) list += (list.empty() ? "" : ", ") + service;
  if (has_more) list += " and more";
  reply(unknown_name({404, "no-such-service", "There is no such service",
                      "'" + name + "' is not a service of this Teal",
                      list.empty() ? "none is configured" : "the services are: " + list},
                     "services", names));
  return false;
}

std::string AdminApi::service_text(const ServiceReport& report) const {
  return to_text(service_json(commands_, report, clock_.wall())) + "\n";
}

ApiResponse AdminApi::service_response(int status, const ServiceReport& report) const {
  ApiResponse response;
  response.status = status;
  response.body = service_text(report);
  response.headers.emplace_back("ETag", '"' + std::to_string(report.version) + '"');
  return response;
}

std::string AdminApi::service_text(const std::string& name) const {
  const ApiResult<ServiceReport> report = commands_.service(name);
  return report ? to_text(service_json(commands_, *report, clock_.wall())) : std::string();
}

/// Nothing once `reply` has said what is wrong with the one that is given.
std::optional<std::size_t> AdminApi::limit_of(const ApiCall& call, std::size_t usual,
                                              std::size_t most, const Reply& reply) const {
  const auto given = std::ranges::find(call.query, "limit", &ApiCall::Parameter::first);
  if (given == call.query.end()) return usual;
  const auto limit = parse_whole<std::size_t>(given->second);
  if (limit && *limit > 0 && *limit <= most) return limit;
  reply(to_response({400, "invalid-parameter", "The limit is not valid",
                     "'" + given->second + "' is not a limit",
                     "write a number from 1 to " + std::to_string(most)}));
  return std::nullopt;
}

void AdminApi::list_services(const ApiCall& call, const Reply& reply) {
  const auto limit = limit_of(call, kUsualPage, kMaxPage, reply);
  if (!limit) return;
  const auto after = std::ranges::find(call.query, "after", &ApiCall::Parameter::first);
  const bool is_asked = pages_.ask(
      after == call.query.end() ? std::string() : after->second, *limit,
      [reply, known = call.request.if_none_match](const std::shared_ptr<const ServicePage>& page) {
        ApiResponse response;
        response.headers.emplace_back("ETag", page->etag);
        if (known && matches_etag(*known, page->etag))
          response.status = 304;
        else
          response.pieces =
              std::shared_ptr<const std::vector<std::string_view>>(page, &page->text.pieces());
        reply(std::move(response));
      });
  if (!is_asked)
    reply(to_response({503, "too-many-pages", "There are too many pages to make",
                       std::to_string(ServicePages::kMaxWaiting) + " others wait for their turn",
                       "ask again in some seconds, and let pollers ask for the same pages"}));
}

void AdminApi::get_service(const ApiCall& call, const Reply& reply) {
  if (!knows_service(call.names[0], reply)) return;
  const ApiResult<ServiceReport> answer = commands_.service(call.names[0]);
  reply(answer ? service_response(200, *answer) : to_response(answer.error()));
}

void AdminApi::list_deployments(const ApiCall& call, const Reply& reply) {
  constexpr std::size_t kUsual = 20;
  const auto limit = limit_of(call, kUsual, kMaxHistory, reply);
  if (!limit) return;
  if (!knows_service(call.names[0], reply)) return;
  const auto answer = commands_.deployments(call.names[0], *limit);
  if (!answer) return reply(to_response(answer.error()));
  json::array deployments;
  for (const DeploymentReport& report : *answer) deployments.push_back(to_summary(report));
  reply(json_response(200, {{"deployments", std::move(deployments)}}));
}

void AdminApi::get_deployment(const ApiCall& call, const Reply& reply) {
  const ApiResult<DeploymentReport> answer = commands_.deployment(call.names[0]);
  reply(answer ? json_response(200, to_json(*answer, clock_.wall())) : to_response(answer.error()));
}

void AdminApi::get_evidence(const ApiCall& call, const Reply& reply) {
  const ApiResult<EvidenceReport> answer = commands_.evidence(call.names[0]);
  reply(answer ? json_response(200, to_json(*answer)) : to_response(answer.error()));
}

void AdminApi::get_replay(const ApiCall& call, const Reply& reply) {
  struct Parameter {
    std::string_view name;
    config::Range range;
    std::optional<double> ReplaySettings::* setting;
  };
  constexpr Parameter kParameters[] = {
      {"tolerance", config::kTolerance, &ReplaySettings::tolerance},
      {"confidence", config::kConfidence, &ReplaySettings::confidence},
  };
  ReplaySettings settings;
  for (const auto& [key, value] : call.query)
    for (const Parameter& parameter : kParameters) {
      if (parameter.name != key) continue;
      const auto number = parse_whole<double>(value);
      if (!number || !parameter.range.contains(*number)) {
        std::string title = "The ";
        title.append(key).append(" is not valid");
        std::string detail = "'";
        detail.append(value).append("' is not a ").append(key);
        std::string range = to_text(parameter.range.least);
        range.append(" to ").append(to_text(parameter.range.most));
        return reply(to_response({400, "invalid-parameter", std::move(title), std::move(detail),
                                  "write a number from " + range}));
      }
      settings.*parameter.setting = number;
    }
  const ApiResult<ReplayReport> answer = commands_.replay(call.names[0], settings);
  reply(answer ? json_response(200, to_json(*answer)) : to_response(answer.error()));
}

/// Nobody can take all streams from others, and those that are open are never closed for others.
std::optional<ApiError> AdminApi::check_subscriber(const ApiRequest& request) {
  std::erase_if(subscribers_, [](const auto& each) { return each.stream.expired(); });
  const std::size_t limit = kMaxSubscribers + (request.verified ? kVerifiedSubscribers : 0);
  const auto own = std::count_if(
      subscribers_.begin(), subscribers_.end(),
      [&](const Subscriber& each) { return !each.verified && each.client == request.client; });
  // Whoever comes by the Unix socket is one user of this machine, not one client.
  const bool is_local = request.reached.kind == Address::Kind::unix_socket;
  const bool greedy =
      !request.verified && !is_local && std::cmp_greater_equal(own, kMaxSubscribersOfOneClient);
  if (!greedy && subscribers_.size() < limit) return std::nullopt;
  ++subscribers_refused_;
  return ApiError{503, "too-many-subscribers", "There are too many subscribers",
                  std::to_string(greedy ? kMaxSubscribersOfOneClient : limit) +
                      " streams of events are open" + (greedy ? " from this address" : ""),
                  "end a `teal events --follow`, or use `teal status --watch`"};
}

void AdminApi::get_events(const ApiCall& call, const Reply& reply) {
  std::optional<EventId> after;
  if (call.request.last_event_id && !call.request.last_event_id->empty()) {
    after = parse_event_id(*call.request.last_event_id);
    if (!after)
      return reply(to_response(
          {400, "invalid-last-event-id", "The Last-Event-ID is not valid",
           "'" + *call.request.last_event_id + "' is not an event's id",
           "send the id of the last event seen as it was, or 0 for all that are kept"}));
  }
  if (const auto wrong = check_subscriber(call.request)) return reply(to_response(*wrong));
  ApiResponse response;
  response.content_type = "text/event-stream";
  if (call.request.method != "HEAD") {
    response.stream = EventStream::open(commands_, after);
    subscribers_.push_back({response.stream, call.request.client, call.request.verified});
  }
  reply(std::move(response));
}

void AdminApi::get_openapi(const ApiCall& /*call*/, const Reply& reply) {
  ApiResponse response;
  response.body = std::string(openapi_document());
  reply(std::move(response));
}

void AdminApi::get_metrics(const ApiCall& /*call*/, const Reply& reply) {
  scraper_.ask([reply](Scraper::Text text) {
    ApiResponse response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.pieces = std::move(text);
    reply(std::move(response));
  });
}

void AdminApi::get_livez(const ApiCall& /*call*/, const Reply& reply) {
  reply(json_response(200, {{"alive", true}}));
}

void AdminApi::get_readyz(const ApiCall& /*call*/, const Reply& reply) {
  std::vector<std::string> reasons;
  if (dependencies_.not_ready) reasons = dependencies_.not_ready();
  const std::vector<ServiceCondition> conditions = commands_.conditions();
  for (const ServiceCondition& each : conditions)
    if (each.is_unprobed)
      reasons.push_back("no target of '" + each.service + "' has been probed yet");
  json::array why;
  for (const std::string& reason : reasons) why.emplace_back(json::string(reason));
  // A failing store keeps nobody from being served (no rollback waits for a disk): ready, with a
  // warning.
  const bool ready = reasons.empty();
  json::array warnings;
  if (!commands_.store_is_healthy())
    warnings.emplace_back("the store fails: deployments are not journalled, traffic goes on");
  for (const ServiceCondition& each : conditions)
    if (!each.warning.empty() && (ready || !each.is_unprobed))
      warnings.emplace_back(json::string(each.service + ": " + each.warning));
  for (const auto& [service, text] : commands_.parked())
    warnings.emplace_back(json::string(service).append(": ").append(text));
  if (dependencies_.warnings)
    for (const std::string& warning : dependencies_.warnings())
      warnings.emplace_back(json::string(warning));
  reply(json_response(
      ready ? 200 : 503,
      {{"ready", ready},
       {"reasons", std::move(why)},
       {"warnings", std::move(warnings)},
       {"generation", dependencies_.configuration == nullptr
                          ? json::value(nullptr)
                          : json::value(dependencies_.configuration->report().generation)}}));
}

}  // namespace teal::control
