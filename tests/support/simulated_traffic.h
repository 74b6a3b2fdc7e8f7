// Simulated traffic for the judge, in tests and in `./dev bench judge`: the shipped splitter draws
// the group of every request, seeded chance says which end badly.
#pragma once

#include <cstdint>

#include "base/judged_event.h"
#include "base/rng.h"
#include "proxy/routing/splitter.h"

namespace teal {

/// Uniform in [0, 1).
inline double uniform(Rng& rng) {
  return static_cast<double>(rng.next() >> 11U) * 0x1.0p-53;
}

/// How often requests end badly, by the group that was drawn; both may drift.
struct Rates {
  double live = 0.01;
  double ratio = 1;     ///< The release's rate over live's.
  double drift = 0;     ///< The rate swings by this factor up and down: 0 not at all, 9 tenfold.
  double period = 5e3;  ///< Requests per swing.
};

class SimulatedTraffic {
 public:
  SimulatedTraffic(std::uint64_t seed, Weight release, const Rates& rates)
      : splitter_(seed), rng_(mix64(seed ^ 0x6a75646765U)), release_(release), rates_(rates) {}

  /// Draws until a request ends badly.
  JudgedEvent next_bad() {
    while (true)
      if (draw()) return event_;
  }
  /// One request; true if it ended badly, and then last() is its event.
  bool draw() {
    const proxy::Drawn drawn = splitter_.draw(release_);
    ++requests_;
    was_release_ = drawn.release;
    if (uniform(rng_) >= rate(drawn.release)) return false;
    event_.group = drawn.release ? Colour::green : Colour::blue;
    event_.release_probability = drawn.release_probability;
    event_.block = drawn.block;
    event_.block_length = drawn.block_length;
    event_.block_release = drawn.block_release;
    event_.request = requests_;
    return true;
  }
  /// The same of a request that began then, into `event`.
  bool draw(JudgedEvent& event, Mono began) {
    event_.began = event_.seen = began;
    const bool is_bad = draw();
    if (is_bad) event = event_;
    return is_bad;
  }
  const JudgedEvent& last() const { return event_; }
  bool was_release() const { return was_release_; }
  std::uint64_t requests() const { return requests_; }

 private:
  double rate(bool release) const {
    double rate = rates_.live * (release ? rates_.ratio : 1);
    // A square wave: the hardest kind of change, and quick to compute.
    if (rates_.drift > 0 &&
        static_cast<std::uint64_t>(static_cast<double>(requests_) / rates_.period) % 2 == 1)
      rate *= 1 + rates_.drift;
    return rate;
  }

  proxy::Splitter splitter_;
  Rng rng_;
  Weight release_;
  Rates rates_;
  JudgedEvent event_;
  bool was_release_ = false;
  std::uint64_t requests_ = 0;
};

}  // namespace teal
