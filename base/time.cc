#include "base/time.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <utility>

#include "base/quoted.h"

namespace teal {
namespace {

using Unit = std::pair<std::string_view, std::int64_t>;
constexpr std::array<Unit, 5> kUnits{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                     Unit{"s", 1000}, Unit{"ms", 1}};
constexpr std::int64_t kMaxDuration = std::int64_t{36'500} * 86'400'000;

Error bad_duration(std::string_view text) {
  return Error{Source::config, quoted(text) +
                                   " is not a duration: write whole numbers with a unit of ms, s, "
                                   "m, h or d, like 250ms, 10s or 1h30m"};
}

std::int64_t unit_millis(std::string_view name) {
  for (const auto& [unit, millis] : kUnits)
    if (unit == name) return millis;
  return 0;
}

}  // namespace

Result<Millis> parse_duration(std::string_view text) {
  if (text == "0") return Millis{0};
  if (text.empty()) return bad_duration(text);
  std::string_view rest = text;
  std::int64_t total = 0;
  while (!rest.empty()) {
    std::uint32_t count = 0;
    const auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (status != std::errc{}) return bad_duration(text);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::size_t unit_size = std::min(rest.find_first_of("0123456789"), rest.size());
    const std::int64_t millis = unit_millis(rest.substr(0, unit_size));
    if (millis == 0) return bad_duration(text);
    total += millis * std::int64_t{count};
    if (total > kMaxDuration) return bad_duration(text);
    rest.remove_prefix(unit_size);
  }
  return Millis{total};
}

std::string format_duration(Millis duration) {
  std::int64_t left = duration.count();
  if (left == 0) return "0s";
  std::string text;
  if (left < 0) {
    text = "-";
    left = -left;
  }
  for (const auto& [unit, millis] : kUnits) {
    if (left < millis) continue;
    text += std::to_string(left / millis);
    text += unit;
    left %= millis;
  }
  return text;
}

std::string format_time(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::array<char, 40> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count()));
  return std::string(text.data(), static_cast<std::size_t>(size));
}

}  // namespace teal
