#include "proxy/access/auth_request.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "base/ascii.h"
#include "net/http/field_names.h"
#include "proxy/headers/hop_by_hop.h"

namespace teal::proxy {
namespace {

using net::HeaderId;

constexpr std::size_t kMaxKept = 8192;

/// What is of the body, of what the client has of the response already, or to be believed only if
/// Teal says it.
constexpr auto kNeverTold = std::to_array<std::string_view>({
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
    "trailer",
    "x-forwarded-method",
    "x-forwarded-uri",
    "x-original-method",
    "x-original-uri",
    "x-original-url",
});

/// What the header rules make of a trusted peer's words, whatever the list of copied headers says.
bool is_of_the_way(HeaderId id) {
  switch (id) {
    case HeaderId::forwarded:
    case HeaderId::via:
    case HeaderId::x_forwarded_for:
    case HeaderId::x_forwarded_host:
    case HeaderId::x_forwarded_port:
    case HeaderId::x_forwarded_proto:
    case HeaderId::x_real_ip: return true;
    default: return false;
  }
}

bool is_told(const net::Field& field, std::string_view name, const config::RouteActions& actions) {
  if (is_of_the_way(field.id)) return true;
  if (is_hop_by_hop(field.id)) return false;
  const auto reads_as = [name](std::string_view other) { return net::reads_alike(name, other); };
  if (std::ranges::any_of(kNeverTold, reads_as)) return false;
  if (actions.basic_auth && !actions.basic_auth->forward && reads_as("authorization")) return false;
  const auto& copied = actions.forward_auth->copy_request_headers;
  return !copied || std::ranges::any_of(
                        *copied, [name](const auto& each) { return net::iequals(name, each); });
}

void put_line(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\r\n");
}

void append_sized(std::string& message, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  message.append(reinterpret_cast<const char*>(&size), sizeof size);
  message.append(part);
}

}  // namespace

std::string make_auth_request(const Request& request, const config::RouteActions& actions) {
  const net::RequestHead& head = request.head;
  const std::string_view authority = head.text(head.authority);
  std::string text = "GET " + actions.forward_auth->path + " HTTP/1.1\r\n";
  put_line(text, "host", authority.empty() ? actions.forward_auth->service : authority);
  const ConnectionNames connection{head.fields, head.connection_names};
  for (const net::Field& field : head.fields) {
    const std::string_view name = head.fields.name(field);
    if (field.id == HeaderId::other && connection.names(name)) continue;
    if (is_told(field, name, actions)) put_line(text, name, head.fields.value(field));
  }
  // Over HTTP/2 a WebSocket is asked for by CONNECT, over HTTP/1 by GET.
  put_line(text, "x-forwarded-method",
           head.is_extended_connect() ? std::string_view("GET") : head.text(head.method_text));
  put_line(text, "x-forwarded-uri", head.text(head.target));
  return text += "\r\n";
}

std::optional<net::Mac::Tag> auth_cache_key(const Request& request, const RouteGate& gate,
                                            const net::Mac& secret) {
  const auto& cache = gate.actions->forward_auth->cache;
  if (!cache) return std::nullopt;
  const net::RequestHead& head = request.head;
  // Of tags there are two kinds (LoginDesk), and this is the one that no digest begins.
  std::string message = "forward_auth" + std::to_string(gate.number);
  append_sized(message, to_lower_copy(head.text(head.authority)));
  bool is_anybody = false;
  for (const std::string& name : cache->key) {
    std::string values;
    for (const net::Field& field : head.fields) {
      if (!net::iequals(head.fields.name(field), name)) continue;
      append_sized(values, head.fields.value(field));
      is_anybody = true;
    }
    append_sized(message, values);
  }
  if (!is_anybody) return std::nullopt;
  return secret.of({reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
}

bool is_worth_keeping(const std::vector<config::NamedValue>& fields) {
  std::size_t size = 0;
  for (const config::NamedValue& each : fields) size += each.name.size() + each.value.size();
  return size <= kMaxKept;
}

}  // namespace teal::proxy
