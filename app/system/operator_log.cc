#include "app/system/operator_log.h"

#include <unistd.h>

#include <cerrno>
#include <mutex>

#include <spdlog/details/os.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include "base/printable.h"

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

std::string_view colour_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::info: return "\x1b[32m";
    case spdlog::level::warn: return "\x1b[33m\x1b[1m";
    case spdlog::level::err: return "\x1b[31m\x1b[1m";
    default: return "\x1b[36m";
  }
}

/// A value with spaces or quotes is quoted.
void append_value(std::string& line, const std::string& value) {
  const bool plain = value.find_first_of(" \"=\\") == std::string::npos && is_printable(value);
  if (plain) {
    line += value;
    return;
  }
  line += '"';
  for (std::string_view left = value; !left.empty();) {
    const PrintableUnit unit = printable_unit(left);
    if (left[0] == '"' || left[0] == '\\') line += '\\';
    append_printable(line, left.substr(0, unit.size));
    left.remove_prefix(unit.size);
  }
  line += '"';
}

/// Whole lines, each by one write(): those of others to the same file stand between them, not in
/// them.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(int descriptor)
      : descriptor_(descriptor),
        is_coloured_(::isatty(descriptor) == 1 && spdlog::details::os::is_color_terminal()) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t formatted;
    formatter_->format(message, formatted);
    std::string line(formatted.data(), formatted.size());
    if (is_coloured_) {
      line.insert(message.color_range_end, "\x1b[m");
      line.insert(message.color_range_start, colour_of(message.level));
    }
    if (lost_ > 0) {
      const std::string end(is_cut_ ? "\n" : "");
      line.insert(
          0, end + "lines of this log that could not be written: " + std::to_string(lost_) + "\n");
    }
    const std::size_t written = write_all(line);
    if (written == line.size()) {
      lost_ = 0;
      is_cut_ = false;
      return;
    }
    ++lost_;
    if (written > 0) is_cut_ = line[written - 1] != '\n';
  }
  void flush_() override {}

  std::size_t write_all(std::string_view text) const {
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t written = ::write(descriptor_, text.data() + done, text.size() - done);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) break;
      done += static_cast<std::size_t>(written);
    }
    return done;
  }

  const int descriptor_;
  const bool is_coloured_;
  std::uint64_t lost_ = 0;  ///< Since the last one that was taken whole.
  bool is_cut_ = false;     ///< What was written last is no whole line.
};

class OperatorLog final : public Log {
 public:
  OperatorLog(bool quiet, int descriptor)
      : logger_("teal", std::make_shared<LineSink>(descriptor)) {
    logger_.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
    logger_.set_level(quiet ? spdlog::level::warn : spdlog::level::info);
  }

  void write(Level level, std::string_view message,
             std::initializer_list<LogField> fields) override {
    const auto at = to_spdlog(level);
    if (logger_.should_log(at)) logger_.log(at, "{}", operator_line(message, fields));
  }

 private:
  spdlog::logger logger_;
};

}  // namespace

std::string operator_line(std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = printable(message);
  for (const auto& [key, value] : fields) {
    if (value.empty()) continue;
    line += ' ';
    line += key;
    line += '=';
    append_value(line, value);
  }
  return line;
}

std::unique_ptr<Log> make_operator_log(bool quiet, int descriptor) {
  return std::make_unique<OperatorLog>(quiet, descriptor);
}

}  // namespace teal::app
