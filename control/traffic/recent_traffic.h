// RecentTraffic: what one stream has done in the last ten seconds, of readings of its counters that
// grow. It keeps what came between two readings, added up to cells of a second, and of that only
// what is not nothing: a stream without traffic takes next to no memory, a busy one some
// kilobytes. What it shows begins on the border of a cell, so it is of the last ten to eleven
// seconds, and exactly of ten where nothing came at that border.
//
// Pure: times and readings are given.
#pragma once

#include <optional>
#include <vector>

#include "base/counters.h"
#include "base/time.h"
#include "health/statistics/sparse_histogram.h"

namespace teal::control {

class RecentTraffic {
 public:
  static constexpr Millis kOver{10'000};
  static constexpr Millis kCell{1'000};

  struct View {
    Tally tally;
    Micros span{0};  ///< How long it really is: shorter while young, else kOver and up to a cell
                     ///< more, or a gap between readings where that is longer.
  };

  void feed(Mono now, const TrafficCounters& counted);
  /// No request has ended since the last feed().
  void feed_unchanged(Mono now);
  /// It has been read for kOver, and nothing came: until something does, view() stays as it is.
  bool is_at_rest() const { return has_second_ && cells_.empty() && looked_ - began_ >= kOver; }
  /// Nothing before the second reading.
  std::optional<View> view() const;
  /// Of the requests of view().
  Histogram duration() const;

 private:
  struct Cell {
    Mono from, to;
    Tally tally;
    health::SparseHistogram duration;
  };

  void add(Cell cell);
  void pass(Mono now);

  std::vector<Cell> cells_;  ///< With something in them.
  Mono began_, looked_;      ///< The first reading, and the last one.
  bool has_reading_ = false, has_second_ = false;
  Tally counted_;  ///< At the last reading.
  health::SparseHistogram duration_;
};

}  // namespace teal::control
