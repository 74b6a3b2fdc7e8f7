// A service as the workers of a leader have it, as a message, and as the workers of a follower get
// it. What control and workers share by pointers goes as values: meanings as they were configured,
// the exposure by its numbers.
//
// Pure.
#pragma once

#include <vector>

#include "base/publication.h"
#include "control/follow/messages.h"

namespace teal::control::follow {

/// `meanings`: those of which the snapshot's table was made, in their order.
FollowedService to_message(const ServiceSnapshot& service,
                           const std::vector<ErrorMeaning>& meanings);
/// With what this process calls the service. An exposure is one of its own, which has spent what
/// all had. Requires: as decode() gives it.
ServiceState to_state(const FollowedService& service, ServiceId id);

}  // namespace teal::control::follow
