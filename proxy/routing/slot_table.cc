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
  const ServiceSlots& slots = slots_of(key.service);
  if (const auto known = slots.find({key, stage}); known != slots.end()) {
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
  const auto service = by_name_.try_emplace(key.service).first;
  service->second.emplace(std::pair(key, stage), *slot);
  services_.emplace(service->first, &service->second);
  return *slot;
}

std::size_t SlotTable::slots_of_group(const TrafficKey& key) const {
  std::size_t found = 0;
  each_of_group(key.service, key.colour, [&](SlotId slot) {
    if (slots_[slot].key.audience == key.audience) ++found;
  });
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
  const ServiceSlots& slots = slots_of(key.service);
  if (const auto next = slots.upper_bound({key, kLast}); next != slots.end())
    return next->first.first;
  const auto behind = by_name_.upper_bound(key.service);
  return behind == by_name_.end() ? std::nullopt
                                  : std::optional(behind->second.begin()->first.first);
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
  const auto service = by_name_.find(freed.key.service);
  service->second.erase({freed.key, freed.stage});
  if (service->second.empty()) {
    services_.erase(service->first);
    by_name_.erase(service);
  }
  leaving_.erase(slot);
  freed = {};
  freed.is_free = true;
  free_.push_back(slot);
}

SlotId SlotTable::overflow() {
  if (overflow_) return *overflow_;
  // Not in by_name_, and nobody's stage: it is never found, freed or counted to a group.
  overflow_ = static_cast<SlotId>(slots_.size());
  slots_.push_back({overflow_key(), {}, version_, 0, 0, false});
  return *overflow_;
}

}  // namespace teal::proxy
