// SlotTable: who is counted in which slot of the workers' shards (proxy/telemetry/shard.h). There
// is one slot per stream of traffic (TrafficKey) and stage, for as long as some view of a service
// has it or some request that began with such a view is in flight. So a slot never has requests of
// two stages in it (docs/adr/0023).
//
// Bounded: where the table is full, or a group has kOfGroup slots whose requests do not end, a
// stage gets the overflow slot, which all share that find no other and which belongs to no service:
// then a judge sees no evidence, never another's. That is counted by crowded().
//
// Control thread. Does not see the shards: whoever does says when a slot is free
// (proxy/telemetry/traffic_reader.h), and keeps what was counted in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/counters.h"

namespace teal::proxy {

/// Where a worker's counters for one stage of one stream of traffic are (proxy/telemetry/shard.h).
using SlotId = std::uint32_t;
inline constexpr SlotId kNoSlot = static_cast<SlotId>(-1);

class SlotTable {
 public:
  static constexpr std::size_t kMaxSlots = 131'072;
  static constexpr std::size_t kOfGroup = 64;  ///< Of one service, colour and audience.

  SlotTable() = default;
  /// A smaller table, for tests. Requires: 2 <= limit <= kMaxSlots.
  explicit SlotTable(std::size_t limit);

  /// Another publication is going to be built. Requires: `version` is not below an earlier one.
  void start(std::uint64_t version) { version_ = version; }
  /// For the view being built, which has it until leave().
  SlotId slot(const TrafficKey& key, Stage stage = {});
  /// The publication being built has no such view any more.
  void leave(SlotId slot);
  /// Every worker runs on that publication or a later one.
  void on_applied(std::uint64_t version);

  /// No view that a worker has, or is going to, has the slot: once none of its requests is in
  /// flight it can be freed.
  bool is_left(SlotId slot) const;
  /// Those that leave() was called for and that are not free yet, whoever has them.
  const std::set<SlotId>& leaving() const { return leaving_; }
  /// Requires: is_left(), and nothing will be counted there any more.
  void free(SlotId slot);

  std::size_t size() const { return slots_.size(); }
  bool is_free(SlotId slot) const { return slots_[slot].is_free; }
  /// Of one that is not free: whose numbers are counted there.
  const TrafficKey& key(SlotId slot) const { return slots_[slot].key; }
  Stage stage(SlotId slot) const { return slots_[slot].stage; }
  /// The first publication that had the slot for that.
  std::uint64_t since(SlotId slot) const { return slots_[slot].since; }
  /// Calls `each(stage, slot)` for every slot of the stream.
  template <class Each>
  void each_of(const TrafficKey& key, Each each) const {
    const ServiceSlots& slots = slots_of(key.service);
    for (auto at = slots.lower_bound({key, {}}); at != slots.end() && at->first.first == key; ++at)
      each(at->first.second, at->second);
  }
  /// Calls `each(slot)` for every slot of the group, of both audiences and all revisions.
  template <class Each>
  void each_of_group(const std::string& service, Colour colour, Each each) const {
    const ServiceSlots& slots = slots_of(service);
    for (auto at = slots.lower_bound({{service, colour, "", Audience::split}, {}});
         at != slots.end() && at->first.first.colour == colour; ++at)
      each(at->second);
  }
  /// The first stream behind `key` that has a slot; nothing at the end.
  std::optional<TrafficKey> key_after(const TrafficKey& key) const;
  /// The one that all share that find no other, once there is one.
  std::optional<SlotId> overflow_slot() const { return overflow_; }
  /// Stages that were given no slot of their own.
  std::uint64_t crowded() const { return crowded_; }

  /// The key of the overflow slot.
  static const TrafficKey& overflow_key();

 private:
  struct Slot {
    TrafficKey key;
    Stage stage;
    std::uint64_t since = 0;
    std::uint32_t users = 0;    ///< Groups' views of the last publication.
    std::uint64_t left_in = 0;  ///< The publication that had it no more, where `users` is 0.
    bool is_free = false;
  };

  using ServiceSlots = std::map<std::pair<TrafficKey, Stage>, SlotId>;

  /// Found in a time that does not depend on how many services there are.
  const ServiceSlots& slots_of(const std::string& service) const {
    static const ServiceSlots kNone;
    const auto found = services_.find(service);
    return found == services_.end() ? kNone : *found->second;
  }
  std::size_t slots_of_group(const TrafficKey& key) const;
  std::optional<SlotId> unused();
  SlotId overflow();

  std::size_t limit_ = kMaxSlots;
  std::vector<Slot> slots_;
  std::deque<SlotId> free_;  ///< The one that has been free for longest is given first.
  std::optional<SlotId> overflow_;
  std::map<std::string, ServiceSlots> by_name_;                   ///< None of them is empty.
  std::unordered_map<std::string_view, ServiceSlots*> services_;  ///< Those of by_name_.
  std::set<SlotId> leaving_;
  std::uint64_t version_ = 0;
  std::uint64_t applied_ = 0;
  std::uint64_t crowded_ = 0;
};

}  // namespace teal::proxy
