// What is done with the requests of a route.
#include <algorithm>

#include "base/ascii.h"
#include "base/parse_number.h"
#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxRoutes = 100;
constexpr std::size_t kMaxEdits = 50;
constexpr std::size_t kMaxNameLength = 128;
constexpr std::size_t kMaxTypeLength = 128;
constexpr std::uint32_t kMaxRequests = 1'000'000;
constexpr std::uint32_t kMaxBodyBytes = 4'294'967'295;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

enum class Direction { request, response };

/// Why a header may not be edited; empty where it may.
std::string_view why_fixed(std::string_view name, Direction direction) {
  if (is_one_of(name, {"connection", "keep-alive", "proxy-connection", "proxy-authenticate",
                       "proxy-authorization", "te", "transfer-encoding", "upgrade", "trailer"}))
    return "belongs to one connection only, and Teal writes it itself";
  if (name == "content-length") return "says how long the message is, and Teal writes it itself";
  if (direction == Direction::response) {
    if (is_one_of(name, {"via", "date", "x-teal-shield"})) return "is written by Teal itself";
    return {};
  }
  if (name == "host") return "is what host_header of the service is for";
  if (name == "expect") return "is said by Teal where the client said it";
  if (is_one_of(name, {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
                       "x-forwarded-proto", "x-real-ip", "x-request-id", "via",
                       "x-forwarded-client-cert"}))
    return "is written by Teal itself, for targets to trust";
  if (is_one_of(name, {"traceparent", "tracestate"}))
    return "goes on as it came, for those who record traces";
  return {};
}

std::optional<std::string> parse_edited_name(const Value& value, Direction direction) {
  auto name = parse_header_name(value);
  if (!name) return std::nullopt;
  const std::string_view why = why_fixed(*name, direction);
  if (why.empty()) return name;
  value.problem(quoted(*name) + ' ' + std::string(why), "remove it here");
  return std::nullopt;
}

std::optional<NamedValue> parse_named_value(const Value& value, Direction direction) {
  NamedValue result;
  Mapping keys(value);
  const auto name = keys.find("name");
  const auto text = keys.find("value");
  if (value.is_mapping() && (!keys.has("name") || !keys.has("value")))
    value.problem("must have a name and a value", "write { name: x-a, value: b }");
  if (name)
    if (auto given = parse_edited_name(*name, direction)) result.name = std::move(*given);
  if (text)
    if (auto given = parse_header_value(*text)) result.value = std::move(*given);
  if (result.name.empty()) return std::nullopt;
  return result;
}

std::vector<NamedValue> parse_named_values(const Value& value, Direction direction) {
  std::vector<NamedValue> values;
  for (const Value& item : value.items_or_one(kMaxEdits))
    if (auto one = parse_named_value(item, direction)) values.push_back(std::move(*one));
  return values;
}

HeaderEdits parse_edits(const Value& value, Direction direction) {
  HeaderEdits edits;
  Mapping keys(value);
  if (const auto set = keys.find("set")) edits.set = parse_named_values(*set, direction);
  if (const auto add = keys.find("add")) edits.add = parse_named_values(*add, direction);
  if (const auto remove = keys.find("remove"))
    for (const Value& item : remove->items_or_one(kMaxEdits))
      if (auto name = parse_edited_name(item, direction)) edits.remove.push_back(std::move(*name));
  return edits;
}

std::optional<std::string> parse_new_path(const Value& value) {
  auto path = parse_url_path(value);
  if (!path || (path->find('?') == path->npos && !path->starts_with("//"))) return path;
  value.problem("must be a path without a query that begins with one slash, not " + quoted(*path));
  return std::nullopt;
}

/// `path` in place of the whole path, `prefix` of what the match's path covers.
NewPath parse_new_path_keys(Mapping& keys) {
  NewPath result;
  const auto whole = keys.find("path");
  const auto prefix = keys.find("prefix");
  if (whole && prefix) prefix->problem("excludes path", "keep one of the two");
  if (const auto& given = whole ? whole : prefix)
    if (auto path = parse_new_path(*given))
      result = {whole ? NewPath::Kind::whole : NewPath::Kind::prefix, std::move(*path)};
  return result;
}

Redirect parse_redirect_to(const Value& value) {
  Redirect redirect;
  Mapping keys(value);
  keys.choice<std::uint16_t>(
      "status", redirect.status,
      {{"301", 301}, {"302", 302}, {"303", 303}, {"307", 307}, {"308", 308}});
  keys.choice<std::string>("scheme", redirect.scheme, {{"http", "http"}, {"https", "https"}});
  if (const auto host = keys.find("host"))
    if (auto given = parse_host(*host)) redirect.host = std::move(*given);
  keys.integer("port", redirect.port, 1, 65'535);
  redirect.path = parse_new_path_keys(keys);
  const bool says_nothing = redirect.scheme.empty() && redirect.host.empty() &&
                            redirect.port == 0 && redirect.path.kind == NewPath::Kind::same;
  if (says_nothing && !value.report().touches(value.path()))
    value.problem("leads to where it came from",
                  "give it a scheme, host, port, path or prefix of its own");
  return redirect;
}

FixedResponse parse_fixed_response(const Value& value) {
  FixedResponse response;
  Mapping keys(value);
  if (const auto status = keys.find("status"))
    if (const auto given = status->integer(200, 599))
      response.status = static_cast<std::uint16_t>(*given);
  if (const auto type = keys.find("content_type"))
    if (auto given = parse_header_value(*type)) {
      if (given->empty() || given->size() > kMaxTypeLength)
        type->problem("must be a media type like text/html");
      else
        response.content_type = std::move(*given);
    }
  if (const auto body = keys.find("body"))
    if (auto given = body->text()) response.body = std::move(*given);
  const bool has_no_body =
      response.status == 204 || response.status == 205 || response.status == 304;
  if (has_no_body && !response.body.empty())
    value.report().add_at(value.path() + ".body",
                          "cannot go with status " + std::to_string(response.status),
                          "remove it or choose another status");
  return response;
}

void parse_route_timeouts(const Value& value, ServiceTimeouts& timeouts) {
  Mapping keys(value);
  keys.duration("response_header", timeouts.response_header, Millis{1}, hours{24});
  keys.duration("stream_idle", timeouts.stream_idle, Millis{1}, hours{24});
  keys.duration("request", timeouts.request, Millis{0}, hours{24 * 7});
}

/// "10/s", "600/m", "1000/h".
bool parse_rate(const Value& value, RateLimit& limit) {
  const auto text = value.text();
  if (!text) return false;
  const std::size_t slash = std::min(text->find('/'), text->size());
  const auto number = parse_whole<std::uint32_t>(std::string_view(*text).substr(0, slash));
  const std::string_view unit = std::string_view(*text).substr(slash);
  const bool is_number = number && *number > 0 && *number <= kMaxRequests;
  const Millis period = unit == "/s"   ? Millis(seconds{1})
                        : unit == "/m" ? Millis(minutes{1})
                        : unit == "/h" ? Millis(hours{1})
                                       : Millis{0};
  if (is_number && period.count() > 0) {
    limit.requests = limit.burst = *number;
    limit.period = period;
    return true;
  }
  value.problem("must be a rate from 1 to 1000000 like 10/s, 600/m or 1000/h, not " +
                quoted(*text));
  return false;
}

std::optional<RateLimit> parse_rate_limit(const Value& value) {
  if (value.is("off")) return std::nullopt;
  RateLimit limit;
  Mapping keys(value);
  if (const auto rate = keys.find("rate"))
    parse_rate(*rate, limit);
  else if (value.is_mapping() && !keys.has("rate"))
    value.problem("has no rate", "give it one, like rate: 10/s");
  keys.integer("burst", limit.burst, 1, kMaxRequests);
  if (const auto key = keys.find("key")) {
    constexpr std::string_view kHeader = "header:";
    const auto text = key->text();
    if (text && text->starts_with(kHeader)) {
      Node name = key->node();
      name.text.erase(0, kHeader.size());
      if (auto given = parse_header_name(Value(name, key->path(), "", value.report())))
        limit.header = std::move(*given);
    } else if (text && *text != "client_address") {
      key->problem("must be client_address or header:NAME, not " + quoted(*text));
    }
  }
  return limit;
}

Route parse_route(const std::string& name, const Value& value, const Service& service) {
  Route route;
  route.name = name;
  route.actions = service.actions;
  route.timeouts = service.timeouts;
  if (route.actions.rate_limit) route.actions.rate_limit->is_inherited = true;
  Mapping keys(value);
  if (const auto match = keys.find("match")) {
    route.match = parse_matches(*match);
  } else if (value.is_mapping() && !keys.has("match")) {
    value.problem("has no match, so that no request reaches it", "add match: { listener: NAME }");
  }
  RouteActions& actions = route.actions;
  const auto redirect = keys.find("redirect");
  const auto respond = keys.find("respond");
  const auto rewrite = keys.find("rewrite");
  if (redirect) actions.redirect = parse_redirect_to(*redirect);
  if (respond) actions.respond = parse_fixed_response(*respond);
  if (rewrite) {
    Mapping rewrite_keys(*rewrite);
    actions.rewrite = parse_new_path_keys(rewrite_keys);
    if (rewrite->is_mapping() && actions.rewrite.kind == NewPath::Kind::same &&
        !value.report().touches(rewrite->path()))
      rewrite->problem("must have a path or a prefix");
  }
  if (redirect && respond) respond->problem("excludes redirect", "keep one of the two");
  if (rewrite && (redirect || respond))
    rewrite->problem("means nothing where no target is asked", "remove it");
  parse_actions(keys, actions);
  if (const auto timeouts = keys.section("timeouts"))
    parse_route_timeouts(*timeouts, route.timeouts);
  if (const auto limits = keys.section("limits")) {
    Mapping limit_keys(*limits);
    parse_body_limit(limit_keys, actions);
  }
  return route;
}

}  // namespace

void parse_body_limit(Mapping& keys, RouteActions& actions) {
  keys.integer("request_body_bytes", actions.request_body_bytes, 0, kMaxBodyBytes);
}

void parse_actions(Mapping& keys, RouteActions& actions) {
  if (const auto compress = keys.find("compress")) actions.compress = parse_compression(*compress);
  if (const auto edits = keys.section("request_headers"))
    actions.request_headers = parse_edits(*edits, Direction::request);
  keys.choice<bool>("request_trailers", actions.passes_request_trailers,
                    {{"drop", false}, {"pass", true}});
  if (const auto limit = keys.find("rate_limit")) actions.rate_limit = parse_rate_limit(*limit);
  parse_addresses(keys, actions.addresses);
  if (const auto basic = keys.find("basic_auth")) actions.basic_auth = parse_basic_auth(*basic);
  if (const auto forward = keys.find("forward_auth"))
    actions.forward_auth = parse_forward_auth(*forward);
  if (const auto edits = keys.section("response_headers"))
    actions.response_headers = parse_edits(*edits, Direction::response);
}

void parse_routes(Mapping& keys, Service& service) {
  if (const auto routes = keys.section("routes"))
    for (const auto& [name, route] : routes->named(kMaxRoutes))
      service.routes.push_back(parse_route(name, route, service));
  // After they were inherited: what one route does without is not removed from its requests.
  keep_for_teal(service.actions);
  for (Route& route : service.routes) keep_for_teal(route.actions);
}

std::vector<std::string> parse_set_names(const Value& value, std::size_t most) {
  std::vector<std::string> names;
  for (const Value& item : value.items_or_one(most))
    if (auto name = parse_edited_name(item, Direction::request)) names.push_back(std::move(*name));
  return names;
}

std::optional<std::string> parse_header_name(const Value& value) {
  const auto name = value.word(kMaxNameLength);
  if (!name) return std::nullopt;
  if (!is_token(*name)) {
    value.problem(quoted(*name) + " cannot be a header's name");
    return std::nullopt;
  }
  return to_lower_copy(*name);
}

std::optional<std::string> parse_header_value(const Value& value) {
  auto text = value.text();
  if (!text) return std::nullopt;
  const bool is_padded = !text->empty() && (text->front() == ' ' || text->back() == ' ');
  if (!is_padded) return text;
  value.problem("must not begin or end with a blank");
  return std::nullopt;
}

}  // namespace teal::config
