#include "net/http/authority.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "base/ascii.h"
#include "net/http/plain_bytes.h"

namespace teal::net {
namespace {

/// RFC 3986, section 3.2.2: unreserved and sub-delims; percent-encoding is looked at apart.
constexpr std::array<bool, 256> kRegName = [] {
  std::array<bool, 256> table{};
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (const char c : std::string_view{"-._~!$&'()*+,;="})
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

/// "" or ":" and digits up to 65535; RFC 3986 lets the digits be missing.
bool is_port_part(std::string_view text) {
  if (text.empty()) return true;
  if (text.front() != ':' || text.size() > 6) return false;
  unsigned port = 0;
  for (const char c : text.substr(1)) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= 65535;
}

bool is_ipv6_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return false;
  std::copy(text.begin(), text.end(), terminated.begin());
  in6_addr address{};
  return inet_pton(AF_INET6, terminated.data(), &address) == 1;
}

/// How many letters, digits, dots and hyphens the text begins with.
std::size_t plain_size(std::string_view text) {
  std::size_t at = 0;
#if defined(__SSE2__)
  for (; at + 16 <= text.size(); at += 16)
    if (const unsigned others = others_mask<'-', '.'>(text.data() + at); others != 0)
      return at + static_cast<std::size_t>(std::countr_zero(others));
  if (at == text.size()) return at;
  std::array<char, 16> rest{};  // Zeros end it.
  std::memcpy(rest.data(), text.data() + at, (text.size() - at) % rest.size());
  return at + static_cast<std::size_t>(std::countr_zero(others_mask<'-', '.'>(rest.data())));
#else
  const auto is_plain = [](char c) { return is_alnum(c) || c == '-' || c == '.'; };
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
#endif
}

bool is_unusual_authority(std::string_view text) {
  if (text.front() == '[') {
    const std::size_t end = text.find(']');
    return end != std::string_view::npos && is_ipv6_address(text.substr(1, end - 1)) &&
           is_port_part(text.substr(end + 1));
  }
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    while (at < end && kRegName[static_cast<unsigned char>(*at)]) ++at;
    if (end - at < 3 || *at != '%' || hex_value(at[1]) < 0 || hex_value(at[2]) < 0) break;
    at += 3;
  }
  return at != text.data() && is_port_part({at, end});
}

}  // namespace

AuthorityForm AuthorityCache::parse(std::string_view text) {
  const AuthorityForm form = authority_form(text);
  if (form == AuthorityForm::refused || text.size() > bytes_.size()) return form;
  std::copy(text.begin(), text.end(), bytes_.begin());
  size_ = static_cast<std::uint8_t>(text.size());
  return form_ = form;
}

AuthorityForm authority_form(std::string_view text) {
  if (text.empty()) return AuthorityForm::refused;
  const std::size_t plain = plain_size(text);
  if (plain == text.size()) return AuthorityForm::name;
  if (plain > 0 && is_port_part(text.substr(plain))) return AuthorityForm::name_and_port;
  return is_unusual_authority(text) ? AuthorityForm::other : AuthorityForm::refused;
}

}  // namespace teal::net
