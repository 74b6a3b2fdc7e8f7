// TrafficBook: all workers' counters of traffic, read as one. Owns the book of slots; where a slot
// has been given to another revision, remembers what it stood at and subtracts that, so that every
// key's numbers begin at zero.
//
// Control thread. The shards are written by their workers meanwhile; a reading is a little old the
// moment it is made, never torn. Keeps no history: windows are the judge's (health/window.h).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/counters.h"
#include "proxy/route_table.h"
#include "proxy/shard.h"

namespace teal::proxy {

class TrafficBook {
 public:
  TrafficBook() = default;
  /// For tests: a smaller book of slots.
  explicit TrafficBook(std::size_t max_slots) : slots_(max_slots) {}

  /// build_route_table with this book's slots. Where it reuses one, the slot's present count
  /// becomes its base; that is exact, because nobody counts for the new key before the table is
  /// published. Requests that still run on an older table may add to the new key: at most those in
  /// flight.
  RouteTable build(std::uint64_t version, std::shared_ptr<const config::Config> config,
                   const std::vector<ServiceState>& states, std::span<const Shard* const> shards);

  /// One reading per key that has a slot, summed over the shards; always pass all of them.
  std::vector<TrafficReading> read(std::span<const Shard* const> shards) const;

  /// Of one key; zeros for one without a slot of its own.
  TrafficCounters read(const TrafficKey& key, std::span<const Shard* const> shards) const;
  /// The same without histograms, which are most of a reading.
  Tally read_tally(const TrafficKey& key, std::span<const Shard* const> shards) const;

  /// Gauges of the requests in flight by key, finished calls of gRPC by key and status, and how
  /// often a slot had to be shared.
  std::vector<MetricSample> read_gauges(std::span<const Shard* const> shards) const;

  const SlotBook& slots() const { return slots_; }

 private:
  struct Base {
    std::uint64_t generation = 0;
    TrafficCounters counters;
    GrpcCounts grpc{};
  };

  TrafficCounters read(SlotId slot, std::span<const Shard* const> shards) const;
  void read_grpc(SlotId slot, std::span<const Shard* const> shards,
                 std::vector<MetricSample>& samples) const;

  SlotBook slots_;
  std::unordered_map<SlotId, Base> bases_;  ///< Of reused slots only.
};

}  // namespace teal::proxy
