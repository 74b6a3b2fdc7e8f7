// HealthTurns: how often changes of one service's health may be published: a small burst at once,
// and twenty a second for long. Each service has its own, so that one that flaps is in no other's
// way.
//
// Pure: times are given.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/time.h"

namespace teal::control {

class HealthTurns {
 public:
  static constexpr Millis kPause{50};  ///< Earns one turn.
  static constexpr int kBurst = 10;    ///< Turns that can be saved up.

  /// True when one more change may go out now: the next ones of a flood wait for a tick.
  bool take(Mono now) {
    earn(now);
    is_waiting_ = turns_ <= 0;
    if (!is_waiting_) --turns_;
    return !is_waiting_;
  }
  /// What waits, if anything does, goes out now all the same, at the expense of later ones.
  void borrow(Mono now) {
    earn(now);
    if (std::exchange(is_waiting_, false)) turns_ = std::max(turns_ - 1, -kBurst);
  }

 private:
  void earn(Mono now) {
    const auto earned = (now - refilled_) / kPause;
    if (earned <= 0) return;
    turns_ = static_cast<int>(std::min<std::int64_t>(kBurst, turns_ + earned));
    refilled_ = now;
  }

  int turns_ = kBurst;
  bool is_waiting_ = false;
  Mono refilled_;
};

}  // namespace teal::control
