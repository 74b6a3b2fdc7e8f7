// Diff: what changes from one configuration to another, key by key and by names, and what becomes
// of each change when the second is loaded over the first in a running Teal.
//
// Pure, any thread. Whether a service may go (a deployment may run there) is not for it to say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/change/candidate.h"

namespace teal::config {

/// What a reload makes of a change.
enum class Effect : std::uint8_t {
  live,             ///< From the next request on.
  new_connections,  ///< Connections that are open keep what they have.
  next_deployment,  ///< A running deployment goes on as it began.
  ignored,          ///< What deployments decided is in the store, and its word counts.
  needs_restart,    ///< Refused: a running process cannot change it.
};
std::string_view to_string(Effect effect);

struct Change {
  std::string path;                   ///< "services.shop.health.interval".
  std::optional<std::string> from{};  ///< As written, shortened; nothing: it was not there.
  std::optional<std::string> to{};    ///< Nothing: it is gone.
  Effect effect = Effect::live;
  bool is_access = false;  ///< Who may come in, or is believed, depends on it.
  std::string note{};      ///< For a person; may be empty.
  bool operator==(const Change&) const = default;
};

/// In the order of the second text, what is gone behind what is there.
std::vector<Change> diff(const Candidate& from, const Candidate& to);

/// "workers: 2 -> 4  (needs a restart)", "+ services.cart", "- listeners.old".
std::string to_string(const Change& change);

/// What a reload does about the key of this path where it stays a key of the same thing.
Effect effect_of(std::string_view path);
bool is_access(std::string_view path);

}  // namespace teal::config
