// The two groups of a service. Blue and green are names of places, not roles: which of them is live
// changes with every promotion.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace teal {

enum class Colour : std::uint8_t { blue, green };

inline constexpr std::array<Colour, 2> kColours{Colour::blue, Colour::green};

constexpr Colour other(Colour colour) {
  return colour == Colour::blue ? Colour::green : Colour::blue;
}

constexpr std::string_view to_string(Colour colour) {
  return colour == Colour::blue ? "blue" : "green";
}

constexpr std::optional<Colour> parse_colour(std::string_view text) {
  if (text == "blue") return Colour::blue;
  if (text == "green") return Colour::green;
  return std::nullopt;
}

/// One T for blue and one for green.
template <class T>
struct PerColour {
  std::array<T, 2> values{};

  T& operator[](Colour colour) { return values[static_cast<std::size_t>(colour)]; }
  const T& operator[](Colour colour) const { return values[static_cast<std::size_t>(colour)]; }
  bool operator==(const PerColour&) const = default;
};

}  // namespace teal
