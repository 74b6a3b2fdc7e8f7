// What a token of HTTP is made of (RFC 9110, section 5.6.2).
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace teal::net {

using ByteTable = std::array<bool, 256>;

/// tchar.
inline constexpr ByteTable kToken = [] {
  ByteTable table{};
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (const char c : std::string_view{"!#$%&'*+-.^_`|~"})
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

inline bool is_in(const ByteTable& table, char c) {
  return table[static_cast<unsigned char>(c)];
}

inline bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_in(kToken, c); });
}

}  // namespace teal::net
