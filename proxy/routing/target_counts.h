// TargetCounts: what one worker has counted of one target, of services that want that
// (`metrics: { per_target: true }`); and TargetCountsTable, which hands them out with the routes
// and reads them. Services that do not want it have none, which costs their requests one branch.
//
// TargetCounts: written by its worker, read by anybody (base/counter.h). TargetCountsTable: control
// thread. A target is known by its address in its group: one that is registered anew while it is
// still there goes on with its numbers, and one that has left takes them along.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/counter.h"
#include "base/outcome.h"
#include "base/target_reading.h"

namespace teal::proxy {

class alignas(64) TargetCounts {
 public:
  /// `micros`: since the attempt began.
  void answered(std::uint16_t status, std::uint64_t micros);
  /// Requires: not Failure::status, which is an answer.
  void failed(Failure failure) { faults_[static_cast<std::size_t>(failure)].add(); }
  /// The client did not wait for the answer.
  void given_up() { faults_[TargetReading::kClientGone].add(); }

  void read_into(TargetReading& sum) const;

 private:
  std::array<Counter, std::tuple_size_v<decltype(TargetReading::answers)>> answers_;
  std::array<Counter, TargetReading::kFaults> faults_;
  std::array<Counter, TargetReading::kBuckets> latency_;
  Counter latency_micros_;
};

/// Of one target, by worker. A worker makes its own with the first attempt: most targets of a large
/// Teal have none for a long time.
class CountsByWorker {
 public:
  explicit CountsByWorker(std::size_t workers) : counts_(workers) {}
  ~CountsByWorker();
  CountsByWorker(const CountsByWorker&) = delete;
  CountsByWorker& operator=(const CountsByWorker&) = delete;

  /// That worker's thread only.
  TargetCounts& of(std::size_t worker);
  void read_into(TargetReading& sum) const;

 private:
  std::vector<std::atomic<TargetCounts*>> counts_;
};

class TargetCountsTable {
 public:
  /// Of all services. Over it targets are counted with their group only.
  static constexpr std::size_t kMaxTargets = 65'536;

  explicit TargetCountsTable(std::size_t workers, std::size_t max_targets = kMaxTargets)
      : workers_(workers), max_targets_(max_targets) {}

  /// One more registration of the target: what was counted for it before, or something new; null:
  /// there is no place, and it is left out until forget().
  std::shared_ptr<CountsByWorker> add(const TargetKey& key);
  /// One registration less. `was_left_out`: add() gave it nothing.
  void forget(const TargetKey& key, bool was_left_out);

  /// The first one behind `key`; nothing at the end.
  std::optional<TargetReading> read_after(const TargetKey& key) const;
  /// Targets for which there is no place.
  std::size_t left_out() const { return left_out_; }

 private:
  struct Known {
    std::shared_ptr<CountsByWorker> counts;
    std::size_t registrations = 0;
  };

  const std::size_t workers_;
  const std::size_t max_targets_;
  std::map<TargetKey, Known> known_;
  std::size_t left_out_ = 0;
};

}  // namespace teal::proxy
