#include "control/metric_book.h"

#include <algorithm>
#include <array>

#include "control/json_text.h"

namespace teal::control {
namespace {

/// Upper borders in microseconds. Every one is a border of base/histogram.h too, so the counts are
/// exact.
constexpr std::array<std::uint64_t, 15> kBorders{
    500,     1'000,   2'500,     5'000,     10'000,    25'000,     50'000,    100'000,
    250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000};

bool is_name(std::string_view name, bool colons) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [colons](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (colons && c == ':');
  });
}

}  // namespace

prometheus::ClientMetric* MetricBook::add(std::string_view name, std::string_view help,
                                          prometheus::MetricType type, const Labels& labels) {
  const bool valid = is_name(name, true) &&
                     std::all_of(labels.begin(), labels.end(),
                                 [](const auto& label) { return is_name(label.first, false); });
  auto found = families_.find(name);
  const bool fits = found == families_.end() ||
                    (found->second.family.type == type && !found->second.seen.contains(labels));
  if (!valid || !fits || size_ >= limit_) {
    ++dropped_;
    return nullptr;
  }
  if (found == families_.end()) {
    Entry entry;
    entry.family.name = name;
    entry.family.help = to_utf8(help);
    entry.family.type = type;
    found = families_.emplace(std::string(name), std::move(entry)).first;
  }
  Entry& entry = found->second;
  entry.seen.insert(labels);
  ++size_;
  prometheus::ClientMetric metric;
  for (const auto& [label, value] : labels) metric.label.push_back({label, to_utf8(value)});
  return &entry.family.metric.emplace_back(std::move(metric));
}

void MetricBook::counter(std::string_view name, std::string_view help, const Labels& labels,
                         double value) {
  if (auto* metric = add(name, help, prometheus::MetricType::Counter, labels))
    metric->counter.value = value;
}

void MetricBook::gauge(std::string_view name, std::string_view help, const Labels& labels,
                       double value) {
  if (auto* metric = add(name, help, prometheus::MetricType::Gauge, labels))
    metric->gauge.value = value;
}

void MetricBook::histogram(std::string_view name, std::string_view help, const Labels& labels,
                           const Histogram& value) {
  auto* metric = add(name, help, prometheus::MetricType::Histogram, labels);
  if (metric == nullptr) return;
  // `le` means "at most"; our buckets end below their border. With whole microseconds the one that
  // is exactly on it belongs to the next, by at most the width of a clock tick.
  for (const std::uint64_t border : kBorders)
    metric->histogram.bucket.push_back(
        {value.count_below(border), static_cast<double>(border) / 1e6});
  metric->histogram.sample_count = value.count();
  metric->histogram.sample_sum = static_cast<double>(value.sum_micros) / 1e6;
}

std::vector<prometheus::MetricFamily> MetricBook::take() {
  std::vector<prometheus::MetricFamily> out;
  for (auto& [name, entry] : families_) out.push_back(std::move(entry.family));
  families_.clear();
  return out;
}

}  // namespace teal::control
