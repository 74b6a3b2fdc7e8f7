// A JSON body that is read by hand, and where in it something is wrong. For bodies whose grammar is
// not the configuration's (config/load.h).
//
// Pure functions, any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "config/load.h"

namespace teal::control {

/// The body as an object, or the place where it is none.
config::Loaded<boost::json::object> parse_json_object(const std::string& body);
std::optional<std::string> string_at(const boost::json::object& object, std::string_view key);
/// Where `key` stands in a valid JSON text of one flat object; 0 where it does not.
std::size_t offset_of_key(std::string_view body, std::string_view key);
config::Problem problem_at(std::string_view body, std::size_t offset, std::string key,
                           std::string message, std::string hint);

}  // namespace teal::control
