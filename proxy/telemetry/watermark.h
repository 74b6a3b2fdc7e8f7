// InFlightWatermark: the judged requests of one worker that are in flight and of which the judge
// has heard nothing yet, in the order in which they began. What began before the oldest of them has
// ended, or the judge knows of it: so far it can take events in the order of the requests'
// beginnings, which does not depend on how fast each group fails (docs/judge.md, "age").
//
// Written by the worker: a few stores per judged request, and three per turn of its loop. Control
// reads how far it is with InFlightWatermark::Reading; whoever reads must have taken everything
// that was told by then. Control may ask to hear when a certain time is settled, so that a verdict
// waits for no timer.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace teal::proxy {

/// Embedded in what is listed. Destroying it takes it out.
struct InFlightHook {
  InFlightHook() = default;
  ~InFlightHook() { unlink(); }
  InFlightHook(const InFlightHook&) = delete;
  InFlightHook& operator=(const InFlightHook&) = delete;

  bool is_linked() const { return next != nullptr; }
  void unlink() {
    if (next == nullptr) return;
    next->previous = previous;
    previous->next = next;
    next = previous = nullptr;
  }

  InFlightHook* next = nullptr;
  InFlightHook* previous = nullptr;
  Mono began;
};

class InFlightWatermark {
 public:
  InFlightWatermark() { head_.next = head_.previous = &head_; }
  InFlightWatermark(const InFlightWatermark&) = delete;
  InFlightWatermark& operator=(const InFlightWatermark&) = delete;
  ~InFlightWatermark() { head_.next = head_.previous = nullptr; }

  // ---- the worker
  /// As a rule the newest. One that waited before it was judged began before others that are in.
  void push(InFlightHook& hook, Mono began) {
    InFlightHook* before = head_.previous;
    while (before != &head_ && before->began > began) before = before->previous;
    hook.began = began;
    hook.previous = before;
    hook.next = before->next;
    before->next->previous = &hook;
    before->next = &hook;
    if (head_.next == &hook) show();
  }
  void remove(InFlightHook& hook) {
    const bool was_oldest = head_.next == &hook;
    hook.unlink();
    if (was_oldest) show();
  }
  /// The worker is about to read the clock for a turn, in which requests may begin; `last` is the
  /// clock's last reading. Then on_turn(), and on_idle() when nothing can begin any more.
  void before_turn(Mono last) { store(turn_, last); }
  void on_turn(Mono now) {
    store(turn_, now);
    check(std::min(now, oldest()));
  }
  void on_idle() {
    store(turn_, Mono::max());
    check(oldest());
  }
  /// What control wanted settled has been settled; until clear_settled().
  bool is_settled() const { return is_settled_; }
  void clear_settled() { is_settled_ = false; }
  /// Control waits for something: what it is to be told should not wait.
  bool is_wanted() const { return wanted_.load(std::memory_order_relaxed) != count(Mono::max()); }
  /// One event more was given to control; call it before the request is removed.
  void reported() {
    reported_.store(reported_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  // ---- control
  struct Reading {
    Mono oldest = Mono::max();  ///< Beginning of the oldest untold request; max: there is none.
    /// What the clock was for the turn under way, if there is one: others may begin with that time.
    Mono turn = Mono::max();
    std::uint64_t reported = 0;  ///< Events that control must have taken to rely on the others.
  };
  /// Requests that began by a later reading of the clock than the one before this call may be
  /// missing: what another core has stored is seen a memory's delay late (WorkerPool::watermark).
  Reading read() const {
    // In this order: whoever is idle has pushed what began in its last turn.
    Reading reading;
    reading.turn = load(turn_);
    reading.oldest = load(oldest_);
    reading.reported = reported_.load(std::memory_order_relaxed);
    return reading;
  }
  /// Asks the worker to set is_settled() when its watermark has passed `began`; max cancels. The
  /// worker may pass it at the very same time and miss the request: the caller looks once more.
  void want(Mono began) { wanted_.store(count(began), std::memory_order_relaxed); }

 private:
  static Mono::rep count(Mono at) { return at.time_since_epoch().count(); }
  static Mono load(const std::atomic<Mono::rep>& from) {
    return Mono{Mono::duration{from.load(std::memory_order_acquire)}};
  }
  static void store(std::atomic<Mono::rep>& to, Mono at) {
    to.store(count(at), std::memory_order_release);
  }

  Mono oldest() const { return head_.next == &head_ ? Mono::max() : head_.next->began; }
  void show() {
    store(oldest_, oldest());
    check(std::min(oldest(), Mono{Mono::duration{turn_.load(std::memory_order_relaxed)}}));
  }
  void check(Mono settled) {
    Mono::rep wanted = wanted_.load(std::memory_order_relaxed);
    if (count(settled) <= wanted) return;
    // Once only, unless control wants something else by now.
    wanted_.compare_exchange_strong(wanted, count(Mono::max()), std::memory_order_relaxed);
    is_settled_ = true;
  }

  InFlightHook head_;
  bool is_settled_ = false;
  std::atomic<Mono::rep> oldest_{count(Mono::max())};
  std::atomic<Mono::rep> turn_{count(Mono::max())};
  std::atomic<Mono::rep> wanted_{count(Mono::max())};
  std::atomic<std::uint64_t> reported_{0};
};

}  // namespace teal::proxy
