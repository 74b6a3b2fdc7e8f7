// What a byte of ASCII is, whatever the locale: a digit, a letter, upper or lower case, a blank.
//
// Pure, any thread. A byte above 0x7f is none of these and stays as it is. Code that reads every
// byte of a request by tables or vectors has its own (net/http1/scan.h, net/http/known_headers.h,
// net/http/literal.h).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace teal {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

constexpr bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

constexpr bool is_alpha(char c) {
  return is_lower(c) || is_upper(c);
}

constexpr bool is_alnum(char c) {
  return is_alpha(c) || is_digit(c);
}

constexpr char to_lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string to_lower_copy(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

/// What a hexadecimal digit of either case stands for, -1: it is none.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char letter = to_lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/// Without the blanks at both ends. Left out, they are the optional white space of HTTP (RFC 9110,
/// section 5.6.3).
constexpr std::string_view trim(std::string_view text, std::string_view blanks = " \t") {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace teal
