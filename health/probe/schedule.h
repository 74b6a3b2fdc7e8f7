// When to probe: spreads the first probes of new targets and jitters the later ones, so that probes
// never march in step, neither among the targets nor among several front doors.
//
// Pure; randomness is given.
#pragma once

#include <cstddef>

#include "base/rng.h"
#include "base/time.h"
#include "config/config.h"

namespace teal::health {

/// How long the first probe of new target number `index` (from 0) of `count` waits. The first goes
/// at once; the others follow so closely that all are known within little more than one timeout.
Micros first_probe_delay(const config::HealthCheck& check, std::size_t index, std::size_t count);

/// From the start of one probe to the start of the next: the interval, or the fast one in
/// transition where that is shorter, give or take the jitter.
Micros next_probe_delay(const config::HealthCheck& check, bool in_transition, Rng& rng);

/// What becomes of the delay to a target's second probe where `watched` targets are: up to all of
/// it is left out, so that targets that came together are spread over the whole interval from then
/// on. Of few there is little to spread.
Micros spread_delay(Micros delay, std::size_t watched, Rng& rng);

}  // namespace teal::health
