// parse_whole(): a number from a text that is that number and nothing else.
//
// Pure, any thread, whatever the locale. It takes what std::from_chars takes: no blanks, no plus
// sign, a minus sign for types that have one, digits of `base` without a prefix.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace teal {

/// Nothing where the text is empty, goes on behind the number, or names one that T does not hold.
template <std::integral T>
std::optional<T> parse_whole(std::string_view text, int base = 10) {
  T number{};
  const char* const last = text.data() + text.size();
  const auto [end, status] = std::from_chars(text.data(), last, number, base);
  if (status != std::errc{} || end != last) return std::nullopt;
  return number;
}

/// The whole text as a number with a fraction; `format` says whether it may have an exponent.
template <std::floating_point T>
std::optional<T> parse_whole(std::string_view text,
                             std::chars_format format = std::chars_format::general) {
  T number{};
  const char* const last = text.data() + text.size();
  const auto [end, status] = std::from_chars(text.data(), last, number, format);
  if (status != std::errc{} || end != last) return std::nullopt;
  return number;
}

}  // namespace teal
