#include "health/probe/schedule.h"

#include <algorithm>

#include "base/assert.h"

namespace teal::health {
namespace {

constexpr Micros kSpacing = Millis{10};
/// A configured interval of nothing must not become a busy loop.
constexpr Micros kMinDelay = Millis{1};

}  // namespace

Micros first_probe_delay(const config::HealthCheck& check, std::size_t index, std::size_t count) {
  TEAL_ASSERT(index < count);
  const Micros room = std::min(check.timeout, check.fast_interval) / 2;
  const Micros spacing = std::clamp(room / static_cast<Micros::rep>(count), Micros{0}, kSpacing);
  return spacing * static_cast<Micros::rep>(index);
}

Micros next_probe_delay(const config::HealthCheck& check, bool in_transition, Rng& rng) {
  const Micros interval =
      in_transition ? std::min(check.interval, check.fast_interval) : check.interval;
  constexpr std::uint32_t kHalf = 10'000;
  const std::uint32_t jitter_percent = std::min(check.jitter_percent, 100U);
  // From -1 to 1 in steps of 1/10000.
  const auto deviation = static_cast<double>(rng.below(2 * kHalf + 1)) / kHalf - 1;
  const double factor = 1 + deviation * jitter_percent / 100;
  const Micros delay{static_cast<Micros::rep>(static_cast<double>(interval.count()) * factor)};
  return std::max(delay, kMinDelay);
}

Micros spread_delay(Micros delay, std::size_t watched, Rng& rng) {
  TEAL_ASSERT(watched > 0);
  const Micros room = std::min(delay, kSpacing * static_cast<Micros::rep>(watched - 1));
  constexpr std::uint32_t kSteps = 1'000'000;
  return delay - room * rng.below(kSteps + 1) / kSteps;
}

}  // namespace teal::health
