// EventId: what an announcement is called for good, "<store>-<n>": the store's own name and a
// number that no later event of that store has, whatever happens to the process. So whoever comes
// back with the last id that it saw is told just what came since, or that it missed something.
//
// Plain values, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace teal::control {

struct EventId {
  /// The store's id; with ".<process>" behind it where the number could not be reserved in the
  /// store, so that a later process cannot take it for one of its own. Empty: an id of a Teal that
  /// numbered from 1 in each process.
  std::string store;
  std::uint64_t number = 0;
  bool operator==(const EventId&) const = default;
};

std::string to_string(const EventId& id);
/// Nothing where it is not an id: "<store>-<n>", or digits alone, as ids were once.
std::optional<EventId> parse_event_id(std::string_view text);

}  // namespace teal::control
