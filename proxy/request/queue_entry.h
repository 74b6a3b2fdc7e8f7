// QueueEntry: one request's wait for room at the targets of its group, in the queue that the group
// has on this worker, or at a target that takes no stream for now: its place, since when it waits,
// how long it has waited.
//
// Part of one exchange, on its worker's thread. The queue itself is the group's
// (GroupRuntime::waiting), who is called from it is decided by GroupQueues. Does not know how long
// a request may wait, nor what it does with the room.
#pragma once

#include <cstdint>
#include <utility>

#include "base/time.h"
#include "proxy/loop/target_users.h"
#include "proxy/request/permits.h"

namespace teal::proxy {

class WorkerLoop;

class QueueEntry final : public WaitingRequest {
 public:
  using Try = void (*)(void* owner);

  /// Calls try_again(owner) when the request has left the queue because it is its turn to try.
  QueueEntry(WorkerLoop& loop, Try try_again, void* owner)
      : loop_(loop), try_again_(try_again), owner_(owner) {}
  ~QueueEntry() override { leave(); }
  QueueEntry(const QueueEntry&) = delete;
  QueueEntry& operator=(const QueueEntry&) = delete;

  /// Of the next request.
  void begin() {
    has_place_ = waits_for_stream_ = false;
    waited_ = -1;
  }
  /// Of the request: it waits for nothing any more.
  void end() {
    leave();
    permit_.end();
  }

  // ---- in a queue
  /// Goes to its place, which it keeps while it goes to and fro between the queue and targets whose
  /// room is gone again. `has_tried`: not all targets of the group are for it any more. False: as
  /// many wait as may, over all workers, and it waits for none.
  bool enter(const GroupPointer& queue, bool has_tried);
  bool is_queued() const { return is_queued_; }
  /// Does nothing where it is not queued.
  void leave() {
    if (is_queued_) [[unlikely]]
      leave_queue();
  }
  /// Its time runs on.
  bool has_place() const { return has_place_; }
  /// Should it have to wait again, that is a wait with a time of its own.
  void give_up_place() { has_place_ = false; }
  /// It has a target, if that is what it was waiting for.
  void found_target() {
    if (!permit_.is_granted()) [[likely]]
      return;
    permit_.end();
    give_up_place();
  }

  // ---- at a target that is connected and full
  void wait_for_stream(Mono now) {
    waits_for_stream_ = true;
    since_ = now;
  }
  bool waits_for_stream() const { return waits_for_stream_; }
  void stop_waiting_for_stream() { waits_for_stream_ = false; }

  // ---- either way
  /// It does not wait any more, and has got nothing.
  void give_up() {
    leave();
    waits_for_stream_ = false;
  }
  bool is_waiting() const { return is_queued_ || waits_for_stream_; }
  /// It has got what it waited for: for how long.
  Micros end_wait(Mono now) {
    const auto waited = std::chrono::duration_cast<Micros>(now - since_);
    waited_ = waited.count();
    return waited;
  }
  /// In microseconds; -1: it did not have to.
  std::int64_t waited() const { return waited_; }

  // ---- WaitingRequest
  void on_room() override {
    leave();
    try_again_(owner_);
  }
  Mono queued_at() const override { return since_; }
  std::uint64_t queue_number() const override { return number_; }
  bool has_tried_targets() const override { return has_tried_; }

 private:
  void leave_queue();

  WorkerLoop& loop_;
  const Try try_again_;
  void* const owner_;
  PendingPermit permit_;  ///< Of the group that it is queued at.
  bool is_queued_ = false;
  bool has_place_ = false;
  bool has_tried_ = false;
  bool waits_for_stream_ = false;
  std::uint64_t number_ = 0;
  Mono since_;
  std::int64_t waited_ = -1;
};

}  // namespace teal::proxy
