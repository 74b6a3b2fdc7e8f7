#include "app/serve/scrape_watch.h"

namespace teal::app {

void ScrapeWatch::check(const control::ScrapeReport& scrape, std::size_t targets_left_out,
                        Mono now) {
  std::string lacks;
  std::string remedy;
  const auto add = [](std::string& to, const std::string& more) {
    (to += to.empty() ? "" : "; ") += more;
  };
  if (scrape.dropped.over_limit > 0) {
    add(lacks, std::to_string(scrape.dropped.over_limit) + " lines over limits.metric_samples (" +
                   std::to_string(scrape.limit) + ")");
    add(remedy, "raise limits.metric_samples to " +
                    std::to_string(scrape.lines + scrape.dropped.over_limit) +
                    " or more, or leave out metrics.per_target of some services");
  }
  if (targets_left_out > 0) {
    add(lacks, std::to_string(targets_left_out) + " targets more than are counted by themselves");
    add(remedy, "leave out metrics.per_target of some services");
  }
  if (scrape.dropped.conflicts > 0) {
    add(lacks, std::to_string(scrape.dropped.conflicts) + " lines that were there already");
    add(remedy, "report it: that is a fault of Teal's");
  }
  if (lacks.empty()) {
    warning_ = std::nullopt;
    return;
  }
  warning_ = "GET /metrics leaves out " + lacks;
  if (said_ && now - *said_ < kPause) return;
  said_ = now;
  log_.warning("metrics are left out", {{"lacks", lacks}, {"remedy", remedy}});
}

}  // namespace teal::app
