#include "control/api/router.h"

#include <boost/url.hpp>

namespace teal::control {

std::optional<ApiTarget> parse_target(std::string_view target) {
  const auto parsed = boost::urls::parse_origin_form(target);
  if (!parsed) return std::nullopt;
  ApiTarget out;
  for (const auto segment : parsed->segments()) out.segments.emplace_back(segment);
  for (const auto param : parsed->params()) out.query.emplace_back(param.key, param.value);
  return out;
}

std::optional<std::vector<std::string>> match(std::string_view pattern, const ApiTarget& target) {
  std::vector<std::string> names;
  std::size_t depth = 0;
  std::string_view rest = pattern;
  while (!rest.empty()) {
    rest.remove_prefix(1);  // The slash.
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size());
    if (depth == target.segments.size()) return std::nullopt;
    const std::string& segment = target.segments[depth++];
    if (part.starts_with('{')) {
      if (segment.empty()) return std::nullopt;
      names.push_back(segment);
    } else if (part != segment) {
      return std::nullopt;
    }
  }
  if (depth != target.segments.size()) return std::nullopt;
  return names;
}

}  // namespace teal::control
