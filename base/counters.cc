#include "base/counters.h"

namespace teal {

std::uint64_t TrafficCounters::total() const {
  std::uint64_t sum = 0;
  for (const Origin origin : {Origin::target, Origin::teal})
    for (const std::uint64_t n : requests[static_cast<std::size_t>(origin)]) sum += n;
  return sum;
}

std::uint64_t TrafficCounters::errors() const {
  return requests[static_cast<std::size_t>(Origin::target)][4] +
         requests[static_cast<std::size_t>(Origin::teal)][4];
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
