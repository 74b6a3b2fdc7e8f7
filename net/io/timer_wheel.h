// TimerWheel: the deadlines of one worker. Moving a deadline later, which is what every request
// does several times, is one store: the timer stays in the slot it is in and is moved on when the
// wheel comes by. Coarse on purpose: a timer fires at most one tick late, never early.
//
// Owned and used by one worker's thread; time is given. Not for precise or control-plane timers.
#pragma once

#include <array>
#include <cstddef>

#include "base/time.h"

namespace teal::net {

class TimerWheel;

/// One deadline of its owner; embedded in it. Destroying it unlinks it.
class Timer {
 public:
  using Fire = void (*)(void* owner);

  Timer(Fire fire, void* owner) : fire_(fire), owner_(owner) {}
  ~Timer() { unlink(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool is_set() const { return deadline_ != Mono::max(); }
  Mono deadline() const { return deadline_; }
  /// It will not fire. Cheap; the wheel forgets it when it comes by.
  void cancel() { deadline_ = Mono::max(); }

 protected:
  Timer* next_ = nullptr;
  Timer* previous_ = nullptr;

 private:
  friend class TimerWheel;

  void unlink() {
    if (next_ == nullptr) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = nullptr;
  }

  Fire fire_;
  void* owner_;
  Mono deadline_ = Mono::max();
  Mono visited_ = Mono::max();  ///< When the wheel comes by its slot.
};

class TimerWheel {
 public:
  static constexpr Millis kTick{20};
  static constexpr std::size_t kSlots = 1024;

  explicit TimerWheel(Mono now);

  void set(Timer& timer, Mono deadline) {
    timer.deadline_ = deadline;
    if (timer.next_ == nullptr || timer.visited_ > deadline + kTick) link(timer);
  }

  /// Fires everything due at `now`. Owners may set, cancel and destroy timers meanwhile.
  void advance(Mono now);

 private:
  void link(Timer& timer);

  /// The head of a slot's circular list: a timer that nobody owns.
  struct Slot : Timer {
    Slot() : Timer(nullptr, nullptr) { next_ = previous_ = this; }
    using Timer::next_;
    using Timer::previous_;
  };

  Mono start_;
  std::size_t ticks_ = 0;  ///< Ticks handled since start_.
  std::array<Slot, kSlots> slots_;
};

}  // namespace teal::net
