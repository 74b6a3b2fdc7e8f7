#include "proxy/routing/target_counts.h"

#include <algorithm>
#include <utility>

namespace teal::proxy {

void TargetCounts::answered(std::uint16_t status, std::uint64_t micros) {
  const std::size_t status_class = status >= 100 && status < 600 ? status / 100 - 1U : 4U;
  answers_[status_class].add();
  const auto above = std::upper_bound(kLatencyBorders.begin(), kLatencyBorders.end(), micros);
  latency_[static_cast<std::size_t>(above - kLatencyBorders.begin())].add();
  latency_micros_.add(micros);
}

void TargetCounts::read_into(TargetReading& sum) const {
  for (std::size_t i = 0; i < answers_.size(); ++i) sum.answers[i] += answers_[i].read();
  for (std::size_t i = 0; i < faults_.size(); ++i) sum.faults[i] += faults_[i].read();
  for (std::size_t i = 0; i < latency_.size(); ++i) sum.latency[i] += latency_[i].read();
  sum.latency_micros += latency_micros_.read();
}

CountsByWorker::~CountsByWorker() {
  for (auto& each : counts_) delete each.load(std::memory_order_acquire);
}

TargetCounts& CountsByWorker::of(std::size_t worker) {
  std::atomic<TargetCounts*>& mine = counts_[worker];
  if (TargetCounts* const made = mine.load(std::memory_order_relaxed)) return *made;
  auto made = std::make_unique<TargetCounts>();
  // Released, so that a reader who sees the pointer sees the zeros behind it.
  mine.store(made.get(), std::memory_order_release);
  return *made.release();
}

void CountsByWorker::read_into(TargetReading& sum) const {
  for (const auto& each : counts_)
    if (const TargetCounts* const made = each.load(std::memory_order_acquire)) made->read_into(sum);
}

std::shared_ptr<CountsByWorker> TargetCountsTable::add(const TargetKey& key) {
  const auto found = known_.find(key);
  if (found == known_.end() && known_.size() >= max_targets_) {
    ++left_out_;
    return nullptr;
  }
  Known& known = found == known_.end() ? known_[key] : found->second;
  if (!known.counts) known.counts = std::make_shared<CountsByWorker>(workers_);
  ++known.registrations;
  return known.counts;
}

void TargetCountsTable::forget(const TargetKey& key, bool was_left_out) {
  if (was_left_out) {
    --left_out_;
    return;
  }
  const auto found = known_.find(key);
  if (found != known_.end() && --found->second.registrations == 0) known_.erase(found);
}

std::optional<TargetReading> TargetCountsTable::read_after(const TargetKey& key) const {
  const auto next = known_.upper_bound(key);
  if (next == known_.end()) return std::nullopt;
  TargetReading reading;
  reading.key = next->first;
  next->second.counts->read_into(reading);
  return reading;
}

}  // namespace teal::proxy
