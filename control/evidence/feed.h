// Refeed: gives recorded evidence to judges as it came the first time: after a restart, so that a
// comparison goes on where it stood, and to judge a deployment again under other settings.
//
// Pure. Lost are the readings between two recorded ones and what the requests were settled to
// without a new event: a verdict may come a little later than the first time.
#pragma once

#include <cstdint>
#include <span>

#include "control/evidence/evidence.h"
#include "health/judge/judge.h"

namespace teal::control {

/// What has become of the requests that were in flight when the record ends.
enum class InFlight : std::uint8_t {
  ended,  ///< They have ended, and whatever was bad of them is recorded.
  lost,   ///< Nobody knows: what began as late as they did is not judged.
};

/// `birth`: what the evidence's times are added to. The sources judge as they go; nobody is told.
void feed_recorded(const Evidence& evidence, Mono birth,
                   std::span<health::VerdictSource* const> sources,
                   InFlight in_flight = InFlight::ended);

}  // namespace teal::control
