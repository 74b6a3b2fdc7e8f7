// What a connection to the control API is told where the API itself is not asked.
//
// Pure values.
#pragma once

#include "control/api/message.h"
#include "control/api/problem.h"

namespace teal::control {

/// 504: a command was taken, and its consequence is not known in time.
ApiResponse timed_out();
/// 504: a copy of the store is still being made.
ApiResponse copy_timed_out();
/// 400: there are fields behind the body.
ApiError trailers_refused();
/// 503: all places for connections are taken, and this is no probe.
ApiError no_place();

}  // namespace teal::control
