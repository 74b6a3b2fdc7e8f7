#include "proxy/telemetry/census.h"

#include <algorithm>
#include <utility>

namespace teal::proxy {
namespace {

std::unique_ptr<Census> swap_in(std::atomic<Census*>& place, std::unique_ptr<Census> census) {
  return std::unique_ptr<Census>(place.exchange(census.release(), std::memory_order_acq_rel));
}

}  // namespace

const Census::Slot* Census::find(SlotId slot) const {
  const auto found = std::ranges::find(slots, slot, &Slot::slot);
  return found == slots.end() ? nullptr : &*found;
}

// ---- CensusBox ----------------------------------------------------------------------------------

CensusBox::~CensusBox() {
  swap_in(newest_, nullptr);
  swap_in(returned_, nullptr);
}

std::unique_ptr<Census> CensusBox::take_spare() {
  if (!spare_) spare_ = swap_in(returned_, nullptr);
  return spare_ ? std::move(spare_) : std::make_unique<Census>();
}

void CensusBox::put(std::unique_ptr<Census> census) {
  // Where control has not looked meanwhile there is one to be had.
  if (auto old = swap_in(newest_, std::move(census))) spare_ = std::move(old);
}

const Census* CensusBox::latest() {
  if (auto news = swap_in(newest_, nullptr))
    swap_in(returned_, std::exchange(latest_, std::move(news)));
  return latest_.get();
}

// ---- CensusTaker --------------------------------------------------------------------------------

void CensusTaker::begin(std::unique_ptr<Census> spare, std::uint64_t table, Mono now) {
  under_way_ = std::move(spare);
  under_way_->table = table;
  under_way_->slots.clear();
  under_way_->reached.clear();
  std::ranges::fill(places_, kNowhere);
  began_ = now_ = now;
}

void CensusTaker::see(const TrafficShard& traffic, Mono began, bool is_watched) {
  Census& census = *under_way_;
  if (traffic.slot >= places_.size()) places_.resize(traffic.slot + 1, kNowhere);
  std::uint32_t& place = places_[traffic.slot];
  if (place == kNowhere) {
    place = static_cast<std::uint32_t>(census.slots.size());
    census.slots.push_back({traffic.slot, 0, began});
  }
  Census::Slot& slot = census.slots[place];
  ++slot.requests;
  slot.oldest = std::min(slot.oldest, began);
  if (!is_watched) return;
  if (slot.durations == Census::kUnwatched) {
    // Before its first request in flight is counted: whatever is seen from here on had not ended.
    slot.durations = census.reached.size();
    traffic.read_into(census.reached.emplace_back());
  }
  const auto age = std::chrono::duration_cast<Micros>(now_ - began);
  census.reached[slot.durations].record(
      static_cast<std::uint64_t>(std::max(age, Micros{0}).count()));
}

std::unique_ptr<Census> CensusTaker::finish() {
  under_way_->at = now_;
  return std::exchange(under_way_, nullptr);
}

}  // namespace teal::proxy
