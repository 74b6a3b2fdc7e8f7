// The router of the control API: a request target taken apart, and matched with patterns such as
// "/v1/services/{service}/split".
//
// Pure functions, any thread. Knows no handlers: the table is control/api/api.cc's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace teal::control {

/// A target in origin form (RFC 9112 section 3.2.1), percent-decoded.
struct ApiTarget {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;
};

/// Nothing if it is not one.
std::optional<ApiTarget> parse_target(std::string_view target);

/// What stands for the names in braces, in their order; nothing if the path is not of the pattern.
std::optional<std::vector<std::string>> match(std::string_view pattern, const ApiTarget& target);

}  // namespace teal::control
