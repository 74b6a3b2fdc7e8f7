// TrafficReader: all workers' counters of traffic, read as one. Owns the table of slots. What was
// counted in a slot when its last request has ended is kept for its stream, and for the deployment
// that runs; then the slot can be another stage's. So a stream's sum never falls, and what a
// deployment's requests came to has nothing of others' in it, however late those end.
//
// Control thread. The shards are written by their workers meanwhile; a reading is a little old the
// moment it is made, never torn. Keeps no history: windows are the judge's
// (health/statistics/window.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/counters.h"
#include "base/publication.h"
#include "proxy/routing/slot_table.h"
#include "proxy/telemetry/census.h"
#include "proxy/telemetry/shard.h"

namespace teal::proxy {

class TrafficReader {
 public:
  /// Revisions of one service, colour and audience whose numbers are kept when no slot is theirs.
  static constexpr std::size_t kRevisions = 8;
  static constexpr std::size_t kMaxPast = 4096;  ///< Streams of all services kept without a slot.

  /// What it is read from; always those of all workers, in the same order. A null census, or none
  /// at all: that worker has not looked yet.
  struct Sources {
    std::span<const Shard* const> shards;
    std::span<const Census* const> censuses = {};
  };

  TrafficReader() = default;
  /// For tests: a smaller table of slots.
  explicit TrafficReader(std::size_t max_slots) : slots_(max_slots) {}

  /// Notes which deployment's traffic is counted from this publication on.
  void note(const Publication& publication);
  /// Every worker runs on that publication or a later one. Frees the slots that nothing needs any
  /// more: here, and not on the way of a publication.
  void on_applied(std::uint64_t version, std::span<const Shard* const> shards);

  /// The first stream behind `key` that has a slot or a past, summed over stages and shards;
  /// nothing at the end. TrafficKey{} is before all of them.
  std::optional<TrafficReading> read_after(const TrafficKey& key,
                                           std::span<const Shard* const> shards) const;
  /// Of one stream; zeros for one that is unknown.
  TrafficCounters read(const TrafficKey& key, std::span<const Shard* const> shards) const;
  /// Of what began in the stage's deployment, and in the stage.
  StageReading read(const TrafficKey& key, Stage stage, const Sources& sources) const;
  /// How many of what began in the deployment have ended: the same without histograms, which are
  /// most of a reading.
  Tallies read_tallies(const TrafficKey& key, std::uint64_t deployment,
                       std::span<const Shard* const> shards) const;
  /// Of both audiences.
  GroupInFlight read_in_flight(const std::string& service, Colour colour,
                               const Sources& sources) const;

  /// How many requests of the stream have ended, client aborts included; 0 for one that is unknown.
  /// A handful of loads: whoever sees the same number twice need not read the rest again.
  std::uint64_t read_requests(const TrafficKey& key, std::span<const Shard* const> shards) const;

  SlotTable& slots() { return slots_; }
  const SlotTable& slots() const { return slots_; }

 private:
  /// What a slot stood at when it was freed.
  struct Base {
    TrafficCounters counters;
    GrpcCounts grpc{};
  };
  /// What was counted in slots that were freed since.
  struct Past {
    TrafficCounters counters;
    GrpcCounts grpc{};
    std::uint64_t deployment = 0;  ///< Whose part is `of_deployment`.
    std::unique_ptr<TrafficCounters> of_deployment;
    std::uint64_t added = 0;  ///< When that was last, in calls of keep().
  };

  std::optional<TrafficKey> key_after(const TrafficKey& key) const;
  void free_slots(std::span<const Shard* const> shards);
  void keep(SlotId slot, const TrafficCounters& counters, const GrpcCounts& grpc);
  Past& past_of(const TrafficKey& key);
  bool has_slot(const TrafficKey& key) const;
  std::size_t pasts_of_group(const TrafficKey& key, TrafficKey& oldest) const;
  TrafficCounters read(SlotId slot, std::span<const Shard* const> shards) const;
  Tallies tallies(SlotId slot, std::span<const Shard* const> shards) const;
  GrpcCounts grpc(SlotId slot, std::span<const Shard* const> shards) const;
  Histogram reached(SlotId slot, const Sources& sources) const;
  const Census::Slot* seen(const Census* census, SlotId slot) const;

  SlotTable slots_;
  std::unordered_map<SlotId, Base> bases_;  ///< Of slots that were freed once.
  std::map<TrafficKey, Past> past_;
  std::unordered_map<ServiceId, std::uint64_t> deployments_;  ///< As of the last publication.
  std::uint64_t kept_ = 0;
};

}  // namespace teal::proxy
