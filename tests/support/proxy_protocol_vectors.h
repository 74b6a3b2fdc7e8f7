// Headers of the PROXY protocol with what a strict reader must make of them: those of the
// specification, those that nghttp2's proxy is tested with, and what lies just beside them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace teal::net::testing {

struct ProxyVector {
  std::string sentence;
  std::string bytes;
  /// "192.0.2.1:1000 > 192.0.2.2:80", "nobody", "missing" or the name of another fault.
  std::string outcome;
};

inline std::string proxy_block(int command, int family, const std::string& block) {
  std::string bytes("\r\n\r\n\0\r\nQUIT\n", 12);
  bytes += static_cast<char>(0x20 | command);
  bytes += static_cast<char>(family);
  bytes += static_cast<char>(block.size() >> 8U);
  bytes += static_cast<char>(block.size() & 0xFFU);
  return bytes + block;
}

/// 192.0.2.1:1000 > 192.0.2.2:80.
inline std::string tcp4_block() {
  return {"\xc0\x00\x02\x01\xc0\x00\x02\x02\x03\xe8\x00\x50", 12};
}

/// [2001:db8::1]:1000 > [2001:db8::2]:443.
inline std::string tcp6_block() {
  const std::string net("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 15);
  return net + '\x01' + net + '\x02' + std::string("\x03\xe8\x01\xbb", 4);
}

inline std::string addition(int type, const std::string& value) {
  std::string bytes(1, static_cast<char>(type));
  bytes += static_cast<char>(value.size() >> 8U);
  bytes += static_cast<char>(value.size() & 0xFFU);
  return bytes + value;
}

/// CRC-32C bit by bit, as its definition says.
inline std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

/// A TCP4 header with `additions` and its checksum behind them, off by `error`.
inline std::string with_checksum(const std::string& additions, std::uint32_t error = 0) {
  std::string bytes =
      proxy_block(1, 0x11, tcp4_block() + additions + addition(3, std::string(4, '\0')));
  const std::uint32_t crc = crc32c(bytes) + error;
  for (unsigned i = 0; i < 4; ++i)
    bytes[bytes.size() - 4 + i] = static_cast<char>(crc >> (24 - 8 * i) & 0xFFU);
  return bytes;
}

inline std::vector<ProxyVector> proxy_lines() {
  const std::string ffff = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  const std::string longest = "PROXY UNKNOWN " + ffff + ' ' + ffff + " 65535 65535";
  return {
      {"IPv4", "PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n", "192.0.2.1:1000 > 192.0.2.2:80"},
      {"the widest IPv4", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
       "255.255.255.255:65535 > 255.255.255.255:65535"},
      {"port 0", "PROXY TCP4 192.0.2.1 192.0.2.2 0 0\r\n", "192.0.2.1:0 > 192.0.2.2:0"},
      {"IPv6", "PROXY TCP6 2001:db8::1 2001:db8::2 1000 443\r\n",
       "[2001:db8::1]:1000 > [2001:db8::2]:443"},
      {"IPv6 in another form", "PROXY TCP6 2001:DB8:0:0::1 2001:0db8::0002 1000 443\r\n",
       "[2001:db8::1]:1000 > [2001:db8::2]:443"},
      {"the widest IPv6", "PROXY TCP6 " + ffff + ' ' + ffff + " 65535 65535\r\n",
       '[' + ffff + "]:65535 > [" + ffff + "]:65535"},
      {"nobody in particular", "PROXY UNKNOWN\r\n", "nobody"},
      {"the longest line there may be", longest + "\r\n", "nobody"},
      {"one byte more", longest + "5\r\n", "line_too_long"},
      {"no end at all", "PROXY TCP4 " + std::string(200, '1'), "line_too_long"},
      {"a late control character", "PROXY UNKNOWN " + std::string(91, 'x') + "\n",
       "line_malformed"},
      {"a request in the clear", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "missing"},
      {"a handshake of TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
       "missing"},
      {"lower case", "proxy TCP4 192.0.2.1 192.0.2.2 1000 80\r\n", "missing"},
      {"no blank behind the word", "PROXY\r\n", "missing"},
      {"a tab for a blank", "PROXY\tUNKNOWN\r\n", "missing"},
      {"an empty line first", "\r\nPROXY UNKNOWN\r\n", "missing"},
      {"no protocol", "PROXY \r\n", "line_malformed"},
      {"a zero behind an address", std::string("PROXY TCP4 192.0.2.1\0x 192.0.2.2 1000 80\r\n", 42),
       "line_malformed"},
      {"a zero behind an IPv6 address",
       std::string("PROXY TCP6 2001:db8::1 2001:db8::2\0 1000 443\r\n", 47), "line_malformed"},
      {"an unknown protocol", "PROXY TCP5 192.0.2.1 192.0.2.2 1000 80\r\n", "line_malformed"},
      {"a protocol in lower case", "PROXY tcp4 192.0.2.1 192.0.2.2 1000 80\r\n", "line_malformed"},
      {"UNKNOWN with a tail", "PROXY UNKNOWNS\r\n", "line_malformed"},
      {"datagrams", "PROXY UDP4 192.0.2.1 192.0.2.2 1000 80\r\n", "line_malformed"},
      {"two blanks", "PROXY  TCP4 192.0.2.1 192.0.2.2 1000 80\r\n", "line_malformed"},
      {"two blanks later", "PROXY TCP4 192.0.2.1  192.0.2.2 1000 80\r\n", "line_malformed"},
      {"a blank at the end", "PROXY TCP4 192.0.2.1 192.0.2.2 1000 80 \r\n", "line_malformed"},
      {"a part too few", "PROXY TCP4 192.0.2.1 192.0.2.2 1000\r\n", "line_malformed"},
      {"a part too many", "PROXY TCP4 192.0.2.1 192.0.2.2 1000 80 7\r\n", "line_malformed"},
      {"no addresses", "PROXY TCP4\r\n", "line_malformed"},
      {"a bare line feed", "PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\n", "line_malformed"},
      {"a bare carriage return", "PROXY UNKNOWN\rx", "line_malformed"},
      {"a NUL", std::string("PROXY UNKNOWN\0\r\n", 16), "line_malformed"},
      {"IPv6 called IPv4", "PROXY TCP4 2001:db8::1 2001:db8::2 1000 443\r\n", "address_malformed"},
      {"IPv4 called IPv6", "PROXY TCP6 192.0.2.1 192.0.2.2 1000 80\r\n", "address_malformed"},
      {"a number above 255", "PROXY TCP4 192.0.2.256 192.0.2.2 1000 80\r\n", "address_malformed"},
      {"three numbers", "PROXY TCP4 192.0.2 192.0.2.2 1000 80\r\n", "address_malformed"},
      {"a number with leading zeros", "PROXY TCP4 192.0.002.1 192.0.2.2 1000 80\r\n",
       "address_malformed"},
      {"a name", "PROXY TCP4 localhost 192.0.2.2 1000 80\r\n", "address_malformed"},
      {"a port with leading zeros", "PROXY TCP4 192.0.2.1 192.0.2.2 01000 80\r\n",
       "address_malformed"},
      {"a port too high", "PROXY TCP4 192.0.2.1 192.0.2.2 65536 80\r\n", "address_malformed"},
      {"a negative port", "PROXY TCP4 192.0.2.1 192.0.2.2 -1 80\r\n", "address_malformed"},
      {"a port with a sign", "PROXY TCP4 192.0.2.1 192.0.2.2 1000 +80\r\n", "address_malformed"},
      {"a port in hexadecimal", "PROXY TCP4 192.0.2.1 192.0.2.2 1000 0x50\r\n",
       "address_malformed"},
      {"no ports", "PROXY TCP4 192.0.2.1 192.0.2.2  \r\n", "address_malformed"},
  };
}

inline std::vector<ProxyVector> proxy_blocks() {
  const std::string zeros(256, '\0');
  return {
      {"IPv4 in version 2", proxy_block(1, 0x11, tcp4_block()), "192.0.2.1:1000 > 192.0.2.2:80"},
      {"IPv6 in version 2", proxy_block(1, 0x21, tcp6_block()),
       "[2001:db8::1]:1000 > [2001:db8::2]:443"},
      {"its sender's own", proxy_block(0, 0x00, {}), "nobody"},
      {"its sender's own, whatever the family", proxy_block(0, 0x31, tcp4_block()), "nobody"},
      {"its sender's own, with more", proxy_block(0, 0x00, "what is in there is not looked at"),
       "nobody"},
      {"nobody in version 2", proxy_block(1, 0x00, {}), "nobody"},
      {"nobody, with more", proxy_block(1, 0x00, tcp4_block()), "nobody"},
      {"additions", proxy_block(1, 0x11, tcp4_block() + addition(1, "h2") + addition(4, zeros)),
       "192.0.2.1:1000 > 192.0.2.2:80"},
      {"a checksum", with_checksum(addition(2, "shop.example.com")),
       "192.0.2.1:1000 > 192.0.2.2:80"},
      {"as much as there may be",
       proxy_block(1, 0x11, tcp4_block() + addition(4, std::string(4096 - 12 - 3, 'x'))),
       "192.0.2.1:1000 > 192.0.2.2:80"},
      {"a byte more", proxy_block(1, 0x11, std::string(4097, 'x')), "block_too_long"},
      {"its sender's own, too long", proxy_block(0, 0x00, std::string(4097, 'x')),
       "block_too_long"},
      {"a wrong checksum", with_checksum(addition(2, "shop.example.com"), 1), "checksum_wrong"},
      {"a checksum of two bytes", proxy_block(1, 0x11, tcp4_block() + addition(3, "xx")),
       "addition_malformed"},
      {"an addition without its end",
       proxy_block(1, 0x11, tcp4_block() + addition(2, "shop").substr(0, 5)), "addition_malformed"},
      {"half the head of an addition", proxy_block(1, 0x11, tcp4_block() + "\x02"),
       "addition_malformed"},
      {"no room for IPv4", proxy_block(1, 0x11, tcp4_block().substr(0, 11)), "block_too_short"},
      {"no room for IPv6", proxy_block(1, 0x21, tcp4_block()), "block_too_short"},
      {"a Unix socket", proxy_block(1, 0x31, std::string(216, 'x')), "family_unsupported"},
      {"datagrams of IPv4", proxy_block(1, 0x12, tcp4_block()), "family_unsupported"},
      {"a family that there is not", proxy_block(1, 0x41, tcp4_block()), "family_unsupported"},
      {"a transport without a family", proxy_block(1, 0x01, tcp4_block()), "family_unsupported"},
      {"a command that there is not", proxy_block(2, 0x11, tcp4_block()), "command_unsupported"},
      {"version 3", std::string("\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0", 16), "version_unsupported"},
      {"a signature with an error", std::string("\r\n\r\n\0\r\nQUIT\r", 12), "missing"},
  };
}

/// Both versions.
inline std::vector<ProxyVector> proxy_vectors() {
  std::vector<ProxyVector> all = proxy_lines();
  for (ProxyVector& block : proxy_blocks()) all.push_back(std::move(block));
  return all;
}

}  // namespace teal::net::testing
