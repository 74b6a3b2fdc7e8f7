// MetricFamilies: the metrics of one scrape while they are collected, family by family, as the text
// that Prometheus reads (exposition format 0.0.4, by prometheus-cpp). Keeps what it is given valid:
// a name has one type, a set of labels comes once, values are UTF-8, and there is a limit. What
// does not fit is left out and counted.
//
// A value of whoever collects. Nothing that is done to it takes longer than what is added or taken:
// a scrape is made in slices (control/metrics/scraper.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "base/counters.h"
#include "base/histogram.h"
#include "base/long_text.h"

namespace teal::control {

class MetricFamilies {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  struct Dropped {
    std::uint64_t over_limit = 0;
    std::uint64_t conflicts = 0;  ///< Not valid, there already, or of another type: our fault.
    bool operator==(const Dropped&) const = default;
  };

  /// `limit`: of lines, those of HELP and TYPE not counted.
  explicit MetricFamilies(std::size_t limit) : limit_(limit) {}

  void counter(std::string_view name, std::string_view help, const Labels& labels, double value);
  void gauge(std::string_view name, std::string_view help, const Labels& labels, double value);
  /// By kLatencyBorders.
  void histogram(std::string_view name, std::string_view help, const Labels& labels,
                 const Histogram& value);
  /// `buckets`: those between kLatencyBorders, and above the last.
  void histogram(std::string_view name, std::string_view help, const Labels& labels,
                 std::span<const std::uint64_t> buckets, std::uint64_t sum_micros);
  void sample(const MetricSample& sample);

  std::size_t lines() const { return lines_; }
  std::size_t limit() const { return limit_; }
  const Dropped& dropped() const { return dropped_; }
  /// Lines from here on have a place in any case: what is said of the scrape itself.
  void open_end() { limit_ = static_cast<std::size_t>(-1); }

  /// About how many bytes of text there are, what was taken not counted.
  std::size_t size() const;
  /// Some of the text, families by name, which is not given again; nothing: that was all. It is
  /// good as long as the families are, or what take_text() gives.
  std::optional<std::string_view> take_some();
  /// After the last take_some().
  LongText take_text() && { return std::move(text_); }

 private:
  /// Which sets of labels a family has, by hash: two different ones with the same hash of 64 bits
  /// are not to be expected.
  class Seen {
   public:
    /// False: it was there.
    bool add(std::uint64_t hash);

   private:
    bool put(std::uint64_t hash);

    std::vector<std::uint64_t> table_;  ///< Open addressing; 0 is a free place.
    std::size_t size_ = 0;
  };

  struct Family {
    prometheus::MetricFamily open;  ///< Its newest metrics, which are no text yet.
    Seen seen;
    bool has_text = false;                ///< And the lines of HELP and TYPE in it.
    std::deque<std::string_view> pieces;  ///< What became of the others, in `text`.

    /// The open ones become the newest piece.
    void close_piece(LongText& text);
  };

  /// Null: a metric of so many lines has no place, or is not valid.
  prometheus::ClientMetric* add(std::string_view name, std::string_view help,
                                prometheus::MetricType type, const Labels& labels,
                                std::size_t lines);

  std::size_t limit_;
  std::size_t lines_ = 0;
  Dropped dropped_;
  std::map<std::string, Family, std::less<>> families_;
  LongText text_;
  std::string labels_;  ///< Of the metric that is being added, to be hashed.
};

}  // namespace teal::control
