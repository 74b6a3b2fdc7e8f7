#include "proxy/routing/slot_table.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"

namespace teal::proxy {

SlotTable::SlotTable(std::size_t limit) : limit_(limit) {
  TEAL_ASSERT(limit >= 2 && limit <= kMaxSlots);
}

const TrafficKey& SlotTable::overflow_key() {
  static const TrafficKey key{"(overflow)", Colour::blue, "", Audience::split};
  return key;
}

SlotId SlotTable::slot(const TrafficKey& key, Stage stage) {
  if (const auto known = by_key_.find({key, stage}); known != by_key_.end()) {
    if (slots_[known->second].users++ == 0) leaving_.erase(known->second);
    return known->second;
  }
  const std::optional<SlotId> slot =
      slots_of_group(key) < kOfGroup ? unused() : std::optional<SlotId>();
  if (!slot) {
    ++crowded_;
    return overflow();
  }
  slots_[*slot] = {key, stage, version_, 1, 0, false};
  by_key_.emplace(std::pair(key, stage), *slot);
  return *slot;
}

std::size_t SlotTable::slots_of_group(const TrafficKey& key) const {
  // Keys of one service and colour are neighbours; a group is those of one audience.
  std::size_t found = 0;
  for (auto at = by_key_.lower_bound({{key.service, key.colour, "", Audience::split}, {}});
       at != by_key_.end(); ++at) {
    const TrafficKey& near = at->first.first;
    if (near.service != key.service || near.colour != key.colour) break;
    if (near.audience == key.audience) ++found;
  }
  return found;
}

std::optional<SlotId> SlotTable::unused() {
  if (!free_.empty()) {
    const SlotId slot = free_.front();
    free_.pop_front();
    return slot;
  }
  // One place is kept for the overflow.
  if (slots_.size() + (overflow_ ? 0 : 1) >= limit_) return std::nullopt;
  slots_.emplace_back();
  return static_cast<SlotId>(slots_.size() - 1);
}

std::optional<TrafficKey> SlotTable::key_after(const TrafficKey& key) const {
  constexpr Stage kLast{std::numeric_limits<std::uint64_t>::max(),
                        std::numeric_limits<std::uint64_t>::max()};
  const auto next = by_key_.upper_bound({key, kLast});
  return next == by_key_.end() ? std::nullopt : std::optional(next->first.first);
}

void SlotTable::leave(SlotId slot) {
  if (slot == overflow_) return;
  Slot& left = slots_[slot];
  TEAL_ASSERT(left.users > 0);
  if (--left.users > 0) return;
  left.left_in = version_;
  leaving_.insert(slot);
}

void SlotTable::on_applied(std::uint64_t version) {
  applied_ = std::max(applied_, version);
}

bool SlotTable::is_left(SlotId slot) const {
  const Slot& asked = slots_[slot];
  return !asked.is_free && slot != overflow_ && asked.users == 0 && asked.left_in <= applied_;
}

void SlotTable::free(SlotId slot) {
  TEAL_ASSERT(is_left(slot));
  Slot& freed = slots_[slot];
  by_key_.erase({freed.key, freed.stage});
  leaving_.erase(slot);
  freed = {};
  freed.is_free = true;
  free_.push_back(slot);
}

SlotId SlotTable::overflow() {
  if (overflow_) return *overflow_;
  // Not in by_key_, and nobody's stage: it is never found, freed or counted to a group.
  overflow_ = static_cast<SlotId>(slots_.size());
  slots_.push_back({overflow_key(), {}, version_, 0, 0, false});
  return *overflow_;
}

}  // namespace teal::proxy
