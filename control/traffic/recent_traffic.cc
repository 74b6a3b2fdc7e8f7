#include "control/traffic/recent_traffic.h"

#include <algorithm>
#include <utility>

namespace teal::control {

void RecentTraffic::feed(Mono now, const TrafficCounters& counted) {
  const Tally tally = counted.tally();
  if (has_reading_) {
    Cell cell{looked_, now, tally - counted_, {}};
    Histogram duration = counted.duration;
    duration_.subtract_from(duration);
    cell.duration = health::SparseHistogram(duration);
    if (cell.tally != Tally{} || !cell.duration.empty()) add(std::move(cell));
  }
  counted_ = tally;
  duration_ = health::SparseHistogram(counted.duration);
  pass(now);
}

void RecentTraffic::feed_unchanged(Mono now) {
  if (has_reading_) pass(now);
}

void RecentTraffic::add(Cell cell) {
  if (cells_.empty() || cells_.back().to != cell.from || cell.to - cells_.back().from > kCell) {
    cells_.push_back(std::move(cell));
    return;
  }
  Cell& last = cells_.back();
  Histogram both;
  last.duration.add_to(both);
  cell.duration.add_to(both);
  last = {last.from, cell.to, last.tally + cell.tally, health::SparseHistogram(both)};
}

void RecentTraffic::pass(Mono now) {
  has_second_ = has_reading_;
  if (!std::exchange(has_reading_, true)) began_ = now;
  looked_ = now;
  std::erase_if(cells_, [&](const Cell& cell) { return cell.to <= now - kOver; });
  if (cells_.empty()) cells_.shrink_to_fit();
}

std::optional<RecentTraffic::View> RecentTraffic::view() const {
  if (!has_second_) return std::nullopt;
  View view;
  Mono begin = std::max(began_, looked_ - kOver);
  if (!cells_.empty()) begin = std::min(begin, cells_.front().from);
  for (const Cell& cell : cells_) view.tally = view.tally + cell.tally;
  view.span = std::chrono::duration_cast<Micros>(looked_ - begin);
  return view;
}

Histogram RecentTraffic::duration() const {
  Histogram sum;
  for (const Cell& cell : cells_) cell.duration.add_to(sum);
  return sum;
}

}  // namespace teal::control
