// Scraper: makes the text of GET /metrics in slices, between which whatever else waits on the
// control thread has its turn: the bad outcomes of a release first of all. So no scrape delays a
// verdict by more than a slice, however many services there are
// (docs/adr/0024-scrapes-in-slices.md).
//
// One scrape at a time. Whoever asks meanwhile shares the next one: nobody gets numbers from before
// he asked. Control thread; knows neither HTTP nor where the numbers come from.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "control/metrics/metric_families.h"

namespace teal::control {

/// Adds a little to the families, some thirty lines, at each call; false: that was all of it.
using ScrapePart = std::function<bool(MetricFamilies&)>;

/// How much there was.
struct ScrapeReport {
  std::size_t lines = 0;
  std::size_t limit = 0;
  MetricFamilies::Dropped dropped;
};

class Scraper {
 public:
  struct Dependencies {
    /// What a scrape is made of: what is to be dropped first over the limit comes last.
    std::function<std::vector<ScrapePart>()> parts;
    /// Calls it on the control thread after what waits there. Empty: a scrape is made at once.
    std::function<void(std::function<void()>)> later;
    std::function<void(const ScrapeReport&)> done;  ///< May be empty.
    std::size_t limit = 0;                          ///< Of lines.
  };
  /// In pieces, shared by all who asked; it holds what they are of, too.
  using Text = std::shared_ptr<const std::vector<std::string_view>>;
  using Reply = std::function<void(Text text)>;

  explicit Scraper(Dependencies dependencies) : dependencies_(std::move(dependencies)) {}

  void ask(Reply reply);
  /// Of the lines of scrapes to come.
  void set_limit(std::size_t lines) { dependencies_.limit = lines; }

 private:
  void begin();
  void go_on();
  /// False: the text is whole.
  bool take_slice();
  bool put_together();
  void finish();

  Dependencies dependencies_;
  std::vector<Reply> asked_;  ///< Of the scrape under way.
  std::vector<Reply> next_;
  bool is_under_way_ = false;
  MetricFamilies families_{0};
  std::vector<ScrapePart> parts_;
  std::size_t part_ = 0;
  bool is_collected_ = false;
  std::vector<std::string_view> text_;  ///< Of families_.
};

}  // namespace teal::control
