// How listeners are read.
#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxProxies = 1000;
constexpr std::uint32_t kMany = 1'000'000;

void parse_timeouts(const Value& value, ListenerTimeouts& timeouts) {
  Mapping keys(value);
  keys.duration("proxy_header", timeouts.proxy_header, Millis{1}, hours{1});
  keys.duration("tls_handshake", timeouts.tls_handshake, Millis{1}, hours{1});
  keys.duration("request_header", timeouts.request_header, Millis{1}, hours{1});
  keys.duration("keep_alive", timeouts.keep_alive, Millis{1}, hours{24});
  keys.duration("half_closed", timeouts.half_closed, Millis{1}, hours{1});
}

void parse_limits(const Value& value, ListenerLimits& limits) {
  Mapping keys(value);
  keys.integer("connections", limits.connections, 1, kMany);
  keys.integer("connections_per_client", limits.connections_per_client, 0, kMany);
  keys.integer("requests_per_connection", limits.requests_per_connection, 0, kMany);
  keys.integer("request_line_bytes", limits.request_line_bytes, 256, 1024 * 1024);
  keys.integer("header_bytes", limits.header_bytes, 1024, 1024 * 1024);
  keys.integer("header_count", limits.header_count, 1, 10'000);
  if (limits.request_line_bytes > limits.header_bytes)
    value.problem("request_line_bytes (" + std::to_string(limits.request_line_bytes) +
                      ") must not be above header_bytes (" + std::to_string(limits.header_bytes) +
                      "), which counts the request line too",
                  "raise header_bytes or lower request_line_bytes");
}

ListenerHttp2 parse_http2(const Value& value) {
  ListenerHttp2 http2;
  if (value.is("true")) return http2;
  if (value.is("false")) {
    http2.enabled = false;
    return http2;
  }
  Mapping keys(value);
  keys.integer("concurrent_streams", http2.concurrent_streams, 1, 10'000);
  keys.integer("reset_burst", http2.reset_burst, 1, kMany);
  keys.integer("resets_per_second", http2.resets_per_second, 1, kMany);
  return http2;
}

std::vector<Cidr> parse_blocks(const Value& value) {
  std::vector<Cidr> blocks;
  for (const Value& item : value.items(kMaxProxies)) {
    const std::optional<std::string> text = item.text();
    if (!text) continue;
    const Result<Cidr> block = parse_cidr(*text);
    if (block)
      blocks.push_back(*block);
    else
      item.problem(block.error().message(), "write a block like 10.0.0.0/8");
  }
  return blocks;
}

/// Over TCP nobody is believed who is not named; a Unix socket's file says who may come.
std::optional<ListenerProxyProtocol> parse_proxy_protocol(const Value& value, bool is_unix) {
  if (value.is("false")) return std::nullopt;
  ListenerProxyProtocol proxy;
  if (value.is("true")) {
    if (!is_unix)
      value.problem("does not say whose headers are believed",
                    "write { from: [ 10.0.0.0/8 ] } with the addresses of who sends them");
    return proxy;
  }
  Mapping keys(value);
  if (const auto from = keys.find("from")) {
    proxy.from = parse_blocks(*from);
    if (is_unix)
      from->problem("means nothing on a Unix socket", "write proxy_protocol: true");
    else if (from->is_list() && from->node().items.empty())
      from->problem("must name at least one block");
  } else if (value.is_mapping() && !keys.has("from")) {
    value.problem("has no from", "add from: [ 10.0.0.0/8 ] with the addresses of who sends it");
  }
  return proxy;
}

/// "0660": what chmod takes.
void parse_socket_mode(const Value& value, Listener& listener) {
  const std::optional<std::string> text = value.text();
  if (!text) return;
  const bool is_octal = text->find_first_not_of("01234567") == std::string::npos;
  const bool is_mode = text->size() == 3 || (text->size() == 4 && text->front() == '0');
  if (!is_octal || !is_mode)
    return value.problem("must be permissions in octal like '0660', not " + quoted(*text));
  if (listener.address.kind != Address::Kind::unix_socket)
    return value.problem("is for Unix sockets", "remove it, or listen on unix:/PATH");
  listener.socket_mode = static_cast<std::uint32_t>(std::stoul(*text, nullptr, 8));
}

}  // namespace

Listener parse_listener(const std::string& name, const Value& value) {
  Listener listener;
  listener.name = name;
  Mapping keys(value);
  if (const auto address = keys.find("address")) {
    if (const auto given = address->address()) listener.address = *given;
  } else if (!keys.has("address") && (value.is_mapping() || value.is_empty())) {
    value.report().add_at(value.path(), "has no address", "add one, like address: 0.0.0.0:8080");
  }
  if (const auto mode = keys.find("socket_mode")) parse_socket_mode(*mode, listener);
  keys.choice<GroupChoice>(
      "group", listener.group,
      {{"split", GroupChoice::split}, {"live", GroupChoice::live}, {"idle", GroupChoice::idle}});
  if (const auto proxies = keys.find("trusted_proxies"))
    listener.trusted_proxies = parse_blocks(*proxies);
  if (const auto proxy = keys.find("proxy_protocol"))
    listener.proxy_protocol =
        parse_proxy_protocol(*proxy, listener.address.kind == Address::Kind::unix_socket);
  parse_addresses(keys, listener.addresses);
  if (listener.address.kind == Address::Kind::unix_socket && !listener.proxy_protocol)
    for (const std::string_view key : {"allow", "deny"})
      if (keys.has(key))
        value.report().add_at(value.path() + '.' + std::string(key),
                              "means nothing on a Unix socket, whose clients have no address",
                              "say who may connect by socket_mode");
  if (const auto tls = keys.find("tls")) listener.tls = parse_listener_tls(*tls);
  if (const auto redirect = keys.find("redirect_https"))
    listener.redirect_https = parse_redirect(*redirect);
  if (const auto hsts = keys.find("hsts")) listener.hsts = parse_hsts(*hsts);
  if (listener.redirect_https && listener.tls)
    value.report().add_at(value.path() + ".redirect_https", "is for listeners without tls",
                          "remove one of the two");
  // RFC 6797, section 7.2: not over plain HTTP.
  if (!listener.hsts.empty() && !listener.tls)
    value.report().add_at(value.path() + ".hsts", "is for listeners with tls", "add tls");
  keys.choice<HalfClosedClients>(
      "half_closed_clients", listener.half_closed_clients,
      {{"abort", HalfClosedClients::abort}, {"serve", HalfClosedClients::serve}});
  if (const auto http2 = keys.find("http2")) listener.http2 = parse_http2(*http2);
  if (listener.tls) listener.tls->http2 = listener.http2.enabled;
  if (const auto pages = keys.find("error_pages")) listener.error_pages = parse_error_pages(*pages);
  if (const auto paths = keys.find("paths")) listener.paths = parse_path_rules(*paths);
  keys.choice<Underscores>(
      "underscores", listener.underscores,
      {{"drop", Underscores::drop}, {"pass", Underscores::pass}, {"refuse", Underscores::refuse}});
  if (const auto timeouts = keys.section("timeouts")) parse_timeouts(*timeouts, listener.timeouts);
  if (const auto limits = keys.section("limits")) parse_limits(*limits, listener.limits);
  return listener;
}

}  // namespace teal::config
