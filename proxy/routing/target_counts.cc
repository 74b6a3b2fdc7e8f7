#include "proxy/routing/target_counts.h"

#include <algorithm>
#include <utility>

#include "proxy/routing/route_table.h"

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

void TargetCountsTable::attach(RouteTable& table) {
  Counts present;
  left_out_ = 0;
  for (ServiceView& service : table.services) {
    if (!service.spec->metrics.per_target) continue;
    for (const Colour colour : kColours) {
      GroupView& group = service.groups[colour];
      group.target_counts.clear();
      for (const TargetState& target : group.targets) {
        TargetKey key{service.spec->name, colour, to_string(target.address)};
        auto& counts = group.target_counts.emplace_back();
        if (const auto again = present.find(key); again != present.end()) {
          counts = again->second;
        } else if (const auto known = counts_.find(key); known != counts_.end()) {
          counts = known->second;
        } else if (present.size() < max_targets_) {
          counts = std::make_shared<CountsByWorker>(workers_);
        } else {
          ++left_out_;
          continue;
        }
        present.emplace(std::move(key), counts);
      }
    }
  }
  counts_ = std::move(present);
}

std::optional<TargetReading> TargetCountsTable::read_after(const TargetKey& key) const {
  const auto next = counts_.upper_bound(key);
  if (next == counts_.end()) return std::nullopt;
  TargetReading reading;
  reading.key = next->first;
  for (const TargetCounts& each : *next->second) each.read_into(reading);
  return reading;
}

}  // namespace teal::proxy
