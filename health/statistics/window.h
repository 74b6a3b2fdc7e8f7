// Window: the last so many seconds of a growing reading, as a difference of two readings. A bounded
// ring of readings, at most one kept per cell of over/kCells, so that memory does not depend on how
// often one looks. Pure; owned by one judge.
#pragma once

#include <deque>
#include <optional>

#include "base/counters.h"
#include "base/time.h"

namespace teal::health {

class Window {
 public:
  static constexpr int kCells = 60;

  explicit Window(Millis over) : over_(over) {}

  void push(Mono at, const TrafficCounters& reading);

  struct View {
    TrafficCounters counters;  ///< What came within the window.
    Micros span{0};  ///< How long it really is: shorter while young, else over and up to a cell
                     ///< more, or a gap between readings where that is longer.
  };
  /// Nothing before the second reading.
  std::optional<View> view() const;

 private:
  struct Mark {
    Mono at;
    TrafficCounters reading;
  };
  Millis over_;
  std::deque<Mark> marks_;
  std::optional<Mark> newest_;
};

}  // namespace teal::health
