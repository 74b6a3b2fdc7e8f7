// Verdict: what one source of judgement says about a release. Three words, never a bool: having no
// data is not the same as being well.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/time.h"

namespace teal::health {

struct Healthy {
  bool operator==(const Healthy&) const = default;
};

struct Breached {
  std::string why;  ///< "error_rate 4.1% > 1% over 30s (12 of 292 requests)".
  bool operator==(const Breached&) const = default;
};

/// What is missing, where it can be counted in requests (health/judge/outlook.h says when it may
/// come).
struct Shortfall {
  std::uint64_t seen = 0;  ///< Requests that count already.
  std::uint64_t more = 0;  ///< So many are missing yet.
  bool of_both = false;    ///< Of both groups' requests; else of the release's.
  Millis within{0};        ///< Those seen and those missing must come within so long; 0: whenever.
  bool of_paths = false;   ///< Only those under the alarm's paths, whose rate nobody counts.
  bool operator==(const Shortfall&) const = default;
};

struct NotEnoughEvidence {
  std::string missing;                                ///< "12 of 50 requests".
  std::optional<Shortfall> shortfall = std::nullopt;  ///< The same in numbers.
  bool operator==(const NotEnoughEvidence& other) const { return missing == other.missing; }
};

using Verdict = std::variant<NotEnoughEvidence, Healthy, Breached>;

std::string to_string(const Verdict& verdict);

}  // namespace teal::health
