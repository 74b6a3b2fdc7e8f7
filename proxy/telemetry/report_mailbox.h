// ReportMailbox: the way of what a worker has to tell of single requests: a batch at a time, which
// control takes whenever it comes round to it. A worker that has something urgent and finds the
// last batch still there asks to be told when it has gone; what it finds out meanwhile joins the
// next.
//
// One worker puts, control takes, without a lock. Wakes nobody itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/judged_event.h"
#include "base/outcome.h"
#include "base/time.h"

namespace teal::proxy {

struct ReportBatch {
  struct Judged {
    ServiceId service = 0;
    JudgedEvent event;
  };
  std::vector<BadOutcome> outcomes;
  std::vector<Judged> judged;
  /// Of this worker's judged requests, those that began before have ended or are told.
  Mono watermark;
  bool is_settled = false;  ///< What was wanted (InFlightWatermark::want) is.
  Mono at;                  ///< When the first was seen of what is urgent in it, if anything is.

  bool empty() const { return outcomes.empty() && judged.empty(); }
};

class ReportMailbox {
 public:
  // ---- the worker
  bool is_full() const { return is_full_.load(std::memory_order_acquire); }
  /// Requires: !is_full().
  void put(ReportBatch reports) {
    reports_ = std::move(reports);
    is_waiting_.store(false, std::memory_order_relaxed);
    is_full_.store(true, std::memory_order_release);
  }
  /// Asks control to say when there is room (take_wakeup()). False: there is, nobody will say so.
  bool wait_for_room() {
    // Whoever of the two comes second sees what the other has written.
    is_waiting_.store(true);
    return is_full_.load();
  }

  // ---- control
  std::optional<ReportBatch> take() {
    if (!is_full()) return std::nullopt;
    std::optional<ReportBatch> taken(std::exchange(reports_, {}));
    is_full_.store(false);
    return taken;
  }
  /// After take(): the worker waits for the room.
  bool take_wakeup() { return is_waiting_.exchange(false); }

 private:
  ReportBatch reports_;  ///< The worker's while the box is not full, else control's.
  std::atomic<bool> is_full_{false};
  std::atomic<bool> is_waiting_{false};
};

}  // namespace teal::proxy
