// How services, their groups and their targets are read.
#include <algorithm>

#include "base/ascii.h"
#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxStatuses = 100;
constexpr std::size_t kMaxTokenLength = 128;
constexpr std::size_t kMaxUpgrades = 10;
constexpr std::uint32_t kMany = 1'000'000;

Group parse_group(const Value& value) {
  Group group;
  Mapping keys(value);
  if (const auto revision = keys.find("revision"))
    if (const auto given = parse_revision(*revision)) group.revision = *given;
  if (const auto targets = keys.find("targets")) group.targets = parse_targets(*targets);
  if (!group.targets.empty() && !keys.has("revision"))
    value.report().add_at(value.path(), "has targets but no revision",
                          "name the release they run, like revision: v1");
  return group;
}

std::optional<HashOn> parse_hash_on(const Value& value) {
  const std::optional<std::string> given = value.text();
  if (!given) return std::nullopt;
  if (*given == "client_address") return HashOn{HashOn::Kind::client_address, ""};
  if (*given == "path") return HashOn{HashOn::Kind::path, ""};
  for (const auto& [prefix, kind] :
       {std::pair{std::string_view("header:"), HashOn::Kind::header},
        std::pair{std::string_view("cookie:"), HashOn::Kind::cookie}}) {
    if (!given->starts_with(prefix)) continue;
    std::string name = given->substr(prefix.size());
    if (!is_token(name) || name.size() > kMaxTokenLength) break;
    if (kind == HashOn::Kind::header) name = to_lower_copy(name);
    return HashOn{kind, std::move(name)};
  }
  value.problem("must be client_address, path, header:NAME or cookie:NAME, not " + quoted(*given));
  return std::nullopt;
}

std::optional<Sticky> parse_sticky(const Value& value, const std::string& service) {
  Sticky sticky;
  sticky.cookie = "teal_" + service;
  if (value.is("true")) return sticky;
  if (value.is("false")) return std::nullopt;
  if (!value.is_mapping()) {
    value.problem("must be true, false or a mapping with cookie, max_age and secure");
    return std::nullopt;
  }
  Mapping keys(value);
  if (const auto cookie = keys.find("cookie")) {
    const auto name = cookie->word(kMaxTokenLength);
    if (name && is_token(*name)) sticky.cookie = *name;
    if (name && !is_token(*name)) cookie->problem(quoted(*name) + " cannot be a cookie's name");
  }
  keys.duration("max_age", sticky.max_age, seconds{1}, hours{24 * 365});
  keys.boolean("secure", sticky.secure);
  return sticky;
}

void parse_expect(Mapping& keys, HealthCheck& health) {
  const auto expect = keys.find("expect");
  if (!expect) return;
  if (health.kind != HealthCheck::Kind::http) expect->problem("belongs to http checks only");
  std::vector<StatusRange> ranges;
  for (const Value& item : expect->items_or_one(kMaxStatuses))
    if (const auto range = parse_statuses(item)) ranges.push_back(*range);
  if (expect->is_list() && expect->node().items.empty())
    expect->problem("must name at least one status");
  if (!ranges.empty()) health.expect = std::move(ranges);
}

/// The whole server (true, or an empty name), or a service of it.
void parse_grpc_check(const Value& value, HealthCheck& health) {
  health.kind = HealthCheck::Kind::grpc;
  const std::optional<std::string> given = value.text();
  if (!given || given->empty() || value.is("true")) return;
  const bool is_name =
      given->size() <= kMaxTokenLength && std::all_of(given->begin(), given->end(), [](char c) {
        return is_alnum(c) || c == '_' || c == '.' || c == '-' || c == '/';
      });
  if (is_name)
    health.grpc_service = *given;
  else
    value.problem("must be true or the name of a gRPC service, not " + quoted(*given));
}

/// Which of the kinds of check it is; says so where it is not one.
void parse_check(Mapping& keys, HealthCheck& health) {
  const auto http = keys.find("http");
  const auto tcp = keys.find("tcp");
  const auto grpc = keys.find("grpc");
  if (int{http.has_value()} + int{tcp.has_value()} + int{grpc.has_value()} != 1) {
    if (!keys.self().report().touches(keys.self().path()))
      keys.self().report().add_at(keys.self().path(), "must have one of http, grpc and tcp",
                                  "write http: /healthz, grpc: true or tcp: true");
    if (!http && !tcp && !grpc) return;
  }
  if (http) {
    health.kind = HealthCheck::Kind::http;
    if (const auto path = parse_url_path(*http)) health.path = *path;
  } else if (grpc) {
    parse_grpc_check(*grpc, health);
  } else if (!tcp->is("true")) {
    tcp->problem("must be true", "leave health out for no checks at all");
  }
}

HealthCheck parse_health(const Value& value) {
  HealthCheck health;
  Mapping keys(value);
  parse_check(keys, health);
  if (const auto host = keys.find("host")) {
    if (const auto given = parse_authority(*host)) health.host = *given;
    if (health.kind == HealthCheck::Kind::tcp)
      host->problem("belongs to http and grpc checks only");
  }
  parse_expect(keys, health);
  keys.duration("interval", health.interval, Millis{10}, hours{1});
  // What is not given follows a short interval; what is given must fit.
  health.fast_interval = std::min(health.fast_interval, health.interval);
  health.timeout = std::min(health.timeout, health.interval);
  keys.duration("fast_interval", health.fast_interval, Millis{10}, hours{1});
  keys.duration("timeout", health.timeout, Millis{1}, hours{1});
  if (const auto jitter = keys.find("jitter"))
    if (const auto percent = jitter->percent(0, 50)) health.jitter_percent = *percent;
  keys.integer("rise", health.rise, 1, 100);
  keys.integer("fall", health.fall, 1, 100);
  for (const auto& [key, given] : {std::pair{std::string("fast_interval"), health.fast_interval},
                                   std::pair{std::string("timeout"), health.timeout}})
    if (given > health.interval)
      value.report().add_at(value.path() + '.' + key,
                            "must not be longer than the interval (" +
                                format_duration(health.interval) + "), not " +
                                format_duration(given),
                            "lower it or raise the interval");
  return health;
}

void parse_timeouts(const Value& value, ServiceTimeouts& timeouts) {
  Mapping keys(value);
  keys.duration("connect", timeouts.connect, Millis{1}, minutes{10});
  keys.duration("response_header", timeouts.response_header, Millis{1}, hours{24});
  keys.duration("request_body_idle", timeouts.request_body_idle, Millis{1}, hours{24});
  keys.duration("stream_idle", timeouts.stream_idle, Millis{1}, hours{24});
  keys.duration("request", timeouts.request, Millis{0}, hours{24 * 7});
  keys.duration("upstream_idle", timeouts.upstream_idle, Millis{1}, hours{1});
  keys.duration("queue", timeouts.queue, Millis{1}, minutes{10});
  keys.duration("tunnel_idle", timeouts.tunnel_idle, Millis{1}, hours{24 * 7});
  keys.duration("tunnel_drain", timeouts.tunnel_drain, Millis{1}, hours{24});
}

void parse_limits(const Value& value, Service& service) {
  ServiceLimits& limits = service.limits;
  Mapping keys(value);
  keys.integer("in_flight_per_target", limits.in_flight_per_target, 0, kMany);
  keys.integer("in_flight_per_group", limits.in_flight_per_group, 0, kMany);
  keys.integer("pending", limits.pending, 0, kMany);
  if (const auto idle = keys.find("idle_per_target"); idle && !idle->is("none")) {
    if (idle->is_number())
      limits.idle_per_target = idle->integer(0, kMany);
    else
      idle->problem("must be none or a whole number from 0 to 1000000");
  }
  parse_body_limit(keys, service.actions);
}

void parse_host_header(const Value& value, HostHeader& header) {
  constexpr std::string_view kLiteral = "literal:";
  if (value.node().kind == Node::Kind::scalar && value.node().text.starts_with(kLiteral)) {
    Node host = value.node();
    host.text.erase(0, kLiteral.size());
    if (const auto given = parse_authority(Value(host, value.path(), "", value.report())))
      header = HostHeader{HostHeader::Kind::literal, *given};
    return;
  }
  const auto given = value.text();
  if (!given) return;
  if (*given == "preserve")
    header = HostHeader{};
  else if (*given == "target")
    header.kind = HostHeader::Kind::target;
  else
    value.problem("must be preserve, target or literal:NAME, not " + quoted(*given));
}

void parse_balance(Mapping& keys, Service& service) {
  keys.choice<Balance>("balance", service.balance,
                       {{"round_robin", Balance::round_robin},
                        {"least_request", Balance::least_request},
                        {"consistent_hash", Balance::consistent_hash}});
  const auto hash_on = keys.find("hash_on");
  if (!hash_on) return;
  if (const auto given = parse_hash_on(*hash_on)) service.hash_on = *given;
  if (service.balance != Balance::consistent_hash &&
      !keys.self().report().touches(keys.self().path() + ".balance"))
    keys.self().report().add_at(hash_on->path(), "means nothing without balance: consistent_hash",
                                "set balance: consistent_hash or remove hash_on");
}

/// An upgrade to another HTTP or to TLS would take the rest of the connection out of sight.
bool is_own_affair(std::string_view protocol) {
  return protocol.starts_with("h2") || protocol.starts_with("http") || protocol.starts_with("tls");
}

std::vector<std::string> parse_upgrades(const Value& value) {
  std::vector<std::string> upgrades;
  if (value.is("off") || value.is("false")) return upgrades;
  for (const Value& item : value.items(kMaxUpgrades)) {
    const auto given = item.word(kMaxTokenLength);
    if (!given) continue;
    std::string protocol = to_lower_copy(*given);
    if (!is_token(protocol))
      item.problem(quoted(protocol) + " cannot be the name of a protocol");
    else if (is_own_affair(protocol))
      item.problem(quoted(protocol) + " is not for requests to choose",
                   "HTTP/2 is the http2 of a listener");
    else
      upgrades.push_back(std::move(protocol));
  }
  return upgrades;
}

void parse_upstream(const Value& value, UpstreamSettings& upstream) {
  Mapping keys(value);
  keys.choice<TargetProtocol>("protocol", upstream.protocol,
                              {{"http1", TargetProtocol::http1},
                               {"http2", TargetProtocol::http2},
                               {"auto", TargetProtocol::automatic}});
  keys.integer("concurrent_streams", upstream.concurrent_streams, 1, 10'000);
  keys.duration("ping_after", upstream.ping_after, Millis{10}, hours{24});
  keys.duration("ping_timeout", upstream.ping_timeout, Millis{10}, hours{1});
  keys.choice<std::optional<ProxyVersion>>(
      "proxy_protocol", upstream.proxy_protocol,
      {{"v1", ProxyVersion::v1}, {"v2", ProxyVersion::v2}, {"off", std::nullopt}});
  if (upstream.proxy_protocol && upstream.protocol != TargetProtocol::http1)
    keys.self().report().add_at(keys.self().path() + ".proxy_protocol",
                                "names one client, but a connection of HTTP/2 is shared by many",
                                "use protocol: http1, or leave proxy_protocol out");
}

}  // namespace

Service parse_service(const std::string& name, const Value& value) {
  Service service;
  service.name = name;
  Mapping keys(value);
  if (const auto match = keys.find("match")) service.match = parse_matches(*match);
  for (const Colour colour : kColours)
    if (const auto group = keys.section(to_string(colour)))
      service.groups[colour] = parse_group(*group);
  keys.choice<Colour>("live", service.live, {{"blue", Colour::blue}, {"green", Colour::green}});
  if (const auto discover = keys.find("discover")) parse_discover(*discover, service);
  parse_balance(keys, service);
  if (const auto sticky = keys.find("sticky")) service.sticky = parse_sticky(*sticky, name);
  if (const auto health = keys.section("health")) service.health = parse_health(*health);
  parse_resilience(keys, service);
  if (const auto timeouts = keys.section("timeouts")) parse_timeouts(*timeouts, service.timeouts);
  if (const auto limits = keys.section("limits")) parse_limits(*limits, service);
  if (const auto header = keys.find("host_header")) parse_host_header(*header, service.host_header);
  keys.boolean("allow_own", service.allows_own);
  if (const auto upgrades = keys.find("upgrades")) service.upgrades = parse_upgrades(*upgrades);
  if (const auto metrics = keys.section("metrics")) {
    Mapping metric_keys(*metrics);
    metric_keys.boolean("per_target", service.metrics.per_target);
  }
  if (const auto upstream = keys.section("upstream")) parse_upstream(*upstream, service.upstream);
  if (service.health)
    service.health->http2 = service.health->kind == HealthCheck::Kind::grpc ||
                            service.upstream.protocol == TargetProtocol::http2;
  if (const auto tls = keys.find("tls"); tls && !tls->is("false"))
    service.tls = parse_target_tls(*tls);
  if (const auto pages = keys.find("error_pages")) service.error_pages = parse_error_pages(*pages);
  parse_actions(keys, service.actions);
  parse_routes(keys, service);
  if (const auto deploy = keys.section("deploy")) {
    Mapping deploy_keys(*deploy);
    parse_deploy(deploy_keys, service.deploy);
  }
  return service;
}

}  // namespace teal::config
