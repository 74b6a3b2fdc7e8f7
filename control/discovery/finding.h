// Finding: what one look at one source of a service's targets has come to, as the thread that looks
// (control/sources/finder.h) tells it to control. Entries, what went wrong, or both: a half that
// fails keeps what it had.
//
// Plain values, any thread. What is believed of it is control/discovery/source_memory.h's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"

namespace teal::control {

/// Why a look failed, as it is counted.
enum class LookFault : std::uint8_t {
  timeout,         ///< No resolver answered in time.
  server_failure,  ///< SERVFAIL.
  refused,         ///< REFUSED.
  malformed,       ///< What came, or what the file says, cannot be read.
  unreachable,     ///< No resolver can be asked.
  missing,         ///< The file is not there (any more).
  unreadable,      ///< The file cannot be opened, or is too large.
  unsafe,          ///< Somebody else could have written the file.
  truncated,       ///< More than fits in, by TCP too: nothing is taken away.
  too_many,        ///< More targets than there may be.
};
inline constexpr std::array kLookFaults{
    LookFault::timeout,     LookFault::server_failure, LookFault::refused,    LookFault::malformed,
    LookFault::unreachable, LookFault::missing,        LookFault::unreadable, LookFault::unsafe,
    LookFault::truncated,   LookFault::too_many};

constexpr std::string_view to_string(LookFault fault) {
  switch (fault) {
    case LookFault::timeout: return "timeout";
    case LookFault::server_failure: return "servfail";
    case LookFault::refused: return "refused";
    case LookFault::malformed: return "malformed";
    case LookFault::unreachable: return "unreachable";
    case LookFault::missing: return "missing";
    case LookFault::unreadable: return "unreadable";
    case LookFault::unsafe: return "unsafe";
    case LookFault::truncated: return "truncated";
    case LookFault::too_many: return "too_many";
  }
  return "malformed";
}

struct LookProblem {
  LookFault fault = LookFault::malformed;
  std::string text;  ///< One sentence for a person.
  bool operator==(const LookProblem&) const = default;
};

/// A target and the release that it is said to run.
struct FoundTargetPlace {
  std::string revision;
  Address address;

  auto operator<=>(const FoundTargetPlace&) const = default;
};

struct Finding {
  std::string service;
  std::string source;  ///< config::source_text().
  /// Nothing: the look failed as a whole.
  std::optional<std::vector<FoundTargetPlace>> entries;
  /// There may be more: nothing is taken away for being absent.
  bool is_partial = false;
  std::string empty_because;  ///< Where there are no entries: "app.internal does not exist".
  std::vector<LookProblem> problems;

  bool operator==(const Finding&) const = default;
};

}  // namespace teal::control
