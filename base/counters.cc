#include "base/counters.h"

namespace teal {

Tally tally_of(const RequestCounts& requests) {
  Tally tally;
  for (const Origin origin : {Origin::target, Origin::teal}) {
    const auto& by_class = requests[static_cast<std::size_t>(origin)];
    for (const std::uint64_t n : by_class) tally.requests += n;
    tally.errors += by_class[5 - 1];
  }
  return tally;
}

TalliesByMeaning& operator+=(TalliesByMeaning& sum, const TalliesByMeaning& more) {
  if (sum.size() < more.size()) sum.resize(more.size());
  for (std::size_t i = 0; i < more.size(); ++i) sum[i] = sum[i] + more[i];
  return sum;
}

TalliesByMeaning& operator-=(TalliesByMeaning& now, const TalliesByMeaning& before) {
  for (std::size_t i = 0; i < std::min(now.size(), before.size()); ++i) now[i] = now[i] - before[i];
  while (!now.empty() && now.back() == Tally{}) now.pop_back();
  return now;
}

Tally Tallies::of(std::size_t meaning) const {
  if (meaning == 0) return usual;
  return meaning <= by_meaning.size() ? by_meaning[meaning - 1] : Tally{};
}

Tallies& Tallies::operator+=(const Tallies& more) {
  usual = usual + more.usual;
  by_meaning += more.by_meaning;
  return *this;
}

Tally TrafficCounters::tally(std::size_t meaning) const {
  if (meaning == 0) return tally();
  return meaning <= by_meaning.size() ? by_meaning[meaning - 1] : Tally{};
}

SlowCount TrafficCounters::slow_count(std::uint64_t micros) const {
  const std::uint64_t fast = duration.count_below(micros);
  const std::uint64_t young = given_up.count_below(micros);
  return {duration.count() - fast + given_up.count() - young, fast};
}

TrafficCounters& TrafficCounters::operator+=(const TrafficCounters& more) {
  for (std::size_t o = 0; o < requests.size(); ++o)
    for (std::size_t c = 0; c < kClasses; ++c) requests[o][c] += more.requests[o][c];
  retries += more.retries;
  shielded += more.shielded;
  duration += more.duration;
  given_up += more.given_up;
  first_byte += more.first_byte;
  by_meaning += more.by_meaning;
  return *this;
}

TrafficCounters& TrafficCounters::operator-=(const TrafficCounters& earlier) {
  for (std::size_t o = 0; o < requests.size(); ++o)
    for (std::size_t c = 0; c < kClasses; ++c) requests[o][c] -= earlier.requests[o][c];
  retries -= earlier.retries;
  shielded -= earlier.shielded;
  duration -= earlier.duration;
  given_up -= earlier.given_up;
  first_byte -= earlier.first_byte;
  by_meaning -= earlier.by_meaning;
  return *this;
}

}  // namespace teal
