// Messages of the follower protocol as bytes, and back. Decoding takes whatever a peer sends: what
// comes out is within the limits of control/follow/messages.h, its enumerations have values that
// there are, its targets have addresses and ids that differ, its meanings fit an ErrorMeanings, and
// encoding it gives the same bytes again.
//
// Pure, any thread. Whether a service, a target or a threshold is known is the receiver's to see
// (control/follow/receiver.h).
#pragma once

#include "base/result.h"
#include "control/follow/frame.h"
#include "control/follow/messages.h"

namespace teal::control::follow {

/// What this build speaks to everybody. Reasons of targets are cut. Requires: what decode() takes;
/// a State of many services is to be sent in parts (in_parts()).
Envelope encode(const Message& message, std::uint64_t term, std::uint64_t number);
/// The same publication as messages of some hundred KB: no longer one keeps a split waiting.
std::vector<State> in_parts(const State& whole);
/// An Error says what is wrong, for a person.
Result<Message> decode(const Envelope& envelope);

}  // namespace teal::control::follow
