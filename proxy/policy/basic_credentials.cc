#include "proxy/policy/basic_credentials.h"

#include <algorithm>
#include <cstdint>

#include "base/ascii.h"

namespace teal::proxy {
namespace {

constexpr std::string_view kScheme = "basic ";

constexpr int kNoDigit = -1;

constexpr int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : kNoDigit;
}

/// RFC 4648, section 4, with or without its padding.
std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 == 0)
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit == kNoDigit) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xffU);
  }
  return bytes;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

}  // namespace

std::optional<BasicCredentials> parse_basic_credentials(std::string_view authorization) {
  if (authorization.size() < kScheme.size() || authorization.size() > 2 * kMaxBasicBytes)
    return std::nullopt;
  const bool is_basic = std::equal(kScheme.begin(), kScheme.end(), authorization.begin(),
                                   [](char a, char b) { return a == to_lower(b); });
  if (!is_basic) return std::nullopt;
  authorization.remove_prefix(
      std::min(authorization.find_first_not_of(' ', kScheme.size()), authorization.size()));
  const std::optional<std::string> both = decode_base64(authorization);
  if (!both || both->size() > kMaxBasicBytes || std::ranges::any_of(*both, is_control))
    return std::nullopt;
  const std::size_t colon = both->find(':');
  if (colon == both->npos || colon == 0) return std::nullopt;
  return BasicCredentials{both->substr(0, colon), both->substr(colon + 1)};
}

}  // namespace teal::proxy
