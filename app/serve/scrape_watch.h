// ScrapeWatch: says in the log, at most once a minute, and in GET /readyz that lines of /metrics
// were left out, over limits.metric_samples or because two had one name: else a dashboard and its
// alarms would go blind without a word.
//
// Control thread, told of each scrape.
#pragma once

#include <optional>
#include <string>

#include "base/log.h"
#include "base/time.h"
#include "control/metrics/scraper.h"

namespace teal::app {

class ScrapeWatch {
 public:
  static constexpr Millis kPause{60'000};

  explicit ScrapeWatch(Log& log) : log_(log) {}

  /// `targets_left_out`: those that are not counted by themselves (proxy/routing/target_counts.h).
  void check(const control::ScrapeReport& scrape, std::size_t targets_left_out, Mono now);
  /// What the last scrape lacked; nothing: it was whole.
  const std::optional<std::string>& warning() const { return warning_; }

 private:
  Log& log_;
  std::optional<std::string> warning_;
  std::optional<Mono> said_;
};

}  // namespace teal::app
