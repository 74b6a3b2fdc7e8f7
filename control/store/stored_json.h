// Members of a record that the store gives back, by their type. One that is missing, or is of
// another type, is a damaged record: boost::json throws, and whoever reads records catches that
// once.
#pragma once

#include <cstdint>
#include <string>

#include <boost/json.hpp>

#include "base/time.h"

namespace teal::control {

inline std::string text(const boost::json::object& object, const char* key) {
  return boost::json::value_to<std::string>(object.at(key));
}

template <class Number>
Number number(const boost::json::object& object, const char* key) {
  return boost::json::value_to<Number>(object.at(key));
}

inline Millis millis(const boost::json::object& object, const char* key) {
  return Millis{number<std::int64_t>(object, key)};
}

}  // namespace teal::control
