// Deadlines: until when one request may take: its present phase, and the whole of it. Whichever of
// the two comes first fires.
//
// Part of one exchange, on its worker's thread. Does not know what a phase is, nor what comes after
// its end: whoever made it is called, and asks.
#pragma once

#include <algorithm>

#include "base/time.h"
#include "net/io/timer_wheel.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

class Deadlines {
 public:
  /// Calls on_deadline(owner) when a deadline has passed.
  Deadlines(WorkerLoop& loop, net::Timer::Fire on_deadline, void* owner)
      : loop_(loop), timer_(on_deadline, owner) {}

  /// The request began at `began` and may take `whole`; 0: it has no end. Nothing is timed yet.
  void begin(Mono began, Millis whole) {
    of_request_ = whole.count() > 0 ? began + whole : Mono::max();
  }
  /// Mono::max(): there is none.
  Mono of_request() const { return of_request_; }
  /// In the place of the one that there was.
  void set_of_request(Mono deadline) { of_request_ = deadline; }
  bool is_request_over() const { return loop_.now() >= of_request_; }

  /// A phase of the request begins, or goes on, that may take so long from now on; 0: it is not
  /// timed for itself.
  void begin_phase(Millis phase) {
    const Mono limit = phase.count() > 0 ? loop_.now() + phase : Mono::max();
    const Mono deadline = std::min(limit, of_request_);
    if (deadline == Mono::max()) {
      timer_.cancel();
    } else {
      loop_.wheel().set(timer_, deadline);
    }
  }
  /// Nothing is timed any more.
  void cancel() { timer_.cancel(); }

  /// For what sets it by other rules once the request is over (tunnel.h).
  net::Timer& timer() { return timer_; }

 private:
  WorkerLoop& loop_;
  net::Timer timer_;
  Mono of_request_;
};

}  // namespace teal::proxy
