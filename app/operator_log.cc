#include "app/operator_log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <string>

namespace teal::app {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// A value with spaces or quotes is quoted, line ends are escaped: one event stays one line.
void append_value(std::string& line, const std::string& value) {
  const bool plain = value.find_first_of(" \"=\\\n\r\t") == std::string::npos;
  if (plain) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    if (c == '\n' || c == '\r') {
      line += ' ';
      continue;
    }
    if (c == '"' || c == '\\') line += '\\';
    line += c;
  }
  line += '"';
}

class OperatorLog final : public Log {
 public:
  explicit OperatorLog(bool quiet)
      : logger_("teal", std::make_shared<spdlog::sinks::stderr_color_sink_mt>()) {
    logger_.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
    logger_.set_level(quiet ? spdlog::level::warn : spdlog::level::info);
    logger_.flush_on(spdlog::level::info);
  }

  void write(Level level, std::string_view message,
             std::initializer_list<LogField> fields) override {
    const auto at = to_spdlog(level);
    if (!logger_.should_log(at)) return;
    std::string line(message);
    for (const auto& [key, value] : fields) {
      if (value.empty()) continue;
      line += ' ';
      line += key;
      line += '=';
      append_value(line, value);
    }
    logger_.log(at, "{}", line);
  }

 private:
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<Log> make_operator_log(bool quiet) {
  return std::make_unique<OperatorLog>(quiet);
}

}  // namespace teal::app
