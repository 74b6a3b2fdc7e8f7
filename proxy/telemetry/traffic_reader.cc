#include "proxy/telemetry/traffic_reader.h"

#include <algorithm>
#include <utility>

namespace teal::proxy {

namespace {

template <class Sum>
void sum_slot(SlotId slot, std::span<const Shard* const> shards, Sum& sum) {
  for (const Shard* shard : shards)
    if (const TrafficShard* traffic = shard->find(slot)) traffic->read_into(sum);
}

std::uint64_t active_in(SlotId slot, std::span<const Shard* const> shards) {
  std::uint64_t active = 0;
  for (const Shard* shard : shards)
    if (const TrafficShard* traffic = shard->find(slot)) active += traffic->active.read();
  return active;
}

std::uint64_t all_of(const RequestCounts& requests) {
  std::uint64_t sum = 0;
  for (const auto& of_origin : requests)
    for (const std::uint64_t of_class : of_origin) sum += of_class;
  return sum;
}

bool is_nothing(const TrafficCounters& counters) {
  return counters.retries == 0 && counters.requests == RequestCounts{};
}

Histogram ended(const TrafficCounters& counters) {
  Histogram sum = counters.duration;
  sum += counters.given_up;
  return sum;
}

}  // namespace

// ---- slots --------------------------------------------------------------------------------------

/// What a deployment came to is nobody's question once the next has begun.
void TrafficReader::note(const Publication& publication) {
  for (const SharedService& service : publication.services) {
    if (std::exchange(deployments_[service->id], service->draw) == service->draw) continue;
    for (auto past = past_.lower_bound({service->name, Colour::blue, "", Audience::split});
         past != past_.end() && past->first.service == service->name; ++past)
      past->second.of_deployment = nullptr;
  }
}

void TrafficReader::on_applied(std::uint64_t version, std::span<const Shard* const> shards) {
  slots_.on_applied(version);
  free_slots(shards);
}

void TrafficReader::free_slots(std::span<const Shard* const> shards) {
  const std::vector<SlotId> leaving(slots_.leaving().begin(), slots_.leaving().end());
  for (const SlotId slot : leaving) {
    // No worker begins anything there any more, so that nothing in flight is the end.
    if (!slots_.is_left(slot) || active_in(slot, shards) > 0) continue;
    keep(slot, read(slot, shards), grpc(slot, shards));
    Base& base = bases_[slot];
    base = {};
    sum_slot(slot, shards, base.counters);
    sum_slot(slot, shards, base.grpc);
    slots_.free(slot);
  }
}

void TrafficReader::keep(SlotId slot, const TrafficCounters& counters, const GrpcCounts& grpc) {
  if (is_nothing(counters)) return;
  Past& past = past_of(slots_.key(slot));
  past.added = ++kept_;
  past.counters += counters;
  for (std::size_t i = 0; i < grpc.size(); ++i) past.grpc[i] += grpc[i];
  const std::uint64_t deployment = slots_.stage(slot).deployment;
  if (deployment == 0 || deployment < past.deployment) return;
  if (deployment > past.deployment || !past.of_deployment) {
    past.deployment = deployment;
    past.of_deployment = std::make_unique<TrafficCounters>();
  }
  *past.of_deployment += counters;
}

/// Streams of the group that have no slot and so do not grow, and the one that was added to longest
/// ago.
std::size_t TrafficReader::pasts_of_group(const TrafficKey& key, TrafficKey& oldest) const {
  std::size_t found = 0;
  std::uint64_t added = 0;
  for (auto past = past_.lower_bound({key.service, key.colour, "", Audience::split});
       past != past_.end() && past->first.service == key.service &&
       past->first.colour == key.colour;
       ++past) {
    if (past->first.audience != key.audience || has_slot(past->first)) continue;
    if (found++ > 0 && past->second.added >= added) continue;
    oldest = past->first;
    added = past->second.added;
  }
  return found;
}

bool TrafficReader::has_slot(const TrafficKey& key) const {
  bool has_some = false;
  slots_.each_of(key, [&](Stage /*stage*/, SlotId /*slot*/) { has_some = true; });
  return has_some;
}

/// Makes room for a new one, in its group first: but never a stream's whose sum is still growing.
TrafficReader::Past& TrafficReader::past_of(const TrafficKey& key) {
  if (const auto known = past_.find(key); known != past_.end()) return known->second;
  TrafficKey oldest;
  if (pasts_of_group(key, oldest) >= kRevisions) {
    past_.erase(oldest);
  } else if (past_.size() >= kMaxPast) {
    auto first = past_.end();
    for (auto each = past_.begin(); each != past_.end(); ++each)
      if (!has_slot(each->first) &&
          (first == past_.end() || each->second.added < first->second.added))
        first = each;
    if (first != past_.end()) past_.erase(first);
  }
  return past_[key];
}

// ---- readings -----------------------------------------------------------------------------------

TrafficCounters TrafficReader::read(SlotId slot, std::span<const Shard* const> shards) const {
  TrafficCounters counters;
  sum_slot(slot, shards, counters);
  if (const auto base = bases_.find(slot); base != bases_.end()) counters -= base->second.counters;
  return counters;
}

Tallies TrafficReader::tallies(SlotId slot, std::span<const Shard* const> shards) const {
  RequestCounts requests{};
  sum_slot(slot, shards, requests);
  Tallies sum = tally_of(requests);
  sum_slot(slot, shards, sum.by_meaning);
  const auto base = bases_.find(slot);
  if (base == bases_.end()) return sum;
  sum.usual = sum.usual - base->second.counters.tally();
  sum.by_meaning -= base->second.counters.by_meaning;
  return sum;
}

GrpcCounts TrafficReader::grpc(SlotId slot, std::span<const Shard* const> shards) const {
  GrpcCounts counts{};
  sum_slot(slot, shards, counts);
  if (const auto base = bases_.find(slot); base != bases_.end())
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] -= base->second.grpc[i];
  return counts;
}

/// Null where the slot was another stage's at that time, or had nothing in flight.
const Census::Slot* TrafficReader::seen(const Census* census, SlotId slot) const {
  return census == nullptr || census->table < slots_.since(slot) ? nullptr : census->find(slot);
}

Histogram TrafficReader::reached(SlotId slot, const Sources& sources) const {
  Histogram sum;
  for (std::size_t i = 0; i < sources.shards.size(); ++i) {
    const Census* census = i < sources.censuses.size() ? sources.censuses[i] : nullptr;
    const Census::Slot* const found = seen(census, slot);
    const Histogram* const known = found == nullptr ? nullptr : census->reached_of(*found);
    if (known != nullptr)
      sum += *known;
    else if (const TrafficShard* traffic = sources.shards[i]->find(slot))
      traffic->read_into(sum);
  }
  if (const auto base = bases_.find(slot); base != bases_.end())
    sum -= ended(base->second.counters);
  return sum;
}

/// Whatever has numbers behind `key`: a slot, a past, or the overflow.
std::optional<TrafficKey> TrafficReader::key_after(const TrafficKey& key) const {
  std::optional<TrafficKey> next = slots_.key_after(key);
  const auto consider = [&](const TrafficKey& other) {
    if (key < other && (!next || other < *next)) next = other;
  };
  if (const auto past = past_.upper_bound(key); past != past_.end()) consider(past->first);
  if (slots_.overflow_slot()) consider(SlotTable::overflow_key());
  return next;
}

std::optional<TrafficReading> TrafficReader::read_after(
    const TrafficKey& key, std::span<const Shard* const> shards) const {
  std::optional<TrafficKey> next = key_after(key);
  if (!next) return std::nullopt;
  TrafficReading reading{*std::move(next), {}};
  if (const auto past = past_.find(reading.key); past != past_.end()) {
    reading.counters = past->second.counters;
    reading.grpc = past->second.grpc;
  }
  const auto add = [&](SlotId slot) {
    reading.counters += read(slot, shards);
    reading.active += active_in(slot, shards);
    const GrpcCounts calls = grpc(slot, shards);
    for (std::size_t i = 0; i < calls.size(); ++i) reading.grpc[i] += calls[i];
  };
  slots_.each_of(reading.key, [&](Stage /*stage*/, SlotId slot) { add(slot); });
  if (reading.key == SlotTable::overflow_key()) add(*slots_.overflow_slot());
  return reading;
}

std::uint64_t TrafficReader::read_requests(const TrafficKey& key,
                                           std::span<const Shard* const> shards) const {
  std::uint64_t sum = 0;
  if (const auto past = past_.find(key); past != past_.end())
    sum += all_of(past->second.counters.requests);
  slots_.each_of(key, [&](Stage /*stage*/, SlotId slot) {
    RequestCounts requests{};
    sum_slot(slot, shards, requests);
    sum += all_of(requests);
    if (const auto base = bases_.find(slot); base != bases_.end())
      sum -= all_of(base->second.counters.requests);
  });
  return sum;
}

TrafficCounters TrafficReader::read(const TrafficKey& key,
                                    std::span<const Shard* const> shards) const {
  TrafficCounters sum;
  if (const auto past = past_.find(key); past != past_.end()) sum += past->second.counters;
  slots_.each_of(key, [&](Stage /*stage*/, SlotId slot) { sum += read(slot, shards); });
  return sum;
}

StageReading TrafficReader::read(const TrafficKey& key, Stage stage, const Sources& sources) const {
  StageReading reading;
  slots_.each_of(key, [&](Stage each, SlotId slot) {
    if (each.deployment != stage.deployment) return;
    // In this order: what ends between the two is in the second alone, and has really taken so
    // long.
    const Begun begun{read(slot, sources.shards), reached(slot, sources)};
    reading.deployment.ended += begun.ended;
    reading.deployment.reached += begun.reached;
    if (each == stage) reading.step = begun;
  });
  const auto past = past_.find(key);
  if (past == past_.end() || past->second.deployment != stage.deployment ||
      !past->second.of_deployment)
    return reading;
  reading.deployment.ended += *past->second.of_deployment;
  reading.deployment.reached += ended(*past->second.of_deployment);
  return reading;
}

Tallies TrafficReader::read_tallies(const TrafficKey& key, std::uint64_t deployment,
                                    std::span<const Shard* const> shards) const {
  Tallies sum;
  slots_.each_of(key, [&](Stage stage, SlotId slot) {
    if (stage.deployment == deployment) sum += tallies(slot, shards);
  });
  const auto past = past_.find(key);
  if (past != past_.end() && past->second.deployment == deployment && past->second.of_deployment)
    sum += past->second.of_deployment->tallies();
  return sum;
}

GroupInFlight TrafficReader::read_in_flight(const std::string& service, Colour colour,
                                            const Sources& sources) const {
  GroupInFlight group;
  slots_.each_of_group(service, colour, [&](SlotId slot) {
    group.requests += active_in(slot, sources.shards);
    for (const Census* census : sources.censuses)
      if (const Census::Slot* const found = seen(census, slot))
        group.oldest =
            std::max(group.oldest, std::chrono::duration_cast<Micros>(census->at - found->oldest));
  });
  if (group.requests == 0) group.oldest = Micros{0};
  return group;
}

}  // namespace teal::proxy
