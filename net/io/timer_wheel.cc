#include "net/io/timer_wheel.h"

#include <algorithm>

namespace teal::net {

TimerWheel::TimerWheel(Mono now) : start_(now) {}

void TimerWheel::link(Timer& timer) {
  timer.unlink();
  // The first tick boundary at or after the deadline, at least the next one, and at most one turn
  // ahead: farther deadlines are moved on when the wheel comes by.
  const auto wait = timer.deadline_ - start_;
  const auto tick = std::chrono::nanoseconds(kTick).count();
  const auto due = static_cast<std::size_t>(
      std::max<std::int64_t>(0, (std::chrono::nanoseconds(wait).count() + tick - 1) / tick));
  const std::size_t at = std::clamp(due, ticks_ + 1, ticks_ + kSlots - 1);
  timer.visited_ = start_ + kTick * at;
  Slot& slot = slots_[at % kSlots];
  timer.previous_ = slot.previous_;
  timer.next_ = &slot;
  slot.previous_->next_ = &timer;
  slot.previous_ = &timer;
}

void TimerWheel::advance(Mono now) {
  while (start_ + kTick * (ticks_ + 1) <= now) {
    ++ticks_;
    Slot& slot = slots_[ticks_ % kSlots];
    // Timers set while firing land in later slots, so this ends; one that fires may destroy others.
    while (slot.next_ != &slot) {
      Timer& timer = *slot.next_;
      timer.unlink();
      if (timer.deadline_ == Mono::max()) continue;
      if (timer.deadline_ > now) {
        link(timer);
        continue;
      }
      timer.deadline_ = Mono::max();
      timer.fire_(timer.owner_);
    }
  }
}

}  // namespace teal::net
