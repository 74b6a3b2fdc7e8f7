#include "health/statistics/window.h"

#include <utility>

#include "base/assert.h"

namespace teal::health {

void Window::push(Mono at, const TrafficCounters& reading) {
  TEAL_ASSERT(!newest_ || at >= newest_->at);
  const Mono::duration cell = Mono::duration(over_) / kCells;
  if (newest_ && (marks_.empty() || newest_->at - marks_.back().at >= cell))
    marks_.push_back(*newest_);
  newest_ = Mark{at, reading};
  // The window begins at the newest mark that lies at least `over` back; older ones are done with.
  const Mono begin = at - over_;
  while (marks_.size() > 1 && marks_[1].at <= begin) marks_.pop_front();
}

std::optional<Window::View> Window::view() const {
  if (marks_.empty()) return std::nullopt;
  View view{newest_->reading, std::chrono::duration_cast<Micros>(newest_->at - marks_.front().at)};
  view.counters -= marks_.front().reading;
  return view;
}

}  // namespace teal::health
