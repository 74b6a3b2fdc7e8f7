// The nearest of the known words to a mistyped one, for "did you mean". Pure. Knows nothing of
// configuration keys or plans; both ask it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace teal::config {

/// The known word with the smallest edit distance (a swap of neighbours counts as one edit), where
/// that is small enough to be a slip of the finger. Case is ignored. The first of equals.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known);

/// "did you mean 'health'?", or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

}  // namespace teal::config
