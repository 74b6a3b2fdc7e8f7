#include "base/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <ostream>

#include "base/parse_number.h"
#include "base/quoted.h"

namespace teal {
namespace {

constexpr std::size_t kMaxUnixPathLength = 107;  // sun_path less its terminating zero

/// Visible ASCII. C functions end a text at its first NUL, and an address goes into heads and logs.
constexpr bool is_address_byte(char c) {
  return c > 0x20 && c < 0x7f;
}

bool is_address_text(std::string_view text) {
  return std::ranges::all_of(text, is_address_byte);
}

Error bad_address(std::string_view text, std::string_view why) {
  return Error{Source::config, quoted(text) + " is not an address: " + std::string(why)};
}

/// inet_pton() for text that need not end in a zero: a longer one than fits, or one with a zero in
/// it, is no address.
bool read_ip(int family, std::string_view text, void* bytes) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || !is_address_text(text)) return false;
  std::ranges::copy(text, terminated.begin());
  return inet_pton(family, terminated.data(), bytes) == 1;
}

std::string ip_text(int family, const void* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, bytes, text.data(), text.size());
  return text.data();
}

/// "/run//./app.sock" as "/run/app.sock"; a ".." stays, since what stands before it may be a link.
std::string tidy_path(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("//"))
      path.remove_prefix(1);
    else if (path.starts_with("/./"))
      path.remove_prefix(2);
    else {
      out += path.front();
      path.remove_prefix(1);
    }
  }
  return out;
}

Result<std::uint16_t> parse_port(std::string_view whole, std::string_view text) {
  const auto port = parse_whole<std::uint16_t>(text);
  if (!port) return bad_address(whole, "the port must be a number from 0 to 65535");
  return *port;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// What other programs take for an address, and what to write for it here.
std::string remedy_for(std::string_view text) {
  std::string_view port = text;
  if (port.starts_with('*')) port.remove_prefix(1);
  if (port.starts_with(':')) port.remove_prefix(1);
  if (!is_number(port)) return {};
  const std::string end = ":" + std::string(port);
  return "write 0.0.0.0" + end + " for every IPv4 address of this machine, [::]" + end +
         " for every IPv6 one, or one address like 127.0.0.1" + end;
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  if (!is_address_text(text))
    return bad_address(text, "an address has neither blanks nor control bytes in it");
  if (text.starts_with("unix:")) {
    const std::string path = tidy_path(text.substr(5));
    if (path.empty() || path.size() > kMaxUnixPathLength)
      return bad_address(text, "the path of a Unix socket has 1 to 107 characters");
    return Address{Address::Kind::unix_socket, path, 0};
  }
  if (const std::string remedy = remedy_for(text); !remedy.empty())
    return bad_address(text, remedy);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return bad_address(text, "write IP:PORT, [IPv6]:PORT or unix:/PATH");
  std::string_view host = text.substr(0, colon);
  const Result<std::uint16_t> port = parse_port(text, text.substr(colon + 1));
  if (!port) return port.error();
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    in6_addr ip{};
    if (!read_ip(AF_INET6, host.substr(1, host.size() - 2), &ip))
      return bad_address(text, "what stands in the brackets is not an IPv6 address");
    if (IN6_IS_ADDR_V4MAPPED(&ip))
      return Address{Address::Kind::ip4, ip_text(AF_INET, ip.s6_addr + 12), *port};
    return Address{Address::Kind::ip6, ip_text(AF_INET6, &ip), *port};
  }
  in_addr ip{};
  if (!read_ip(AF_INET, host, &ip))
    return bad_address(text, "names are not resolved, write IP:PORT, [IPv6]:PORT or unix:/PATH");
  return Address{Address::Kind::ip4, ip_text(AF_INET, &ip), *port};
}

Result<Address> parse_target_address(std::string_view text) {
  Result<Address> address = parse_address(text);
  if (address && address->kind != Address::Kind::unix_socket && address->port == 0)
    return bad_address(text, "a target needs a port from 1 to 65535");
  return address;
}

std::string to_string(const Address& address) {
  switch (address.kind) {
    case Address::Kind::unix_socket: return "unix:" + address.host;
    case Address::Kind::ip6: return "[" + address.host + "]:" + std::to_string(address.port);
    case Address::Kind::ip4: break;
  }
  return address.host + ":" + std::to_string(address.port);
}

std::ostream& operator<<(std::ostream& out, const Address& address) {
  return out << to_string(address);
}

bool Cidr::contains(const std::array<std::uint8_t, 16>& address) const {
  const std::size_t whole = prefix / 8U;
  if (std::memcmp(bytes.data(), address.data(), whole) != 0) return false;
  const unsigned rest = prefix % 8U;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> rest);
  return (bytes[whole] & mask) == (address[whole] & mask);
}

bool any_contains(const std::vector<Cidr>& blocks, const std::array<std::uint8_t, 16>& address) {
  return std::ranges::any_of(blocks, [&](const Cidr& block) { return block.contains(address); });
}

Result<std::array<std::uint8_t, 16>> parse_ip(std::string_view ip) {
  std::array<std::uint8_t, 16> bytes{};
  if (read_ip(AF_INET6, ip, bytes.data())) return bytes;
  bytes.fill(0);
  bytes[10] = bytes[11] = 0xff;
  if (read_ip(AF_INET, ip, bytes.data() + 12)) return bytes;
  return Error{Source::config, quoted(ip) + " is not an IP address"};
}

Result<Cidr> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view ip = text.substr(0, slash);
  const Result<std::array<std::uint8_t, 16>> bytes = parse_ip(ip);
  if (!bytes) return bytes.error();
  const bool is_ip4 = ip.find(':') == std::string_view::npos;
  unsigned prefix = is_ip4 ? 32 : 128;
  if (slash != std::string_view::npos) {
    const auto given = parse_whole<unsigned>(text.substr(slash + 1));
    if (!given || *given > prefix)
      return Error{Source::config, quoted(text) +
                                       " is not an address block: the "
                                       "prefix length goes from 0 to " +
                                       std::to_string(prefix)};
    prefix = *given;
  }
  return Cidr{*bytes, static_cast<std::uint8_t>(is_ip4 ? prefix + 96 : prefix)};
}

bool is_ip4(const std::array<std::uint8_t, 16>& ip) {
  return std::all_of(ip.begin(), ip.begin() + 10, [](std::uint8_t byte) { return byte == 0; }) &&
         ip[10] == 0xff && ip[11] == 0xff;
}

}  // namespace teal
