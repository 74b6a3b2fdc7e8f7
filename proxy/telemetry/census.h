// Census: what a worker finds when it looks at its requests in flight: how many each slot has,
// since when the oldest, and, of a release whose latency is judged, how long each has taken so far.
// A request pays nothing for it: the worker walks over its connections, a part of them a tick, once
// a second or, while something is to be judged by it, ten times.
//
// A CensusTaker is its worker's. A Census is a value that goes to the control thread by a
// CensusBox.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/histogram.h"
#include "base/time.h"
#include "proxy/telemetry/shard.h"

namespace teal::proxy {

struct Census {
  static constexpr std::size_t kUnwatched = static_cast<std::size_t>(-1);
  struct Slot {
    SlotId slot = kNoSlot;
    std::uint64_t requests = 0;
    Mono oldest;                         ///< When it began.
    std::size_t durations = kUnwatched;  ///< Place in `reached`, where somebody asks.
  };

  std::uint64_t table = 0;  ///< The publication that the worker had when it began to look.
  Mono at;                  ///< When it had seen all.
  std::vector<Slot> slots;  ///< Those with requests in flight.
  /// How long the requests of one slot and this worker have taken: those that had ended when the
  /// first of those in flight was seen, and these by their age. No request is in it twice.
  std::vector<Histogram> reached;

  const Slot* find(SlotId slot) const;
  /// Null: nobody asked.
  const Histogram* reached_of(const Slot& slot) const {
    return slot.durations == kUnwatched ? nullptr : &reached[slot.durations];
  }
};

/// Hands the newest census of one worker over to control, and gets back those that control is done
/// with, so that hardly any is allocated; neither waits.
class CensusBox {
 public:
  CensusBox() = default;
  CensusBox(const CensusBox&) = delete;
  CensusBox& operator=(const CensusBox&) = delete;
  ~CensusBox();

  // ---- the worker
  /// To be written anew.
  std::unique_ptr<Census> take_spare();
  void put(std::unique_ptr<Census> census);

  // ---- control
  /// Null before the first; good until the next call.
  const Census* latest();

 private:
  std::atomic<Census*> newest_{nullptr};
  std::atomic<Census*> returned_{nullptr};
  std::unique_ptr<Census> spare_;   ///< The worker's.
  std::unique_ptr<Census> latest_;  ///< Control's.
};

class CensusTaker {
 public:
  bool is_under_way() const { return under_way_ != nullptr; }
  Mono began() const { return began_; }
  /// Writes into `spare`.
  void begin(std::unique_ptr<Census> spare, std::uint64_t table, Mono now);
  /// One request in flight. `is_watched`: its age matters.
  void see(const TrafficShard& traffic, Mono began, bool is_watched);
  /// The clock has moved on since begin().
  void set_now(Mono now) { now_ = now; }
  std::unique_ptr<Census> finish();

 private:
  static constexpr std::uint32_t kNowhere = static_cast<std::uint32_t>(-1);

  std::unique_ptr<Census> under_way_;
  std::vector<std::uint32_t> places_;  ///< In under_way_->slots, by slot.
  Mono began_ = Mono::min();
  Mono now_;
};

}  // namespace teal::proxy
