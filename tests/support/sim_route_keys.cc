#include "tests/support/sim_route_keys.h"

#include <algorithm>

#include "tests/support/sim_names.h"
#include "tests/support/sim_yaml.h"

namespace teal::sim {
namespace {

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

/// Empty: somebody has it already, or its listener is not there.
std::string make_match(KeyContext& context, bool may_be_exact) {
  Rng& rng = context.rng;
  Mapping match;
  const std::string listener(pick(rng, kListeners));
  match.add("listener", listener);
  if (const Name host = pick(rng, kHosts); !host.empty()) match.add("host", quoted(host));
  match.add(may_be_exact && happens(rng, 30) ? "exact_path" : "path", quoted(pick(rng, kPaths)));
  if (happens(rng, 20)) match.add("methods", make_methods(rng));
  if (happens(rng, 20)) match.add("headers", make_headers(rng));
  const bool is_there = std::ranges::find(context.listeners, listener) != context.listeners.end();
  return is_there && context.taken.insert(match.braced()).second ? match.braced() : "";
}

std::string make_edits(KeyContext& context, const char* key, bool is_of_request) {
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

// ---- what routes say alone ----------------------------------------------------------------------

std::string route_timeouts(KeyContext& context) {
  Mapping keys;
  keys.add_some(context.rng, "response_header", {"5s", "10s", "1m"});
  keys.add_some(context.rng, "stream_idle", {"7s", "70s"});
  keys.add_some(context.rng, "request", {"0s", "20s", "2h"});
  return keys.under("timeouts");
}

std::string route_limits(KeyContext& context) {
  return Mapping()
      .add("request_body_bytes", one_of(context.rng, {"0", "50", "65536"}))
      .under("limits");
}

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
  const std::string_view status = one_of(rng, {"200", "204", "404", "503"});
  keys.add("status", std::string(status));
  if (status != "204") keys.add_some(rng, "body", {"\"hello\"", "\"User-agent: *\""});
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

/// What a route says of what its service says too.
constexpr KeyMaker kRouteKeys[] = {
    {"addresses", 20, make_addresses},
    {"basic_auth", 15, make_basic_auth},
    {"compress", 15, make_compress},
    {"forward_auth", 20, make_forward_auth},
    {"limits", 20, route_limits},
    {"rate_limit", 15, make_rate_limit},
    {"request_headers", 25, make_request_headers},
    {"request_trailers", 10, make_request_trailers},
    {"response_headers", 25, make_response_headers},
    {"timeouts", 25, route_timeouts},
};

}  // namespace

std::string make_matches(KeyContext& context, std::uint32_t most, bool may_be_exact) {
  std::string list;
  for (std::uint32_t left = 1 + context.rng.below(most); left > 0; --left) {
    const std::string match = make_match(context, may_be_exact);
    if (!match.empty()) list += (list.empty() ? "" : ", ") + match;
  }
  return list.empty() ? "" : "match: [ " + list + " ]";
}

std::string make_request_headers(KeyContext& context) {
  return make_edits(context, "request_headers", true);
}

std::string make_response_headers(KeyContext& context) {
  return make_edits(context, "response_headers", false);
}

std::string make_request_trailers(KeyContext& context) {
  return std::string("request_trailers: ") + one_of(context.rng, {"drop", "pass"});
}

std::string make_rate_limit(KeyContext& context) {
  Rng& rng = context.rng;
  if (happens(rng, 20)) return "rate_limit: off";
  return Mapping()
      .add("rate", one_of(rng, {"1/s", "20/s", "60/m", "600/h"}))
      .add("burst", one_of(rng, {"1", "3", "10"}))
      .add("key", one_of(rng, {"client_address", "header:x-api-key", "header:x-shop"}))
      .under("rate_limit");
}

std::string make_addresses(KeyContext& context) {
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

std::string make_basic_auth(KeyContext& context) {
  Rng& rng = context.rng;
  if (happens(rng, 20)) return "basic_auth: off";
  return Mapping()
      .add("file", quoted(context.folder + one_of(rng, {"/u0.htpasswd", "/u1.htpasswd"})))
      .add("realm", one_of(rng, {"office", "shop"}))
      .add("forward", one_of(rng, {"true", "false"}))
      .under("basic_auth");
}

std::string make_forward_auth(KeyContext& context) {
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

std::string make_compress(KeyContext& context) {
  Rng& rng = context.rng;
  if (happens(rng, 30)) return std::string("compress: ") + one_of(rng, {"true", "false"});
  return Mapping()
      .add("algorithms", some_of(rng, {"br", "gzip"}))
      .add("min_bytes", one_of(rng, {"0", "1000", "100000"}))
      .under("compress");
}

// ---- whole routes -------------------------------------------------------------------------------

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
