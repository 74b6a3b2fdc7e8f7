// How tables of counters become samples: one row says what metric a count is. Several may be one
// metric told apart by a label.
//
// For shard.cc and service_stats.cc.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counters.h"

namespace teal::proxy {

template <class Stat>
struct MetricRow {
  Stat stat;
  MetricSample::Type type;
  std::string_view name;
  std::string_view help;
  std::string_view label = {};
  std::string_view value = {};
};

template <class Stat>
using MetricRows = std::array<MetricRow<Stat>, static_cast<std::size_t>(Stat::count_)>;

template <class Stat>
constexpr bool follow_the_enumeration(const MetricRows<Stat>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (static_cast<std::size_t>(rows[i].stat) != i) return false;
  return true;
}

/// A row's sample; `owner` is whose count it is, {"service", "shop"}, and without a name nobody's.
template <class Stat>
MetricSample to_sample(const MetricRow<Stat>& row,
                       std::pair<std::string_view, std::string_view> owner, std::uint64_t count) {
  MetricSample sample{
      std::string(row.name), std::string(row.help), row.type, {}, static_cast<double>(count)};
  if (!owner.first.empty()) sample.labels.emplace_back(owner);
  if (!row.label.empty()) sample.labels.emplace_back(row.label, row.value);
  return sample;
}

// Metrics that are counted by service where there is one, and else without.
inline constexpr std::string_view kUnserved = "teal_requests_unserved_total";
inline constexpr std::string_view kUnservedHelp = "Requests that no target was asked for.";
inline constexpr std::string_view kTimeouts = "teal_timeouts_total";
inline constexpr std::string_view kTimeoutsHelp = "Timeouts that ran out, by the phase they limit.";

}  // namespace teal::proxy
