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

TrafficCounters& TrafficCounters::operator+=(const TrafficCounters& more) {
  for (std::size_t o = 0; o < requests.size(); ++o)
    for (std::size_t c = 0; c < kClasses; ++c) requests[o][c] += more.requests[o][c];
  retries += more.retries;
  shielded += more.shielded;
  duration += more.duration;
  first_byte += more.first_byte;
  return *this;
}

TrafficCounters& TrafficCounters::operator-=(const TrafficCounters& earlier) {
  for (std::size_t o = 0; o < requests.size(); ++o)
    for (std::size_t c = 0; c < kClasses; ++c) requests[o][c] -= earlier.requests[o][c];
  retries -= earlier.retries;
  shielded -= earlier.shielded;
  duration -= earlier.duration;
  first_byte -= earlier.first_byte;
  return *this;
}

}  // namespace teal
