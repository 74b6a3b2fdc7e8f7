#include "control/metrics/metric_families.h"

#include <algorithm>
#include <array>
#include <functional>

#include <prometheus/text_serializer.h>

#include "base/ascii.h"
#include "base/latency_buckets.h"
#include "control/json/text.h"

namespace teal::control {
namespace {

/// Metrics that become text at once: some ten kilobytes of it, or forty of histograms.
constexpr std::size_t kPiece = 64;
/// What such a metric is expected to make.
constexpr std::size_t kBytesOfMetric = 256;

bool is_name(std::string_view name, bool colons) {
  if (name.empty() || is_digit(name.front())) return false;
  return std::all_of(name.begin(), name.end(),
                     [colons](char c) { return is_alnum(c) || c == '_' || (colons && c == ':'); });
}

}  // namespace

// ---- adding -------------------------------------------------------------------------------------

bool MetricFamilies::Seen::put(std::uint64_t hash) {
  std::size_t at = hash & (table_.size() - 1);
  while (table_[at] != 0 && table_[at] != hash) at = (at + 1) & (table_.size() - 1);
  return std::exchange(table_[at], hash) != hash;
}

bool MetricFamilies::Seen::add(std::uint64_t hash) {
  if ((size_ + 1) * 2 > table_.size()) {
    const std::vector<std::uint64_t> old = std::exchange(
        table_, std::vector<std::uint64_t>(std::max<std::size_t>(8, table_.size() * 2)));
    for (const std::uint64_t each : old)
      if (each != 0) put(each);
  }
  const bool is_new = put(std::max<std::uint64_t>(hash, 1));
  size_ += is_new ? 1 : 0;
  return is_new;
}

/// The serializer says HELP and TYPE for each part of a family that it is given; they may come
/// once.
void MetricFamilies::Family::close_piece(LongText& text) {
  const std::string made = prometheus::TextSerializer().Serialize({open});
  std::string_view lines = made;
  if (std::exchange(has_text, true))
    while (lines.starts_with("# ")) lines.remove_prefix(lines.find('\n') + 1);
  pieces.push_back(text.add(lines));
  open.metric.clear();
}

prometheus::ClientMetric* MetricFamilies::add(std::string_view name, std::string_view help,
                                              prometheus::MetricType type, const Labels& labels,
                                              std::size_t lines) {
  const bool valid = is_name(name, true) &&
                     std::all_of(labels.begin(), labels.end(),
                                 [](const auto& label) { return is_name(label.first, false); });
  auto found = families_.find(name);
  if (!valid || (found != families_.end() && found->second.open.type != type)) {
    dropped_.conflicts += lines;
    return nullptr;
  }
  if (lines > limit_ - std::min(limit_, lines_)) {
    dropped_.over_limit += lines;
    return nullptr;
  }
  if (found == families_.end()) {
    found = families_.emplace(std::string(name), Family{}).first;
    found->second.open = {std::string(name), to_utf8(help), type, {}};
  }
  Family& family = found->second;
  labels_.clear();
  for (const auto& [label, value] : labels) (((labels_ += label) += '\0') += value) += '\0';
  if (!family.seen.add(std::hash<std::string_view>{}(labels_))) {
    dropped_.conflicts += lines;
    return nullptr;
  }
  lines_ += lines;
  if (family.open.metric.size() >= kPiece) family.close_piece(text_);
  prometheus::ClientMetric& metric = family.open.metric.emplace_back();
  metric.label.reserve(labels.size());
  for (const auto& [label, value] : labels) metric.label.push_back({label, to_utf8(value)});
  return &metric;
}

void MetricFamilies::counter(std::string_view name, std::string_view help, const Labels& labels,
                             double value) {
  if (auto* const metric = add(name, help, prometheus::MetricType::Counter, labels, 1))
    metric->counter.value = value;
}

void MetricFamilies::gauge(std::string_view name, std::string_view help, const Labels& labels,
                           double value) {
  if (auto* const metric = add(name, help, prometheus::MetricType::Gauge, labels, 1))
    metric->gauge.value = value;
}

void MetricFamilies::sample(const MetricSample& sample) {
  if (sample.type == MetricSample::Type::counter)
    counter(sample.name, sample.help, sample.labels, sample.value);
  else
    gauge(sample.name, sample.help, sample.labels, sample.value);
}

void MetricFamilies::histogram(std::string_view name, std::string_view help, const Labels& labels,
                               const Histogram& value) {
  // `le` means "at most"; our buckets end below their border. With whole microseconds the one that
  // is exactly on it belongs to the next, by at most the width of a clock tick.
  std::array<std::uint64_t, kLatencyBorders.size() + 1> buckets{};
  std::size_t place = 0;
  for (std::size_t i = 0; i < Histogram::kSize; ++i) {
    while (place < kLatencyBorders.size() && Histogram::lower_bound(i) >= kLatencyBorders[place])
      ++place;
    buckets[place] += value.buckets[i];
  }
  histogram(name, help, labels, buckets, value.sum_micros);
}

void MetricFamilies::histogram(std::string_view name, std::string_view help, const Labels& labels,
                               std::span<const std::uint64_t> buckets, std::uint64_t sum_micros) {
  // With the bucket of everything, the sum and the count.
  auto* const metric =
      add(name, help, prometheus::MetricType::Histogram, labels, kLatencyBorders.size() + 3);
  if (metric == nullptr) return;
  prometheus::ClientMetric::Histogram& made = metric->histogram;
  made.bucket.reserve(kLatencyBorders.size());
  for (std::size_t i = 0; i < kLatencyBorders.size(); ++i) {
    made.sample_count += buckets[i];
    made.bucket.push_back({made.sample_count, static_cast<double>(kLatencyBorders[i]) / 1e6});
  }
  made.sample_count += buckets.back();
  made.sample_sum = static_cast<double>(sum_micros) / 1e6;
}

// ---- taking -------------------------------------------------------------------------------------

std::size_t MetricFamilies::size() const {
  std::size_t size = 0;
  for (const auto& [name, family] : families_) {
    size += (family.open.metric.size() + 1) * kBytesOfMetric;
    for (const std::string_view piece : family.pieces) size += piece.size();
  }
  return size;
}

std::optional<std::string_view> MetricFamilies::take_some() {
  if (families_.empty()) return std::nullopt;
  Family& family = families_.begin()->second;
  if (family.pieces.empty()) family.close_piece(text_);
  const std::string_view piece = family.pieces.front();
  family.pieces.pop_front();
  if (family.pieces.empty() && family.open.metric.empty()) families_.erase(families_.begin());
  return piece;
}

}  // namespace teal::control
