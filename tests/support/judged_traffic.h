// Events and readings for the tests of the comparisons.
#pragma once

#include <string>

#include "base/judged_event.h"
#include "base/rng.h"
#include "health/judge.h"
#include "proxy/splitter.h"

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

/// Draws with the shipped splitter; bad with a chance for each group.
class SimulatedTraffic {
 public:
  SimulatedTraffic(std::uint64_t seed, Weight weight, double live, double release)
      : splitter_(seed), rng_(mix64(seed + 1)), weight_(weight), live_(live), release_(release) {}

  /// One request that began then; true if it is bad.
  bool draw(JudgedEvent& event, double began) {
    const proxy::Drawn drawn = splitter_.draw(weight_);
    ++requests_;
    const double chance = drawn.release ? release_ : live_;
    if (static_cast<double>(rng_.next() >> 11U) * 0x1.0p-53 >= chance) return false;
    event = JudgedEvent{};
    event.group = drawn.release ? Colour::green : Colour::blue;
    event.release_probability = drawn.release_probability;
    event.block = drawn.block;
    event.block_length = drawn.block_length;
    event.block_release = drawn.block_release;
    event.request = requests_;
    event.began = event.seen = at_second(began);
    return true;
  }

 private:
  proxy::Splitter splitter_;
  Rng rng_;
  Weight weight_;
  double live_;
  double release_;
  std::uint64_t requests_ = 0;
};

}  // namespace teal::health
