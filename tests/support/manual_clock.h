// ManualClock: a clock that is set by hand.
#pragma once

#include "base/time.h"

namespace teal {

class ManualClock final : public Clock {
 public:
  Mono mono() const override { return mono_; }
  WallTime wall() const override { return wall_; }
  void advance(Millis by) {
    mono_ += by;
    wall_ += by;
  }
  /// Somebody sets the date.
  void jump(Millis by) { wall_ += by; }

 private:
  Mono mono_{std::chrono::hours{1}};
  WallTime wall_{std::chrono::milliseconds{1'700'000'000'000}};
};

}  // namespace teal
