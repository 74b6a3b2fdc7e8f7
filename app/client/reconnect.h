// Reconnect: for commands that outlive a restart of Teal. Says once that nobody answers and once
// that somebody does again, on the error stream, and spaces the tries between: 250 ms at first,
// twice as long each time, 5 s at most.
//
// One thread. Connects to nothing itself and never gives up: that is its caller's word.
#pragma once

#include <string>

#include "app/client/terminal.h"

namespace teal::app {

class Reconnect {
 public:
  explicit Reconnect(const Terminal& terminal) : terminal_(terminal) {}

  /// Nobody has answered, and `why`: waits until it is time for the next try, for no longer than
  /// `most`. False where the user wants to leave.
  bool lost(const std::string& why, Millis most = kMaxPause);
  /// Somebody has answered.
  void back();
  bool is_lost() const { return is_lost_; }

 private:
  static constexpr Millis kMinPause{250};
  static constexpr Millis kMaxPause{5000};

  const Terminal& terminal_;
  bool is_lost_ = false;
  Millis next_ = kMinPause;
};

}  // namespace teal::app
