// QueueEntry: one request's wait for room at the targets of its group, or at a target that takes no
// stream for now: its place in the queue, since when it waits, how long it has waited.
//
// A value of one exchange. The queue itself is the group's (GroupRuntime::waiting).
#pragma once

#include <cstdint>

#include "base/time.h"
#include "proxy/request/permits.h"

namespace teal::proxy {

class QueueEntry {
 public:
  /// Of the next request.
  void begin() {
    has_place_ = waits_for_stream_ = false;
    waited_ = -1;
  }

  /// One of those who wait for a group's targets, over all workers.
  PendingPermit& permit() { return permit_; }

  /// It has a place, which it keeps while it goes to and fro between the queue and targets whose
  /// room is gone again: its time runs on.
  bool has_place() const { return has_place_; }
  /// `number`: in the order in which this worker's requests came.
  void take_place(std::uint64_t number, Mono now) {
    has_place_ = true;
    number_ = number;
    since_ = now;
  }
  /// Should it have to wait again, that is a wait with a time of its own.
  void give_up_place() { has_place_ = false; }
  std::uint64_t number() const { return number_; }
  Mono since() const { return since_; }

  /// At a target that is connected and full.
  void wait_for_stream(Mono now) {
    waits_for_stream_ = true;
    since_ = now;
  }
  bool waits_for_stream() const { return waits_for_stream_; }
  void stop_waiting_for_stream() { waits_for_stream_ = false; }

  /// It has got what it waited for: for how long.
  Micros end_wait(Mono now) {
    const auto waited = std::chrono::duration_cast<Micros>(now - since_);
    waited_ = waited.count();
    return waited;
  }
  /// In microseconds; -1: it did not have to.
  std::int64_t waited() const { return waited_; }

 private:
  PendingPermit permit_;
  bool has_place_ = false;
  bool waits_for_stream_ = false;
  std::uint64_t number_ = 0;
  Mono since_;
  std::int64_t waited_ = -1;
};

}  // namespace teal::proxy
