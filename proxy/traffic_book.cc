#include "proxy/traffic_book.h"

#include <optional>
#include <utility>

namespace teal::proxy {

namespace {

template <class Sum>
void sum_slot(SlotId slot, std::span<const Shard* const> shards, Sum& sum) {
  for (const Shard* shard : shards)
    if (const TrafficShard* traffic = shard->find(slot)) traffic->read_into(sum);
}

std::vector<std::pair<std::string, std::string>> labels_of(const TrafficKey& key) {
  return {{"service", key.service},
          {"group", std::string(to_string(key.colour))},
          {"revision", key.revision},
          {"audience", std::string(to_string(key.audience))}};
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
    base = {generation, {}, {}};
    sum_slot(slot, shards, base.counters);
    sum_slot(slot, shards, base.grpc);
  }
  return table;
}

std::vector<TrafficReading> TrafficBook::read(std::span<const Shard* const> shards) const {
  std::vector<TrafficReading> readings(slots_.size());
  for (SlotId slot = 0; slot < slots_.size(); ++slot) {
    readings[slot].key = slots_.key(slot);
    readings[slot].counters = read(slot, shards);
  }
  return readings;
}

TrafficCounters TrafficBook::read(const TrafficKey& key,
                                  std::span<const Shard* const> shards) const {
  const std::optional<SlotId> slot = slots_.find(key);
  return slot ? read(*slot, shards) : TrafficCounters{};
}

TrafficCounters TrafficBook::read(SlotId slot, std::span<const Shard* const> shards) const {
  TrafficCounters counters;
  sum_slot(slot, shards, counters);
  if (const auto base = bases_.find(slot); base != bases_.end()) counters -= base->second.counters;
  return counters;
}

Tally TrafficBook::read_tally(const TrafficKey& key, std::span<const Shard* const> shards) const {
  const std::optional<SlotId> slot = slots_.find(key);
  if (!slot) return {};
  RequestCounts requests{};
  sum_slot(*slot, shards, requests);
  const auto base = bases_.find(*slot);
  return tally_of(requests) - (base == bases_.end() ? Tally{} : base->second.counters.tally());
}

void TrafficBook::read_grpc(SlotId slot, std::span<const Shard* const> shards,
                            std::vector<MetricSample>& samples) const {
  GrpcCounts counts{};
  sum_slot(slot, shards, counts);
  const auto base = bases_.find(slot);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::uint64_t count = counts[i] - (base != bases_.end() ? base->second.grpc[i] : 0);
    if (count == 0) continue;
    MetricSample& sample = samples.emplace_back();
    sample.name = "teal_grpc_calls_total";
    sample.help = "Finished calls of gRPC by status.";
    sample.labels = labels_of(slots_.key(slot));
    sample.labels.emplace_back("grpc_code", to_string(static_cast<GrpcStatus>(i)));
    sample.value = static_cast<double>(count);
  }
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
                       .labels = labels_of(key),
                       .value = static_cast<double>(active)});
  }
  for (SlotId slot = 0; slot < slots_.size(); ++slot) read_grpc(slot, shards, samples);
  samples.push_back({.name = "teal_traffic_slots_shared_total",
                     .help = "Times that a group's numbers had to share their place.",
                     .type = MetricSample::Type::counter,
                     .labels = {},
                     .value = static_cast<double>(slots_.crowded())});
  return samples;
}

}  // namespace teal::proxy
