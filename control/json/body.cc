#include "control/json/body.h"

#include <algorithm>
#include <utility>

namespace teal::control {

namespace json = boost::json;

config::Problem problem_at(std::string_view body, std::size_t offset, std::string key,
                           std::string message, std::string hint) {
  config::Problem problem;
  const std::string_view before = body.substr(0, std::min(offset, body.size()));
  problem.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t line_start = before.rfind('\n');
  problem.column = static_cast<int>(
      before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1);
  problem.key = std::move(key);
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  return problem;
}

std::size_t offset_of_key(std::string_view body, std::string_view key) {
  const std::size_t found = body.find("\"" + std::string(key) + "\"");
  return found == std::string_view::npos ? 0 : found;
}

config::Loaded<json::object> parse_json_object(const std::string& body) {
  json::parser parser;
  json::error_code failed;
  const std::size_t read = parser.write_some(body, failed);
  if (!failed && read < body.size()) failed = json::error::extra_data;
  if (failed)
    return config::Problems{{problem_at(body, read, "", "not JSON: " + failed.message(), "")}};
  json::value value = parser.release();
  if (!value.is_object())
    return config::Problems{{problem_at(body, 0, "", "the body must be a JSON object", "")}};
  return std::move(value.get_object());
}

std::optional<std::string> string_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

}  // namespace teal::control
