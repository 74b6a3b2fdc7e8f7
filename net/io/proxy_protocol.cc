#include "net/io/proxy_protocol.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <boost/crc.hpp>

#include "base/assert.h"
#include "base/parse_number.h"

namespace teal::net {
namespace {

using namespace std::string_view_literals;

using Event = ProxyStep::Event;

constexpr std::string_view kLineBegin = "PROXY ";
constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
/// Signature, version and command, family, length.
constexpr std::size_t kBlockHead = 16;
constexpr std::uint8_t kLocal = 0;
constexpr std::uint8_t kProxy = 1;
constexpr std::uint8_t kUnspecified = 0x00;
constexpr std::uint8_t kTcp4 = 0x11;
constexpr std::uint8_t kTcp6 = 0x21;
/// Two addresses and two ports.
constexpr std::size_t kTcp4Size = 12;
constexpr std::size_t kTcp6Size = 36;
constexpr std::uint8_t kChecksum = 0x03;

/// CRC-32C, which version 2 has from SCTP.
using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

ProxyStep refused(ProxyFault fault) {
  return {Event::refused, 0, std::nullopt, fault};
}

std::uint8_t byte(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::uint16_t number(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte(bytes, at) << 8U | byte(bytes, at + 1));
}

std::string ip_text(int family, const char* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, bytes, text.data(), text.size());
  return text.data();
}

// ---- version 1 ----------------------------------------------------------------------------------

/// Cuts the part before the next blank off; there is exactly one between two parts.
std::string_view next_part(std::string_view& line) {
  const std::size_t blank = line.find(' ');
  const std::string_view part = line.substr(0, blank);
  line.remove_prefix(blank == line.npos ? line.size() : blank + 1);
  return part;
}

/// In canonical form, whatever way it is written; empty: it is none.
std::string read_ip(int family, std::string_view text) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (text.find('\0') != text.npos) return {};  // inet_pton() would take it for the end.
  const std::string terminated(text);
  if (::inet_pton(family, terminated.c_str(), bytes.data()) != 1) return {};
  return ip_text(family, bytes.data());
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  const bool has_leading_zero = text.size() > 1 && text.front() == '0';
  if (has_leading_zero) return std::nullopt;
  return parse_whole<std::uint16_t>(text);
}

ProxyStep read_addresses(std::string_view rest, int family, std::size_t consumed) {
  // Three blanks, so four parts; next_part() would take a missing one for an empty one.
  if (std::count(rest.begin(), rest.end(), ' ') != 3) return refused(ProxyFault::line_malformed);
  const std::string source = read_ip(family, next_part(rest));
  const std::string destination = read_ip(family, next_part(rest));
  const auto source_port = read_port(next_part(rest));
  const auto destination_port = read_port(rest);
  if (source.empty() || destination.empty() || !source_port || !destination_port)
    return refused(ProxyFault::address_malformed);
  const auto kind = family == AF_INET ? Address::Kind::ip4 : Address::Kind::ip6;
  return {Event::done, consumed,
          ProxyAddresses{{kind, source, *source_port}, {kind, destination, *destination_port}},
          ProxyFault::none};
}

ProxyStep read_line(std::string_view input) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  constexpr std::size_t kMaxText = kMaxProxyLine - 2;
  const std::string_view window = input.substr(0, kMaxText + 1);
  const auto size = static_cast<std::size_t>(
      std::find_if(window.begin(), window.end(), is_control) - window.begin());
  if (size > kMaxText) return refused(ProxyFault::line_too_long);
  if (size == window.size()) return {};
  if (input[size] != '\r') return refused(ProxyFault::line_malformed);
  if (input.size() == size + 1) return {};
  if (input[size + 1] != '\n') return refused(ProxyFault::line_malformed);
  std::string_view line = input.substr(kLineBegin.size(), size - kLineBegin.size());
  const std::size_t consumed = size + 2;
  const std::string_view protocol = next_part(line);
  if (protocol == "TCP4") return read_addresses(line, AF_INET, consumed);
  if (protocol == "TCP6") return read_addresses(line, AF_INET6, consumed);
  // "The receiver must ignore anything presented before the CRLF".
  if (protocol == "UNKNOWN") return {Event::done, consumed, std::nullopt, ProxyFault::none};
  return refused(ProxyFault::line_malformed);
}

// ---- version 2 ----------------------------------------------------------------------------------

bool is_checksum_right(std::string_view header, std::size_t value_at) {
  constexpr std::array<char, 4> kZeros{};
  Crc32c crc;
  crc.process_bytes(header.data(), value_at);
  crc.process_bytes(kZeros.data(), kZeros.size());
  const std::string_view rest = header.substr(value_at + kZeros.size());
  crc.process_bytes(rest.data(), rest.size());
  const std::uint32_t said =
      std::uint32_t{number(header, value_at)} << 16U | number(header, value_at + 2);
  return crc.checksum() == said;
}

ProxyFault check_additions(std::string_view header, std::size_t at) {
  constexpr std::size_t kHead = 3;
  while (at < header.size()) {
    if (header.size() - at < kHead) return ProxyFault::addition_malformed;
    const std::uint8_t type = byte(header, at);
    const std::size_t size = number(header, at + 1);
    at += kHead;
    if (header.size() - at < size) return ProxyFault::addition_malformed;
    if (type == kChecksum) {
      if (size != 4) return ProxyFault::addition_malformed;
      if (!is_checksum_right(header, at)) return ProxyFault::checksum_wrong;
    }
    at += size;
  }
  return ProxyFault::none;
}

ProxyStep read_whole_block(std::string_view header, std::uint8_t family) {
  const bool is_ip4 = family == kTcp4;
  const std::size_t addresses = is_ip4 ? kTcp4Size : kTcp6Size;
  if (header.size() - kBlockHead < addresses) return refused(ProxyFault::block_too_short);
  if (const ProxyFault fault = check_additions(header, kBlockHead + addresses);
      fault != ProxyFault::none)
    return refused(fault);
  const int af = is_ip4 ? AF_INET : AF_INET6;
  const auto kind = is_ip4 ? Address::Kind::ip4 : Address::Kind::ip6;
  const std::size_t width = is_ip4 ? sizeof(in_addr) : sizeof(in6_addr);
  const char* const at = header.data() + kBlockHead;
  const std::size_t ports = kBlockHead + 2 * width;
  return {Event::done, header.size(),
          ProxyAddresses{{kind, ip_text(af, at), number(header, ports)},
                         {kind, ip_text(af, at + width), number(header, ports + 2)}},
          ProxyFault::none};
}

/// Bytes are judged in their order, so that the answer does not depend on how they come.
ProxyStep read_block(std::string_view input) {
  if (input.size() <= kSignature.size()) return {};
  const unsigned version = byte(input, 12) >> 4U;
  const unsigned command = byte(input, 12) & 0x0FU;
  if (version != 2) return refused(ProxyFault::version_unsupported);
  if (command != kLocal && command != kProxy) return refused(ProxyFault::command_unsupported);
  if (input.size() < 14) return {};
  const std::uint8_t family = byte(input, 13);
  const bool is_known = family == kUnspecified || family == kTcp4 || family == kTcp6;
  if (command == kProxy && !is_known) return refused(ProxyFault::family_unsupported);
  if (input.size() < kBlockHead) return {};
  const std::size_t block = number(input, 14);
  if (block > kMaxProxyBlock) return refused(ProxyFault::block_too_long);
  const std::size_t size = kBlockHead + block;
  if (input.size() < size) return {};
  if (command == kLocal || family == kUnspecified)
    return {Event::done, size, std::nullopt, ProxyFault::none};
  return read_whole_block(input.substr(0, size), family);
}

bool begin_alike(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  return a.substr(0, common) == b.substr(0, common);
}

// ---- writing ------------------------------------------------------------------------------------

std::string block(std::uint8_t command, std::uint8_t family, std::string_view addresses) {
  std::string header(kSignature);
  header += static_cast<char>(0x20U | command);
  header += static_cast<char>(family);
  header += '\0';
  header += static_cast<char>(addresses.size());
  header += addresses;
  return header;
}

void append_ip(std::string& out, const Address& address) {
  std::array<char, sizeof(in6_addr)> bytes{};
  const bool is_ip4 = address.kind == Address::Kind::ip4;
  ::inet_pton(is_ip4 ? AF_INET : AF_INET6, address.host.c_str(), bytes.data());
  out.append(bytes.data(), is_ip4 ? sizeof(in_addr) : sizeof(in6_addr));
}

void append_port(std::string& out, std::uint16_t port) {
  out += static_cast<char>(port >> 8U);
  out += static_cast<char>(port & 0xFFU);
}

std::string make_line(const ProxyAddresses& ends) {
  std::string line = ends.source.kind == Address::Kind::ip4 ? "PROXY TCP4 " : "PROXY TCP6 ";
  line += ends.source.host + ' ' + ends.destination.host + ' ';
  line += std::to_string(ends.source.port) + ' ' + std::to_string(ends.destination.port) + "\r\n";
  return line;
}

std::string make_block(const ProxyAddresses& ends) {
  std::string addresses;
  append_ip(addresses, ends.source);
  append_ip(addresses, ends.destination);
  append_port(addresses, ends.source.port);
  append_port(addresses, ends.destination.port);
  return block(kProxy, ends.source.kind == Address::Kind::ip4 ? kTcp4 : kTcp6, addresses);
}

constexpr std::string_view kUnknownLine = "PROXY UNKNOWN\r\n";

}  // namespace

std::string_view to_string(ProxyFault fault) {
  switch (fault) {
    case ProxyFault::none: return "none";
    case ProxyFault::missing: return "missing";
    case ProxyFault::line_too_long: return "line_too_long";
    case ProxyFault::line_malformed: return "line_malformed";
    case ProxyFault::address_malformed: return "address_malformed";
    case ProxyFault::version_unsupported: return "version_unsupported";
    case ProxyFault::command_unsupported: return "command_unsupported";
    case ProxyFault::family_unsupported: return "family_unsupported";
    case ProxyFault::block_too_long: return "block_too_long";
    case ProxyFault::block_too_short: return "block_too_short";
    case ProxyFault::addition_malformed: return "addition_malformed";
    case ProxyFault::checksum_wrong: return "checksum_wrong";
    case ProxyFault::count_: break;
  }
  TEAL_ASSERT(false);
  return {};
}

ProxyStep read_proxy_header(std::string_view input) {
  if (begin_alike(input, kLineBegin))
    return input.size() < kLineBegin.size() ? ProxyStep{} : read_line(input);
  if (begin_alike(input, kSignature)) return read_block(input);
  return refused(ProxyFault::missing);
}

std::string make_proxy_header(config::ProxyVersion version,
                              const std::optional<ProxyAddresses>& ends) {
  if (version == config::ProxyVersion::v1)
    return ends ? make_line(*ends) : std::string(kUnknownLine);
  return ends ? make_block(*ends) : block(kProxy, kUnspecified, {});
}

std::string make_local_proxy_header(config::ProxyVersion version) {
  if (version == config::ProxyVersion::v1) return std::string(kUnknownLine);
  return block(kLocal, kUnspecified, {});
}

}  // namespace teal::net
