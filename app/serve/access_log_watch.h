// AccessLogWatch: says once when the access log's file takes no more lines (a full disk, a closed
// pipe), once when it does again, and keeps the warning for GET /readyz meanwhile. Traffic goes on.
//
// Control thread, asked with its ticks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/time.h"
#include "proxy/telemetry/access_log.h"

namespace teal::app {

class AccessLogWatch {
 public:
  /// A file that takes a line now and then is still in trouble: it is well after so long without.
  static constexpr Millis kCalm{1000};

  AccessLogWatch(std::string path, Log& log) : path_(std::move(path)), log_(log) {}

  void set_path(std::string path) { path_ = std::move(path); }
  void check(const proxy::AccessLogHealth& health, Mono now);
  /// While it fails: what and why.
  const std::optional<std::string>& warning() const { return warning_; }

 private:
  std::string path_;
  Log& log_;
  std::optional<std::string> warning_;
  std::uint64_t lost_before_ = 0;  ///< When the trouble began.
  std::uint64_t errors_ = 0;
  int not_reopened_ = 0;
  Mono last_error_;
};

}  // namespace teal::app
