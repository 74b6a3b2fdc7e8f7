#include "proxy/policy/client_key.h"

#include <cstring>

#include "proxy/headers/hop_by_hop.h"

namespace teal::proxy {
namespace {

using Ip = std::array<std::uint8_t, 16>;

/// Of an IPv4 address the last half is all of it, of others the first one.
ClientKey half_of(const Ip& ip) {
  ClientKey key = 0;
  std::memcpy(&key, ip.data() + (is_ip4(ip) ? 8 : 0), sizeof key);
  return key;
}

}  // namespace

ClientKey client_key(std::string_view address) {
  const auto ip = parse_ip(address);
  return ip ? half_of(*ip) : 0;
}

ClientKey site_key(std::string_view address) {
  auto ip = parse_ip(address);
  if (!ip) return 0;
  if (!is_ip4(*ip)) (*ip)[7] = 0;
  return half_of(*ip);
}

std::string_view forwarded_client(const net::Fields& fields, const std::vector<Cidr>& trusted) {
  std::string_view client;
  for (const net::Field& field : fields) {
    if (field.id != net::HeaderId::x_forwarded_for) continue;
    std::string_view rest = fields.value(field);
    while (!rest.empty()) {
      const std::string_view address = next_element(rest);
      const auto ip = parse_ip(address);
      // Nobody is believed who stands before what is no address.
      if (!ip)
        client = {};
      else if (!any_contains(trusted, *ip))
        client = address;
    }
  }
  return client;
}

}  // namespace teal::proxy
