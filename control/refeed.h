// Refeed: gives recorded evidence to judges as it came the first time: after a restart, so that a
// comparison goes on where it stood, and to judge a deployment again under other settings.
//
// Pure. The readings between two recorded ones are lost, and an event is taken as settled only at
// the age at which requests were told as overdue: a verdict may come that much later than the first
// time, never earlier or for another reason.
#pragma once

#include <span>

#include "control/evidence.h"
#include "health/judge.h"

namespace teal::control {

/// `birth`: what the evidence's times are added to. The sources judge as they go; nobody is told.
void refeed(const Evidence& evidence, Mono birth, std::span<health::VerdictSource* const> sources);

}  // namespace teal::control
