// Events and readings for the tests of the comparisons.
#pragma once

#include <string>

#include "base/judged_event.h"
#include "health/judge/judge.h"
#include "tests/support/simulated_traffic.h"

namespace teal::health {

inline Mono at_second(double second) {
  return Mono{} + std::chrono::duration_cast<Mono::duration>(std::chrono::duration<double>(second));
}

/// An error of one group, each in a block of its own: one in ten goes to the release.
inline JudgedEvent error_of(Colour group, double began, double age = 0.001) {
  static std::uint64_t number = 0;
  JudgedEvent event;
  event.group = group;
  event.release_probability = 0.1;
  event.block = event.request = ++number;
  event.block_length = 10;
  event.block_release = 1;
  event.began = at_second(began);
  event.seen = at_second(began + age);
  event.set_request_id("r-" + std::to_string(number));
  return event;
}

/// What came of so many requests: `bad` of them with a 500.
inline TrafficCounters counters(std::uint64_t total, std::uint64_t bad = 0) {
  TrafficCounters counters;
  counters.requests[0][1] = total - bad;
  counters.requests[0][4] = bad;
  return counters;
}

/// Everything that has begun so far is settled.
inline Reading settled_at(double second, const TrafficCounters& release = {},
                          const TrafficCounters& live = {}) {
  return {at_second(second), release, live, at_second(second)};
}

}  // namespace teal::health
