// MetricBook: the metric families of one scrape while they are collected. Keeps what it is given
// valid: a name has one type, a set of labels comes once, values are UTF-8, and there is a limit.
// What does not fit is left out and counted.
//
// For control/exporter.cc; lives as long as one scrape.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "base/histogram.h"

namespace teal::control {

class MetricBook {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  explicit MetricBook(std::size_t limit) : limit_(limit) {}

  void counter(std::string_view name, std::string_view help, const Labels& labels, double value);
  void gauge(std::string_view name, std::string_view help, const Labels& labels, double value);
  void histogram(std::string_view name, std::string_view help, const Labels& labels,
                 const Histogram& value);

  std::uint64_t dropped() const { return dropped_; }
  /// All families, by name. Leaves the book empty.
  std::vector<prometheus::MetricFamily> take();

 private:
  struct Entry {
    prometheus::MetricFamily family;
    std::set<Labels> seen;
  };
  /// Null where the sample is to be left out.
  prometheus::ClientMetric* add(std::string_view name, std::string_view help,
                                prometheus::MetricType type, const Labels& labels);

  std::size_t limit_;
  std::size_t size_ = 0;
  std::uint64_t dropped_ = 0;
  std::map<std::string, Entry, std::less<>> families_;
};

}  // namespace teal::control
