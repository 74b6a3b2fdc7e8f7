#include "base/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ostream>

namespace teal {
namespace {

constexpr std::size_t kLongestUnixPath = 107;  // sun_path less its terminating zero

Error bad_address(std::string_view text, std::string_view why) {
  return Error{Source::config,
               "'" + std::string(text) + "' is not an address: " + std::string(why)};
}

Result<std::uint16_t> parse_port(std::string_view whole, std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || status != std::errc{} || end != text.data() + text.size())
    return bad_address(whole, "the port must be a number from 0 to 65535");
  return port;
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  if (text.starts_with("unix:")) {
    const std::string_view path = text.substr(5);
    if (path.empty() || path.size() > kLongestUnixPath)
      return bad_address(text, "the path of a Unix socket has 1 to 107 characters");
    return Address{Address::Kind::unix_socket, std::string(path), 0};
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return bad_address(text, "write IP:PORT, [IPv6]:PORT or unix:/PATH");
  std::string_view host = text.substr(0, colon);
  const Result<std::uint16_t> port = parse_port(text, text.substr(colon + 1));
  if (!port) return port.error();
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    in6_addr ip{};
    const std::string inner(host.substr(1, host.size() - 2));
    if (inet_pton(AF_INET6, inner.c_str(), &ip) != 1)
      return bad_address(text, "what stands in the brackets is not an IPv6 address");
    std::array<char, INET6_ADDRSTRLEN> canonical{};
    inet_ntop(AF_INET6, &ip, canonical.data(), canonical.size());
    return Address{Address::Kind::ip6, canonical.data(), *port};
  }
  in_addr ip{};
  if (inet_pton(AF_INET, std::string(host).c_str(), &ip) != 1)
    return bad_address(text, "names are not resolved, write IP:PORT, [IPv6]:PORT or unix:/PATH");
  return Address{Address::Kind::ip4, std::string(host), *port};
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
  const std::string text(ip);
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  bytes.fill(0);
  bytes[10] = bytes[11] = 0xff;
  if (inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1) return bytes;
  return Error{Source::config, "'" + text + "' is not an IP address"};
}

Result<Cidr> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view ip = text.substr(0, slash);
  const Result<std::array<std::uint8_t, 16>> bytes = parse_ip(ip);
  if (!bytes) return bytes.error();
  const bool is_ip4 = ip.find(':') == std::string_view::npos;
  unsigned prefix = is_ip4 ? 32 : 128;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    unsigned given = 0;
    const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), given);
    if (digits.empty() || status != std::errc{} || end != digits.data() + digits.size() ||
        given > prefix)
      return Error{Source::config, "'" + std::string(text) +
                                       "' is not an address block: the "
                                       "prefix length goes from 0 to " +
                                       std::to_string(prefix)};
    prefix = given;
  }
  return Cidr{*bytes, static_cast<std::uint8_t>(is_ip4 ? prefix + 96 : prefix)};
}

}  // namespace teal
