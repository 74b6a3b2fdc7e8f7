#include "tests/support/sim_random_keys.h"

#include <initializer_list>

#include "tests/support/sim_names.h"

namespace teal::sim {
namespace {

using Context = KeyContext;

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

const char* one_of(Rng& rng, std::initializer_list<const char*> texts) {
  return texts.begin()[rng.below(static_cast<std::uint32_t>(texts.size()))];
}

/// "key: { a: b, c: d }" of those that are drawn.
class Mapping {
 public:
  Mapping& add(const std::string& key, const std::string& value) {
    text_ += (text_.empty() ? "" : ", ") + key + ": " + value;
    return *this;
  }
  Mapping& add_some(Rng& rng, const char* key, std::initializer_list<const char*> values) {
    return happens(rng, 50) ? add(key, one_of(rng, values)) : *this;
  }
  bool empty() const { return text_.empty(); }
  std::string braced() const { return "{ " + text_ + " }"; }
  /// Empty where it has nothing.
  std::string under(const std::string& key) const { return empty() ? "" : key + ": " + braced(); }

 private:
  std::string text_;
};

/// "[ a, b ]" of one or more of them, in their order.
std::string some_of(Rng& rng, std::initializer_list<const char*> texts) {
  std::string list;
  for (const char* text : texts)
    if (happens(rng, 40)) list += (list.empty() ? "" : ", ") + std::string(text);
  return "[ " + (list.empty() ? one_of(rng, texts) : list) + " ]";
}

// ---- which requests -----------------------------------------------------------------------------

std::string make_methods(Rng& rng) {
  std::string list;
  for (const Name method : kMethods)
    if (happens(rng, 35)) list += (list.empty() ? "" : ", ") + std::string(method);
  return list.empty() ? "[ GET ]" : "[ " + list + " ]";
}

std::string make_headers(Rng& rng) {
  std::string list;
  for (const AskedHeader& header : kHeaders) {
    if (!happens(rng, 35)) continue;
    Mapping keys;
    keys.add("name", std::string(header.name));
    if (!header.kind.empty()) keys.add(std::string(header.kind), quoted(header.value));
    list += (list.empty() ? "" : ", ") + keys.braced();
  }
  return list.empty() ? "[ { name: x-api-key } ]" : "[ " + list + " ]";
}

/// Empty: somebody has it already.
std::string make_match(Context& context, bool may_be_exact) {
  Rng& rng = context.rng;
  Mapping match;
  const auto count = static_cast<std::uint32_t>(context.listeners.size());
  match.add("listener", context.listeners[rng.below(count)]);
  if (const Name host = pick(rng, kHosts); !host.empty()) match.add("host", quoted(host));
  match.add(may_be_exact && happens(rng, 30) ? "exact_path" : "path", quoted(pick(rng, kPaths)));
  if (happens(rng, 20)) match.add("methods", make_methods(rng));
  if (happens(rng, 20)) match.add("headers", make_headers(rng));
  return context.taken.insert(match.braced()).second ? match.braced() : "";
}

std::string make_matches(Context& context, std::uint32_t most, bool may_be_exact) {
  std::string list;
  for (std::uint32_t left = 1 + context.rng.below(most); left > 0; --left) {
    const std::string match = make_match(context, may_be_exact);
    if (!match.empty()) list += (list.empty() ? "" : ", ") + match;
  }
  return list.empty() ? "" : "match: [ " + list + " ]";
}

// ---- what routes and services say ---------------------------------------------------------------

std::string make_edits(Context& context, const char* key, bool is_of_request) {
  Rng& rng = context.rng;
  Mapping edits;
  const char* const name = one_of(rng, {"x-edge", "x-trail", "x-shop", "vary"});
  const char* const value = one_of(rng, {"teal", "a, b", "de"});
  const std::string field = Mapping().add("name", name).add("value", quoted(value)).braced();
  if (happens(rng, 60)) edits.add("set", field);
  if (happens(rng, 40)) edits.add("add", "[ " + field + " ]");
  if (happens(rng, 40))
    edits.add("remove", is_of_request ? some_of(rng, {"x-internal", "cookie", "accept-language"})
                                      : some_of(rng, {"server", "x-powered-by", "x-user"}));
  return edits.under(key);
}

std::string request_edits(Context& context) {
  return make_edits(context, "request_headers", true);
}

std::string response_edits(Context& context) {
  return make_edits(context, "response_headers", false);
}

std::string request_trailers(Context& context) {
  return std::string("request_trailers: ") + one_of(context.rng, {"drop", "pass"});
}

/// Buckets are full again within a minute.
std::string rate_limit(Context& context) {
  Rng& rng = context.rng;
  if (happens(rng, 20)) return "rate_limit: off";
  return Mapping()
      .add("rate", one_of(rng, {"1/s", "20/s", "60/m", "600/h"}))
      .add("burst", one_of(rng, {"1", "3", "10"}))
      .add("key", one_of(rng, {"client_address", "header:x-api-key", "header:x-shop"}))
      .under("rate_limit");
}

std::string addresses(Context& context) {
  Rng& rng = context.rng;
  std::string text;
  if (happens(rng, 50))
    text = std::string("allow: ") + one_of(rng, {"all", "[ 10.0.0.0/8, 127.0.0.0/8, unix ]",
                                                 "[ 0.0.0.0/0 ]", "[ 0.0.0.0/0, \"::/0\" ]"});
  if (text.empty() || happens(rng, 50))
    text += std::string(text.empty() ? "" : "\n") +
            "deny: " + one_of(rng, {"none", "[ 10.66.0.0/16 ]", "[ \"2001:db8::/32\" ]", "unix"});
  return text;
}

std::string basic_auth(Context& context) {
  Rng& rng = context.rng;
  if (happens(rng, 20)) return "basic_auth: off";
  return Mapping()
      .add("file", quoted(context.folder + one_of(rng, {"/u0.htpasswd", "/u1.htpasswd"})))
      .add("realm", one_of(rng, {"office", "shop"}))
      .add("forward", one_of(rng, {"true", "false"}))
      .under("basic_auth");
}

std::string forward_auth(Context& context) {
  Rng& rng = context.rng;
  if (context.auths.empty()) return "";
  if (happens(rng, 20)) return "forward_auth: off";
  const auto count = static_cast<std::uint32_t>(context.auths.size());
  Mapping keys;
  keys.add("service", context.auths[rng.below(count)]);
  keys.add_some(rng, "path", {"/verify", "\"/check?a=b\""});
  keys.add_some(rng, "timeout", {"1s", "5s", "30s"});
  keys.add_some(rng, "copy_request_headers", {"all", "[ cookie, authorization ]", "[ x-shop ]"});
  keys.add_some(rng, "copy_response_headers", {"[ x-user ]", "[ x-user, x-groups ]"});
  keys.add_some(rng, "cache", {"off", "{ key: [ cookie ], for: 10s }", "{ key: x-shop, for: 1m }"});
  return keys.under("forward_auth");
}

std::string compress(Context& context) {
  Rng& rng = context.rng;
  if (happens(rng, 30)) return std::string("compress: ") + one_of(rng, {"true", "false"});
  return Mapping()
      .add("algorithms", some_of(rng, {"br", "gzip"}))
      .add("min_bytes", one_of(rng, {"0", "1000", "100000"}))
      .under("compress");
}

std::string error_pages(Context& context) {
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

std::string route_timeouts(Context& context) {
  Mapping keys;
  keys.add_some(context.rng, "response_header", {"5s", "10s", "1m"});
  keys.add_some(context.rng, "stream_idle", {"7s", "70s"});
  keys.add_some(context.rng, "request", {"0s", "20s", "2h"});
  return keys.under("timeouts");
}

std::string route_limits(Context& context) {
  return Mapping()
      .add("request_body_bytes", one_of(context.rng, {"0", "50", "65536"}))
      .under("limits");
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

std::string match(Context& context) {
  return make_matches(context, 4, true);
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
                                "[ { set_weight: 33% }, { bake: 2m }, { set_weight: 50% } ]"}));
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

// ---- routes -------------------------------------------------------------------------------------

std::string redirect(Rng& rng, bool by_prefix) {
  Mapping keys;
  keys.add_some(rng, "status", {"301", "307", "308"});
  keys.add_some(rng, "scheme", {"http", "https"});
  keys.add_some(rng, "host", {"new.example.com", "shop.example.com"});
  keys.add_some(rng, "port", {"80", "8443"});
  keys.add(by_prefix ? "prefix" : "path", one_of(rng, {"/", "/moved", "/a/b"}));
  return keys.under("redirect");
}

std::string respond(Rng& rng) {
  Mapping keys;
  keys.add("status", one_of(rng, {"200", "204", "404", "503"}));
  keys.add_some(rng, "content_type", {"text/html", "text/plain"});
  return keys.under("respond");
}

/// The one thing that a route does besides.
std::string make_action(Rng& rng, bool by_prefix) {
  switch (rng.below(4)) {
    case 0: return redirect(rng, by_prefix);
    case 1: return respond(rng);
    case 2:
      return Mapping()
          .add(by_prefix ? "prefix" : "path", one_of(rng, {"/", "/new", "/a/b"}))
          .under("rewrite");
    default: return "";
  }
}

constexpr KeyMaker kListenerKeys[] = {
    {"error_pages", 25, error_pages},         {"group", 35, group},
    {"limits", 25, listener_limits},          {"paths", 35, paths},
    {"redirect_https", 10, redirect_https},   {"timeouts", 20, listener_timeouts},
    {"trusted_proxies", 40, trusted_proxies}, {"underscores", 30, underscores},
};

constexpr KeyMaker kServiceKeys[] = {
    {"addresses", 15, addresses},
    {"balance", 60, balance},
    {"basic_auth", 12, basic_auth},
    {"compress", 20, compress},
    {"deploy", 70, deploy},
    {"error_pages", 20, error_pages},
    {"forward_auth", 15, forward_auth},
    {"groups", 100, groups},
    {"health", 60, health},
    {"host_header", 25, host_header},
    {"limits", 30, limits},
    {"match", 85, match},
    {"metrics", 25, metrics},
    {"outlier", 25, outlier},
    {"panic", 20, panic},
    {"rate_limit", 12, rate_limit},
    {"request_headers", 25, request_edits},
    {"request_trailers", 10, request_trailers},
    {"response_headers", 25, response_edits},
    {"retry", 30, retry},
    {"shield", 25, shield},
    {"sticky", 35, sticky},
    {"timeouts", 30, timeouts},
    {"tls", 20, tls},
    {"upgrades", 20, upgrades},
    {"upstream", 25, upstream},
};

/// What a route says of what its service says too.
constexpr KeyMaker kRouteKeys[] = {
    {"addresses", 20, addresses},
    {"basic_auth", 15, basic_auth},
    {"compress", 15, compress},
    {"forward_auth", 20, forward_auth},
    {"limits", 20, route_limits},
    {"rate_limit", 15, rate_limit},
    {"request_headers", 25, request_edits},
    {"request_trailers", 10, request_trailers},
    {"response_headers", 25, response_edits},
    {"timeouts", 25, route_timeouts},
};

}  // namespace

std::span<const KeyMaker> listener_keys() {
  return kListenerKeys;
}

std::span<const KeyMaker> service_keys() {
  return kServiceKeys;
}

std::string make_route(KeyContext& context) {
  Rng& rng = context.rng;
  const bool by_prefix = happens(rng, 50);
  const std::string action = make_action(rng, by_prefix);
  std::string text = make_matches(context, 3, action.empty() || !by_prefix);
  if (text.empty()) return "";
  if (!action.empty()) text += '\n' + action;
  for (const KeyMaker& each : kRouteKeys) {
    if (!happens(rng, each.percent)) continue;
    const std::string made = each.make(context);
    if (!made.empty()) text += '\n' + made;
  }
  return text;
}

std::string own_match(const KeyContext& context) {
  return "match: { listener: " + context.listeners.front() + ", path: /only/" + context.self + " }";
}

}  // namespace teal::sim
