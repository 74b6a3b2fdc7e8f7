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

std::vector<MetricSample> TrafficBook::read_gauges(std::span<const Shard* const> shards) const {
  std::vector<MetricSample> samples;
  for (SlotId slot = 0; slot < slots_.size(); ++slot) {
    std::uint64_t active = 0;
    for (const Shard* shard : shards)
      if (const TrafficShard* traffic = shard->find(slot)) active += traffic->active.read();
    const TrafficKey& key = slots_.key(slot);
    if (key.revision.empty() && active == 0) continue;
    samples.push_back({.name = "teal_requests_active",
                       .help = "Requests in flight in a group now.",
                       .type = MetricSample::Type::gauge,
                       .labels = {{"service", key.service},
                                  {"group", std::string(to_string(key.colour))},
                                  {"revision", key.revision},
                                  {"audience", std::string(to_string(key.audience))}},
                       .value = static_cast<double>(active)});
  }
  samples.push_back({.name = "teal_traffic_slots_shared_total",
                     .help = "Times that a group's numbers had to share their place.",
                     .type = MetricSample::Type::counter,
                     .labels = {},
                     .value = static_cast<double>(slots_.crowded())});
  return samples;
}

}  // namespace teal::proxy
