// Watchdog: when to ask the workers for an answer, and whether the process is well enough to say so
// to whoever restarts it. It is well while its control thread turns and every worker has answered
// lately: one worker that hangs is a share of all connections that hang.
//
// Pure; control thread. Who asks, and whom it is said to, is app/serve/server.cc.
#pragma once

#include <algorithm>
#include <optional>

#include "base/time.h"

namespace teal::app {

class Watchdog {
 public:
  /// `timeout`: after so long without a sign of life the process is ended. Nothing: nobody looks.
  explicit Watchdog(std::optional<Millis> timeout) : timeout_(timeout) {}

  struct Turn {
    bool ask = false;          ///< Have every worker answer, and call answered() then.
    bool must_report = false;  ///< Say that the process is alive.
  };

  /// Requires: `now` never goes back.
  Turn tick(Mono now) {
    if (!timeout_) return {};
    Turn turn;
    // A quarter: an answer and a sign of life may each be late by one without anybody's end.
    const Millis pause = *timeout_ / 4;
    if (!asked_ || (answered_ >= *asked_ && now - *asked_ >= pause)) {
      asked_ = now;
      turn.ask = true;
    }
    const bool all_well = now - std::max(answered_, started(now)) <= *timeout_ / 2;
    if (all_well && (!last_report_ || now - *last_report_ >= pause)) {
      last_report_ = now;
      turn.must_report = true;
    }
    return turn;
  }

  /// Every worker has answered what was asked last.
  void answered(Mono at) { answered_ = std::max(answered_, at); }

 private:
  Mono started(Mono now) {
    if (!started_) started_ = now;
    return *started_;
  }

  std::optional<Millis> timeout_;
  std::optional<Mono> started_;
  std::optional<Mono> asked_;
  std::optional<Mono> last_report_;
  Mono answered_ = Mono::min();
};

}  // namespace teal::app
