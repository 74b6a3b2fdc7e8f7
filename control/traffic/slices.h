// Slices: looks at many things in turn, each about once in a round, evenly spread over the ticks,
// so that no tick has all of them to do.
//
// Pure: times are given. Does not know what they are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace teal::control {

class Slices {
 public:
  explicit Slices(Millis round) : round_(round) {}

  /// How many of so many things are due by now, from where the last call ended.
  std::size_t take(std::size_t things, Mono now) {
    if (things == 0) return 0;
    const auto passed = std::chrono::duration_cast<Micros>(now - last_).count();
    last_ = now;
    const auto round = std::chrono::duration_cast<Micros>(round_).count();
    // Whatever was missed longer ago than a round is made good by one round.
    owed_ += std::min<std::int64_t>(passed, round) * static_cast<std::int64_t>(things);
    const std::int64_t due = owed_ / round;
    owed_ %= round;
    return std::min(things, static_cast<std::size_t>(due));
  }

 private:
  Millis round_;
  Mono last_;
  std::int64_t owed_ = 0;  ///< Things times microseconds.
};

}  // namespace teal::control
