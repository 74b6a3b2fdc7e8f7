// How the control API writes the values of a report: text, measured numbers, durations, times, and
// null for what there is not.
//
// Pure functions, any thread.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "base/time.h"

namespace teal::control {

inline boost::json::string text(std::string_view view) {
  return boost::json::string(view);
}

/// Six decimals: finer than the split's own resolution, and short to read.
inline double rounded(double number) {
  return std::round(number * 1e6) / 1e6;
}

inline boost::json::value in_millis(Micros duration) {
  return rounded(static_cast<double>(duration.count()) / 1000.0);
}

inline boost::json::array in_millis(const std::vector<Micros>& durations) {
  boost::json::array out;
  for (const Micros duration : durations) out.push_back(in_millis(duration));
  return out;
}

inline boost::json::value or_null(const std::optional<double>& number) {
  return number ? boost::json::value(rounded(*number)) : boost::json::value(nullptr);
}

inline boost::json::value or_null(const std::optional<std::string>& id) {
  return id ? boost::json::value(text(*id)) : boost::json::value(nullptr);
}

inline boost::json::value or_null(const std::optional<WallTime>& time) {
  return time ? boost::json::value(text(format_time(*time))) : boost::json::value(nullptr);
}

inline boost::json::value or_null(const std::optional<Micros>& duration) {
  return duration ? in_millis(*duration) : boost::json::value(nullptr);
}

}  // namespace teal::control
