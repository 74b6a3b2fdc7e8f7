#include "control/reports/event_id.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/parse_number.h"

namespace teal::control {
namespace {

constexpr std::size_t kMaxStoreLength = 64;

bool is_store_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxStoreLength &&
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
  const auto number = parse_whole<decltype(id.number)>(text);
  if (!number) return std::nullopt;
  id.number = *number;
  return id;
}

}  // namespace teal::control
