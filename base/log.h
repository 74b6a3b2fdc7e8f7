// The operator's log: one event a line, with key=value fields. The sink is given, so that rooms can
// log without knowing where it goes; app/ writes it through spdlog, tests keep it in memory.
//
// Control-plane events and rare worker events only; requests go to the access log.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace teal {

enum class Level : std::uint8_t { debug, info, warning, error };

using LogField = std::pair<std::string_view, std::string>;

/// Thread-safe in every implementation.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(Level level, std::string_view message,
                     std::initializer_list<LogField> fields) = 0;

  void info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(Level::info, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(Level::warning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(Level::error, message, fields);
  }
};

}  // namespace teal
