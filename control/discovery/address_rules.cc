#include "control/discovery/address_rules.h"

#include <algorithm>
#include <array>

namespace teal::control {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

/// fd00:ec2::254, where the metadata of EC2 are.
constexpr Bytes kMetadata6{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};

/// Azure's, Alibaba's and Oracle's; the others' is link-local.
constexpr std::array<std::array<std::uint8_t, 4>, 3> kMetadata4{
    {{168, 63, 129, 16}, {100, 100, 100, 200}, {192, 0, 0, 192}}};

std::string_view name_of_range4(const Bytes& ip) {
  const std::uint8_t first = ip[12];
  const auto is_this = [&](const auto& each) {
    return std::equal(each.begin(), each.end(), ip.begin() + 12);
  };
  if (std::ranges::any_of(kMetadata4, is_this)) return "is where a cloud keeps its metadata";
  if (first == 0) return "is an unspecified address";
  if (first == 127) return "is a loopback address";
  if (first == 169 && ip[13] == 254) return "is a link-local address";
  if (first >= 224) return "is a multicast or reserved address";
  return {};
}

std::string_view name_of_range6(const Bytes& ip) {
  const bool is_short =
      std::all_of(ip.begin(), ip.end() - 1, [](std::uint8_t b) { return b == 0; });
  if (is_short && ip[15] == 0) return "is an unspecified address";
  if (is_short && ip[15] == 1) return "is a loopback address";
  if (ip[0] == 0xfe && (ip[1] & 0xc0U) == 0x80U) return "is a link-local address";
  if (ip[0] == 0xff) return "is a multicast address";
  if (ip == kMetadata6) return "is where a cloud keeps its metadata";
  // Translated by whoever is near (RFC 8215), to what nobody here knows.
  constexpr Bytes kLocallyTranslated{0, 0x64, 0xff, 0x9b, 0, 1};
  if (std::equal(ip.begin(), ip.begin() + 6, kLocallyTranslated.begin()))
    return "is an address of local translation";
  // 6to4 (RFC 3056): the IPv4 address stands behind the prefix.
  if (ip[0] == 0x20 && ip[1] == 0x02) {
    Bytes wrapped{};
    wrapped[10] = wrapped[11] = 0xff;
    std::copy(ip.begin() + 2, ip.begin() + 6, wrapped.begin() + 12);
    return name_of_range4(wrapped);
  }
  // Deprecated (RFC 4291, 2.5.5.1) or translated (RFC 6052): another name of an IPv4 address.
  Bytes mapped{};
  mapped[10] = mapped[11] = 0xff;
  std::copy(ip.begin() + 12, ip.end(), mapped.begin() + 12);
  constexpr Bytes kTranslated{0, 0x64, 0xff, 0x9b};
  if (std::equal(ip.begin(), ip.begin() + 12, Bytes{}.begin()) ||
      std::equal(ip.begin(), ip.begin() + 12, kTranslated.begin()))
    return name_of_range4(mapped);
  return {};
}

}  // namespace

std::string_view why_not_believed(const Address& address, const std::vector<Cidr>& allowed) {
  if (address.kind == Address::Kind::unix_socket) return "is not an IP address";
  const Result<Bytes> ip = parse_ip(address.host);
  if (!ip) return "is not an IP address";
  if (any_contains(allowed, *ip)) return {};
  return is_ip4(*ip) ? name_of_range4(*ip) : name_of_range6(*ip);
}

}  // namespace teal::control
