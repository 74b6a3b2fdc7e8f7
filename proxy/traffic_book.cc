#include "proxy/traffic_book.h"

#include <utility>

namespace teal::proxy {

namespace {

void sum_slot(SlotId slot, std::span<const Shard* const> shards, TrafficCounters& sum) {
  for (const Shard* shard : shards)
    if (const TrafficShard* traffic = shard->find(slot)) traffic->read_into(sum);
}

}  // namespace

RouteTable TrafficBook::build(std::uint64_t version, std::shared_ptr<const config::Config> config,
                              const std::vector<ServiceState>& states,
                              std::span<const Shard* const> shards) {
  RouteTable table = build_route_table(version, std::move(config), states, slots_);
  for (SlotId slot = 0; slot < slots_.size(); ++slot) {
    const std::uint64_t generation = slots_.generation(slot);
    if (generation == 0) continue;
    Base& base = bases_[slot];
    if (base.generation == generation) continue;
    base = {generation, {}};
    sum_slot(slot, shards, base.counters);
  }
  return table;
}

std::vector<TrafficReading> TrafficBook::read(std::span<const Shard* const> shards) const {
  std::vector<TrafficReading> readings(slots_.size());
  for (SlotId slot = 0; slot < slots_.size(); ++slot) {
    readings[slot].key = slots_.key(slot);
    sum_slot(slot, shards, readings[slot].counters);
    if (const auto base = bases_.find(slot); base != bases_.end())
      readings[slot].counters -= base->second.counters;
  }
  return readings;
}

}  // namespace teal::proxy
