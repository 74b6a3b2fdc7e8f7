#include "proxy/headers/upgrade.h"

#include <algorithm>

#include "net/http/websocket.h"
#include "proxy/headers/hop_by_hop.h"

namespace teal::proxy {
namespace {

using net::HeaderId;

/// Whether `visit` is true for any element of the list field, whose lines may be several.
template <class Visit>
bool any_element(const net::Fields& fields, HeaderId id, Visit visit) {
  return std::any_of(fields.begin(), fields.end(), [&](const net::Field& field) {
    return field.id == id && any_element(fields.value(field), visit);
  });
}

}  // namespace

bool is_allowed(std::string_view protocol, const std::vector<std::string>& allowed) {
  return std::ranges::any_of(allowed,
                             [&](const std::string& each) { return net::iequals(each, protocol); });
}

std::string_view wanted_upgrade(const net::RequestHead& head,
                                const std::vector<std::string>& allowed) {
  // RFC 9110, section 7.8: a server must ignore an Upgrade of HTTP/1.0, and one that Connection
  // does not name was not meant for this hop.
  if (!head.fields.has(HeaderId::upgrade) || !head.connection_names || head.minor_version != 1)
    return {};
  const bool is_named = any_element(head.fields, HeaderId::connection, [](std::string_view option) {
    return net::iequals(option, "upgrade");
  });
  if (!is_named) return {};
  std::string_view wanted;
  any_element(head.fields, HeaderId::upgrade, [&](std::string_view protocol) {
    if (!is_allowed(protocol, allowed)) return false;
    wanted = protocol;
    return true;
  });
  return wanted;
}

bool switches_to(const net::ResponseHead& head, std::string_view protocol) {
  bool is_named = false;
  const bool is_other = any_element(head.fields, HeaderId::upgrade, [&](std::string_view each) {
    const bool is_it = !is_named && net::iequals(each, protocol);
    is_named = is_named || is_it;
    return !is_it;
  });
  return is_named && !is_other;
}

bool answers_key(const net::ResponseHead& head, std::string_view key) {
  const net::Field* const answer = head.fields.find(net::kWebsocketAccept);
  return answer != nullptr && head.fields.value(*answer) == net::websocket_accept(key);
}

}  // namespace teal::proxy
