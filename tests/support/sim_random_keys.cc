#include "tests/support/sim_random_keys.h"

#include "tests/support/sim_names.h"
#include "tests/support/sim_route_keys.h"
#include "tests/support/sim_yaml.h"

namespace teal::sim {
namespace {

using Context = KeyContext;

std::string error_pages(KeyContext& context) {
  Rng& rng = context.rng;
  const auto page = [&] {
    Mapping keys;
    keys.add("status", one_of(rng, {"[ 403-404 ]", "503", "[ 400-499 ]", "[ 500-599 ]", "413"}));
    keys.add("file", quoted(context.folder + one_of(rng, {"/p0.html", "/p1.json", "/p2.txt"})));
    keys.add_some(rng, "content_type", {"text/plain", "application/problem+json"});
    return keys.braced();
  };
  const std::string first = page();
  return "error_pages: [ " + first + (happens(rng, 50) ? ", " + page() : "") + " ]";
}

// ---- what services say alone --------------------------------------------------------------------

/// So many targets of the service from the nth on; of two groups others.
std::string make_targets(Context& context, std::uint32_t first) {
  Rng& rng = context.rng;
  std::string list;
  for (std::uint32_t i = 0; i < 5; ++i) {
    if (i > 0 && !happens(rng, 40)) continue;
    const std::string place = context.self + std::to_string(first + i);
    const std::string port = std::to_string(9000 + first + i);
    // By the service's name others than its neighbours'.
    const std::string net = std::to_string(context.self.size() + context.self[1]);
    const char* const kind = one_of(rng, {"ip4", "ip4", "ip4", "ip6", "unix"});
    const std::string address = kind == std::string_view("ip4")   ? "10.1." + net + ".1:" + port
                                : kind == std::string_view("ip6") ? "[fd00::" + net + "]:" + port
                                                                  : "unix:/run/" + place + ".sock";
    list += (list.empty() ? "" : ", ") + quoted(address);
  }
  return "[ " + list + " ]";
}

std::string groups(Context& context) {
  Rng& rng = context.rng;
  const auto group = [&](std::uint32_t first) {
    return Mapping()
        .add("revision", std::string(pick(rng, kRevisions)))
        .add("targets", make_targets(context, first))
        .braced();
  };
  const bool is_green = happens(rng, 30);
  std::string text = std::string(is_green ? "green" : "blue") + ": " + group(1);
  if (happens(rng, 60)) text += std::string(is_green ? "\nblue" : "\ngreen") + ": " + group(11);
  if (is_green) text += "\nlive: green";
  return text;
}

/// A source always names the same revision: else it is another one after a reload, but to a start
/// the one that the store knows.
std::string discover(Context& context) {
  Rng& rng = context.rng;
  std::string list;
  for (const char* const source :
       {"dns: \"app.internal:9001\", revision: v1", "file: /run/teal/found.json, revision: v2"})
    if (happens(rng, 60))
      list += std::string(list.empty() ? "" : ", ") + "{ " + source +
              one_of(rng, {"", ", allow_empty: true"}) + " }";
  return list.empty() ? "" : "discover: [ " + list + " ]";
}

std::string match(Context& context) {
  return make_matches(context, 6, true);
}

std::string balance(Context& context) {
  Rng& rng = context.rng;
  if (happens(rng, 50))
    return std::string("balance: consistent_hash\nhash_on: ") +
           one_of(rng, {"client_address", "path", "header:x-shop", "cookie:session"});
  return std::string("balance: ") + one_of(rng, {"round_robin", "least_request"}) +
         (happens(rng, 40) ? "\nslow_start: { window: 10s, least: 20% }" : "");
}

std::string sticky(Context& context) {
  Rng& rng = context.rng;
  Mapping keys;
  keys.add_some(rng, "cookie", {"kept", "side"});
  keys.add_some(rng, "max_age", {"1h", "1d", "3d"});
  keys.add_some(rng, "secure", {"true", "false"});
  return keys.empty() ? "sticky: true" : keys.under("sticky");
}

std::string health(Context& context) {
  Rng& rng = context.rng;
  Mapping keys;
  const std::string kind = one_of(rng, {"http", "tcp", "grpc"});
  keys.add(kind, kind == "http" ? "/healthz" : "true");
  keys.add_some(rng, "interval", {"2s", "10s"});
  keys.add_some(rng, "rise", {"1", "4"});
  return keys.under("health");
}

std::string outlier(Context& context) {
  if (happens(context.rng, 30)) return "outlier: off";
  Mapping keys;
  keys.add_some(context.rng, "consecutive_failures", {"0", "2", "9"});
  keys.add_some(context.rng, "success_rate", {"off", "{ targets: 2 }"});
  return keys.under("outlier");
}

std::string panic(Context& context) {
  return std::string("panic: ") + one_of(context.rng, {"off", "{ below: 50% }", "{ below: 100% }"});
}

std::string retry(Context& context) {
  if (happens(context.rng, 20)) return "retry: off";
  Mapping keys;
  keys.add("on", some_of(context.rng, {"connect_failure", "reset", "502", "503", "5xx"}));
  keys.add_some(context.rng, "attempts", {"1", "2", "5"});
  keys.add_some(context.rng, "budget_least", {"0", "3"});
  return keys.under("retry");
}

std::string shield(Context& context) {
  if (happens(context.rng, 30)) return "shield: off";
  Mapping keys;
  keys.add_some(context.rng, "on", {"connect_failure", "[ 503 ]", "[ reset, 5xx ]"});
  keys.add_some(context.rng, "header", {"trusted", "everybody", "nobody"});
  return keys.under("shield");
}

std::string timeouts(Context& context) {
  Mapping keys;
  keys.add_some(context.rng, "connect", {"1s", "3s"});
  keys.add_some(context.rng, "response_header", {"30s", "2m"});
  keys.add_some(context.rng, "request", {"0s", "1m"});
  keys.add_some(context.rng, "upstream_idle", {"1s", "3s"});
  keys.add_some(context.rng, "queue", {"2s", "10s"});
  return keys.under("timeouts");
}

std::string limits(Context& context) {
  Mapping keys;
  keys.add_some(context.rng, "in_flight_per_target", {"0", "2", "50"});
  keys.add_some(context.rng, "in_flight_per_group", {"0", "3", "100"});
  keys.add_some(context.rng, "pending", {"0", "10"});
  keys.add_some(context.rng, "idle_per_target", {"none", "0", "5"});
  keys.add_some(context.rng, "request_body_bytes", {"0", "60", "100000"});
  return keys.under("limits");
}

std::string host_header(Context& context) {
  return std::string("host_header: ") +
         one_of(context.rng, {"preserve", "target", "literal:inner.example.com"});
}

std::string upstream(Context& context) {
  Rng& rng = context.rng;
  if (happens(rng, 40))
    return std::string("upstream: { proxy_protocol: ") + one_of(rng, {"v1", "v2", "off"}) + " }";
  Mapping keys;
  keys.add_some(rng, "protocol", {"http1", "http2", "auto"});
  keys.add_some(rng, "concurrent_streams", {"1", "10"});
  return keys.under("upstream");
}

std::string upgrades(Context& context) {
  return std::string("upgrades: ") + one_of(context.rng, {"off", "[ websocket ]", "[ chat, x ]"});
}

std::string tls(Context& context) {
  return std::string("tls: ") + one_of(context.rng, {"false", "{ verify: false }",
                                                     "{ verify: false, server_name: in.example }"});
}

std::string metrics(Context& context) {
  return std::string("metrics: { per_target: ") + one_of(context.rng, {"true", "false"}) + " }";
}

std::string deploy(Context& context) {
  Rng& rng = context.rng;
  Mapping keys;
  keys.add("plan", one_of(rng, {"AllAtOnce", "[ { set_weight: 10% }, { bake: 1m }, { gate: qa } ]",
                                "[ { set_weight: 33% }, { bake: 2h }, { set_weight: 50% } ]"}));
  keys.add_some(
      rng, "alarms",
      {"{ pager: { external: true } }", "{ errors: { error_rate: \"> 1%\", paths: [ /a ] } }"});
  keys.add_some(rng, "exposure_budget", {"0", "5"});
  keys.add_some(rng, "keep_old", {"0s", "10m"});
  return keys.under("deploy");
}

// ---- listeners ----------------------------------------------------------------------------------

std::string group(Context& context) {
  return std::string("group: ") + one_of(context.rng, {"split", "live", "idle"});
}

std::string trusted_proxies(Context& context) {
  return std::string("trusted_proxies: ") +
         one_of(context.rng, {"[ 10.0.0.0/8 ]", "[ 127.0.0.1, 10.66.0.0/16 ]", "[ \"::/0\" ]"});
}

std::string redirect_https(Context& context) {
  return std::string("redirect_https: ") + one_of(context.rng, {"true", "{ port: 8443 }"});
}

std::string paths(Context& context) {
  Rng& rng = context.rng;
  if (happens(rng, 40)) return std::string("paths: ") + one_of(rng, {"strict", "pass"});
  Mapping keys;
  keys.add_some(rng, "dot_segments", {"normalise", "refuse", "pass"});
  keys.add_some(rng, "double_slashes", {"refuse", "pass"});
  keys.add_some(rng, "needless_escapes", {"refuse", "pass"});
  keys.add_some(rng, "encoded_slashes", {"normalise", "refuse"});
  keys.add_some(rng, "parameters", {"strip", "refuse", "pass"});
  return keys.under("paths");
}

std::string underscores(Context& context) {
  return std::string("underscores: ") + one_of(context.rng, {"drop", "pass", "refuse"});
}

std::string listener_timeouts(Context& context) {
  Mapping keys;
  keys.add_some(context.rng, "request_header", {"5s", "20s"});
  keys.add_some(context.rng, "keep_alive", {"30s", "2m"});
  return keys.under("timeouts");
}

std::string listener_limits(Context& context) {
  Mapping keys;
  keys.add_some(context.rng, "connections_per_client", {"0", "10"});
  keys.add_some(context.rng, "request_line_bytes", {"256", "4096"});
  keys.add_some(context.rng, "header_count", {"6", "200"});
  return keys.under("limits");
}

constexpr KeyMaker kListenerKeys[] = {
    {"error_pages", 25, error_pages},         {"group", 35, group},
    {"limits", 25, listener_limits},          {"paths", 35, paths},
    {"redirect_https", 10, redirect_https},   {"timeouts", 20, listener_timeouts},
    {"trusted_proxies", 40, trusted_proxies}, {"underscores", 30, underscores},
};

constexpr KeyMaker kServiceKeys[] = {
    {"addresses", 15, make_addresses},
    {"balance", 60, balance},
    {"basic_auth", 12, make_basic_auth},
    {"compress", 20, make_compress},
    {"deploy", 70, deploy},
    {"discover", 20, discover},
    {"error_pages", 20, error_pages},
    {"forward_auth", 15, make_forward_auth},
    {"groups", 100, groups},
    {"health", 60, health},
    {"host_header", 25, host_header},
    {"limits", 30, limits},
    {"match", 85, match},
    {"metrics", 25, metrics},
    {"outlier", 25, outlier},
    {"panic", 20, panic},
    {"rate_limit", 20, make_rate_limit},
    {"request_headers", 25, make_request_headers},
    {"request_trailers", 10, make_request_trailers},
    {"response_headers", 25, make_response_headers},
    {"retry", 30, retry},
    {"shield", 25, shield},
    {"sticky", 15, sticky},
    {"timeouts", 30, timeouts},
    {"tls", 20, tls},
    {"upgrades", 20, upgrades},
    {"upstream", 25, upstream},
};

}  // namespace

std::span<const KeyMaker> listener_keys() {
  return kListenerKeys;
}

std::span<const KeyMaker> service_keys() {
  return kServiceKeys;
}

}  // namespace teal::sim
