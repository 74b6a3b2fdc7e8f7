// IdleQueue: slices of work that take their time and that nothing else waits for, as of scrapes and
// pages of services. They have their turn while nothing else is ready, one at a time; and one every
// kPatience however much else there is, or a front door that is busy without a pause would answer
// its scrapers never.
//
// Control thread. Runs nothing itself: the loop asks what it may take.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "base/assert.h"
#include "base/time.h"

namespace teal::app {

class IdleQueue {
 public:
  /// A slice is some hundred microseconds, so they take a twentieth of a busy thread.
  static constexpr Millis kPatience{5};

  using Slice = std::function<void()>;

  void push(Slice slice, Mono now) {
    if (waiting_.empty()) last_ = now;
    waiting_.push_back(std::move(slice));
  }
  bool is_empty() const { return waiting_.empty(); }
  /// Whether the oldest is not to wait any longer for a pause in everything else.
  bool is_due(Mono now) const { return !waiting_.empty() && now - last_ >= kPatience; }
  /// The oldest. Requires: !is_empty().
  Slice take(Mono now) {
    TEAL_ASSERT(!waiting_.empty());
    last_ = now;
    Slice oldest = std::move(waiting_.front());
    waiting_.pop_front();
    return oldest;
  }

 private:
  std::deque<Slice> waiting_;
  Mono last_{};  ///< When one was taken last, or came when none waited.
};

}  // namespace teal::app
