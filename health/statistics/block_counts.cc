#include "health/statistics/block_counts.h"

namespace teal::health {
namespace {

std::optional<double> if_random(double probability) {
  if (probability > 0 && probability < 1) return probability;
  return std::nullopt;
}

}  // namespace

std::optional<double> BlockCounts::take(const JudgedEvent& event, bool release) {
  if (event.block_length == 0) return if_random(event.release_probability);
  const auto [found, is_new] = blocks_.try_emplace(event.block);
  if (is_new) {
    order_.push_back(event.block);
    if (order_.size() > kMaxBlocks) {
      blocks_.erase(order_.front());
      order_.pop_front();
    }
  }
  Seen& seen = found->second;
  // A forgotten block that comes back is counted from nothing, which can go beyond its bounds.
  const bool fits = seen.bad < event.block_length && seen.release <= event.block_release;
  if (!fits) return std::nullopt;
  const double places = event.block_release - seen.release;
  const double requests = event.block_length - seen.bad;
  ++seen.bad;
  seen.release += release ? 1 : 0;
  return if_random(places / requests);
}

}  // namespace teal::health
