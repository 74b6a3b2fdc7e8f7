// Address: where a listener listens or a target is reached. An IP address and port, or a Unix
// socket. Names are not resolved: whoever deploys knows the addresses.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace teal {

struct Address {
  enum class Kind : std::uint8_t { ip4, ip6, unix_socket };

  Kind kind = Kind::ip4;
  /// The IP address in canonical text ("127.0.0.1", "::1") or the path of a Unix socket. Visible
  /// ASCII only: it may go into a head as it is.
  std::string host;
  /// 0 for a Unix socket; 0 on a listener asks the system to choose.
  std::uint16_t port = 0;

  auto operator<=>(const Address&) const = default;
};

/// "10.0.0.1:8080", "[::1]:8080", "unix:/run/app.sock", and "localhost:80" for 127.0.0.1. What is
/// written in several ways comes out in one: an IPv4-mapped IPv6 address is that IPv4 address, and
/// a path has no "//" and no "/./". Refuses every byte but visible ASCII.
Result<Address> parse_address(std::string_view text);
/// The address of a target, written as for parse_address(), with a port other than 0.
Result<Address> parse_target_address(std::string_view text);
/// The form that parse_address() reads.
std::string to_string(const Address& address);
std::ostream& operator<<(std::ostream& out, const Address& address);

/// A block of IP addresses: "10.0.0.0/8", "::1/128", "192.0.2.7".
struct Cidr {
  /// IPv4 is held in its IPv4-mapped IPv6 form.
  std::array<std::uint8_t, 16> bytes{};
  std::uint8_t prefix = 128;

  bool contains(const std::array<std::uint8_t, 16>& address) const;
  bool operator==(const Cidr&) const = default;
};

/// One of them does.
bool any_contains(const std::vector<Cidr>& blocks, const std::array<std::uint8_t, 16>& address);

Result<Cidr> parse_cidr(std::string_view text);
/// The 16 bytes of an IP address, IPv4 in its mapped form; an Error where `ip` is not one.
Result<std::array<std::uint8_t, 16>> parse_ip(std::string_view ip);
/// It is an IPv4 address in its mapped form (RFC 4291, 2.5.5.2): the last four bytes are all of it.
bool is_ip4(const std::array<std::uint8_t, 16>& ip);

}  // namespace teal
