// Verdict: what one source of judgement says about a release. Three words, never a bool: having no
// data is not the same as being well.
#pragma once

#include <string>
#include <variant>

namespace teal::health {

struct Healthy {
  bool operator==(const Healthy&) const = default;
};

struct Breached {
  std::string why;  ///< "error_rate 4.1% > 1% over 30s (12 of 292 requests)".
  bool operator==(const Breached&) const = default;
};

struct NotEnoughEvidence {
  std::string missing;  ///< "12 of 50 requests".
  bool operator==(const NotEnoughEvidence&) const = default;
};

using Verdict = std::variant<NotEnoughEvidence, Healthy, Breached>;

std::string to_string(const Verdict& verdict);

}  // namespace teal::health
