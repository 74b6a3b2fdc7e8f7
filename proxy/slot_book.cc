// SlotBook, declared in proxy/route_table.h.
#include <algorithm>

#include "base/assert.h"
#include "proxy/route_table.h"

namespace teal::proxy {

SlotBook::SlotBook(std::size_t limit) : limit_(limit) {
  TEAL_ASSERT(limit >= 2 && limit <= kMaxSlots);
}

const TrafficKey& SlotBook::overflow_key() {
  static const TrafficKey key{"(overflow)", Colour::blue, "", Audience::split};
  return key;
}

SlotId SlotBook::slot(const TrafficKey& key) {
  ++uses_;
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    slots_[known->second].used = uses_;
    slots_[known->second].table = table_;
    return known->second;
  }

  // Keys of one service and colour are neighbours in the map; a group is those of one audience.
  SlotId oldest = kNoSlot;
  std::size_t revisions = 0;
  auto near = by_key_.lower_bound({key.service, key.colour, "", Audience::split});
  for (; near != by_key_.end(); ++near) {
    const auto& [known, slot] = *near;
    if (known.service != key.service || known.colour != key.colour) break;
    if (known.audience != key.audience) continue;
    ++revisions;
    if (oldest == kNoSlot || slots_[slot].used < slots_[oldest].used) oldest = slot;
  }

  if (revisions >= kRevisions) return take(oldest, key);
  // The last place is kept for the overflow.
  if (slots_.size() < limit_ - 1) return append(key);
  if (const SlotId idle = take_idle(key); idle != kNoSlot) return idle;
  ++crowded_;
  return oldest != kNoSlot ? take(oldest, key) : overflow();
}

std::optional<SlotId> SlotBook::find(const TrafficKey& key) const {
  const auto known = by_key_.find(key);
  return known == by_key_.end() ? std::nullopt : std::optional(known->second);
}

SlotId SlotBook::append(const TrafficKey& key) {
  const auto slot = static_cast<SlotId>(slots_.size());
  slots_.push_back({key, 0, table_, uses_});
  by_key_.emplace(key, slot);
  return slot;
}

SlotId SlotBook::take(SlotId slot, const TrafficKey& key) {
  Slot& taken = slots_[slot];
  by_key_.erase(taken.key);
  by_key_.emplace(key, slot);
  taken = {key, taken.generation + 1, table_, uses_};
  return slot;
}

SlotId SlotBook::take_idle(const TrafficKey& key) {
  // One search per table may be in vain, or a crowded book would be searched for every group.
  if (searched_in_vain_ == table_) return kNoSlot;
  SlotId idle = kNoSlot;
  for (const auto& [known, slot] : by_key_)
    if (slots_[slot].table + 1 < table_ &&
        (idle == kNoSlot || slots_[slot].used < slots_[idle].used))
      idle = slot;
  if (idle != kNoSlot) return take(idle, key);
  searched_in_vain_ = table_;
  return kNoSlot;
}

SlotId SlotBook::overflow() {
  // Not in by_key_: it is never found, reused or counted to a group.
  if (slots_.size() < limit_) slots_.push_back({overflow_key(), 0, table_, uses_});
  return static_cast<SlotId>(limit_ - 1);
}

}  // namespace teal::proxy
