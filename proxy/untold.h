// Untold: the judged requests of one worker that are in flight and of which the judge has heard
// nothing yet, in the order in which they began. What began before the oldest of them has ended, or
// the judge knows of it: so far it can take events in the order of the requests' beginnings, which
// does not depend on how fast each group fails (docs/judge.md, "age").
//
// Written by the worker: a few stores per judged request, none otherwise. Control reads the oldest
// beginning with UntoldReading; whoever reads must have taken everything that was told by then.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace teal::proxy {

/// Embedded in what is listed. Destroying it takes it out.
struct UntoldHook {
  UntoldHook() = default;
  ~UntoldHook() { unlink(); }
  UntoldHook(const UntoldHook&) = delete;
  UntoldHook& operator=(const UntoldHook&) = delete;

  bool is_linked() const { return next != nullptr; }
  void unlink() {
    if (next == nullptr) return;
    next->previous = previous;
    previous->next = next;
    next = previous = nullptr;
  }

  UntoldHook* next = nullptr;
  UntoldHook* previous = nullptr;
  Mono began;
};

class Untold {
 public:
  Untold() { head_.next = head_.previous = &head_; }
  Untold(const Untold&) = delete;
  Untold& operator=(const Untold&) = delete;
  ~Untold() { head_.next = head_.previous = nullptr; }

  // ---- the worker
  /// Requires: `began` is not before that of those already in.
  void push(UntoldHook& hook, Mono began) {
    hook.began = began;
    hook.previous = head_.previous;
    hook.next = &head_;
    head_.previous->next = &hook;
    head_.previous = &hook;
    if (head_.next == &hook) show();
  }
  void remove(UntoldHook& hook) {
    const bool was_oldest = head_.next == &hook;
    hook.unlink();
    if (was_oldest) show();
  }
  /// One event more was given to control; call it before the request is removed.
  void told() { told_.store(told_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

  // ---- control
  struct Reading {
    Mono oldest = Mono::max();  ///< Beginning of the oldest untold request; max: there is none.
    std::uint64_t told = 0;     ///< Events that control must have taken to rely on `oldest`.
  };
  Reading read() const {
    Reading reading;
    reading.oldest = Mono{Mono::duration{oldest_.load(std::memory_order_acquire)}};
    reading.told = told_.load(std::memory_order_relaxed);
    return reading;
  }

 private:
  void show() {
    const Mono oldest = head_.next == &head_ ? Mono::max() : head_.next->began;
    oldest_.store(oldest.time_since_epoch().count(), std::memory_order_release);
  }

  UntoldHook head_;
  std::atomic<Mono::rep> oldest_{Mono::max().time_since_epoch().count()};
  std::atomic<std::uint64_t> told_{0};
};

}  // namespace teal::proxy
