#include "control/reports/event_id.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace teal::control {
namespace {

constexpr std::size_t kLongestStore = 64;

bool is_store_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestStore &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '.'; });
}

}  // namespace

std::string to_string(const EventId& id) {
  const std::string number = std::to_string(id.number);
  return id.store.empty() ? number : id.store + "-" + number;
}

std::optional<EventId> parse_event_id(std::string_view text) {
  EventId id;
  if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    if (!is_store_name(text.substr(0, dash))) return std::nullopt;
    id.store = text.substr(0, dash);
    text.remove_prefix(dash + 1);
  }
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), id.number);
  if (text.empty() || status != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return id;
}

}  // namespace teal::control
