#include "base/own_sockets.h"

#include <algorithm>

namespace teal {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

/// 0.0.0.0 or ::.
bool is_any(const Bytes& ip) {
  return std::all_of(is_ip4(ip) ? ip.begin() + 12 : ip.begin(), ip.end(),
                     [](std::uint8_t b) { return b == 0; });
}

/// 127.0.0.0/8 and ::1.
bool is_loopback(const Bytes& ip) {
  if (is_ip4(ip)) return ip[12] == 127;
  return ip[15] == 1 &&
         std::all_of(ip.begin(), ip.end() - 1, [](std::uint8_t b) { return b == 0; });
}

/// To connect to "any address" is to connect to loopback.
Bytes connected_to(Bytes ip) {
  if (!is_any(ip)) return ip;
  if (is_ip4(ip)) ip[12] = 127;
  ip[15] = 1;
  return ip;
}

}  // namespace

bool reaches(const Address& target, const OwnSocket& socket, LocalAddresses local) {
  const Address& own = socket.address;
  const bool is_unix = own.kind == Address::Kind::unix_socket;
  if (is_unix || target.kind == Address::Kind::unix_socket) return target == own;
  if (own.port == 0 || own.port != target.port) return false;
  const Result<Bytes> to = parse_ip(target.host);
  const Result<Bytes> at = parse_ip(own.host);
  if (!to || !at) return false;
  const Bytes ip = connected_to(*to);
  if (ip == *at) return true;
  const bool is_family = is_ip4(ip) == is_ip4(*at) || (is_ip4(ip) && socket.is_admin);
  const bool is_here = is_loopback(ip) || std::ranges::find(local, ip) != local.end();
  return is_any(*at) && is_family && is_here;
}

const OwnSocket* find_own(std::span<const OwnSocket> sockets, const Address& target,
                          LocalAddresses local) {
  const OwnSocket* found = nullptr;
  for (const OwnSocket& socket : sockets)
    if (reaches(target, socket, local) && (found == nullptr || socket.is_admin)) found = &socket;
  return found;
}

std::string why_not_own(const Address& target, const OwnSocket& socket) {
  return to_string(target) + " is " + socket.name + " of this Teal" +
         (socket.is_admin ? ": clients would reach the control API"
                          : ": requests would go round in a loop");
}

std::string remedy_for_own(const OwnSocket& socket) {
  const std::string remedy = "name the address of the application";
  return socket.is_admin ? remedy
                         : remedy + ", or set allow_own: true for a second hop that is meant";
}

}  // namespace teal
