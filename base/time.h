// Time as values. `Mono` measures how long things take; `WallTime` says when they happened and
// survives a restart. Nobody below app/ asks the system for either (architecture invariant 8):
// they are given a Clock or a time.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace teal {

using Millis = std::chrono::milliseconds;
using Micros = std::chrono::microseconds;
using Mono = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Where a driver gets the time from: the system's (base/clock.h) or a test's.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Mono mono() const = 0;
  virtual WallTime wall() const = 0;
};

/// "250ms", "10s", "5m", "2h", "1d" and sums of them: "1h30m". "0" is zero. No fractions.
Result<Millis> parse_duration(std::string_view text);
/// The shortest exact form: "1h30m", "250ms", "0s".
std::string format_duration(Millis duration);
/// RFC 3339 in UTC with milliseconds: "2026-11-23T01:14:08.123Z".
std::string format_time(WallTime time);

}  // namespace teal
