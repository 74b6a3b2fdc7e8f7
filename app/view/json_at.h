// Members of a JSON object as the views want them: what is missing or of another kind reads as
// nothing, because an older or newer Teal may have written it. Texts are fit to be printed, because
// whoever may call the API has written reasons, revisions and alarms.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "base/printable.h"

namespace teal::app {

/// Nothing where the text is not JSON or not an object.
inline std::optional<boost::json::object> parse_object(std::string_view text) {
  boost::json::error_code failed;
  boost::json::value value = boost::json::parse(text, failed);
  if (failed || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

inline std::string text_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return printable(value->get_string());
}

/// A time for a person: "2026-11-23 02:14:08Z" of "2026-11-23T02:14:08.123Z".
inline std::string moment_at(const boost::json::object& object, std::string_view key) {
  const std::string time = text_at(object, key);
  return time.size() >= 19 ? time.substr(0, 10) + ' ' + time.substr(11, 8) + 'Z' : time;
}

inline std::optional<double> number_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

inline bool flag_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

inline const boost::json::object* object_at(const boost::json::object& object,
                                            std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

inline const boost::json::array* array_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_array();
}

/// The texts of a list.
inline std::vector<std::string> texts_at(const boost::json::object& object, std::string_view key) {
  std::vector<std::string> texts;
  if (const boost::json::array* list = array_at(object, key))
    for (const boost::json::value& value : *list)
      if (value.is_string()) texts.push_back(printable(value.get_string()));
  return texts;
}

/// Whether the report of a deployment says that it has ended: the texts of control/engine/status.h.
inline bool is_terminal(const boost::json::object& deployment) {
  const std::string status = text_at(deployment, "status");
  return status == "Succeeded" || status == "Failed" || status == "Stopped";
}

}  // namespace teal::app
