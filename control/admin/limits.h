// AdminLimits: what connections to the control API may cost, in places, bytes and time.
//
// A plain value, any thread.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace teal::control {

struct AdminLimits {
  std::size_t connections = 256;  ///< Of anyone; when all are taken somebody makes room.
  std::size_t verified = 32;  ///< Beyond those, for peers whose client certificate was verified.
  std::size_t reserve = 16;   ///< Beyond those, for probes, while nobody can make room.
  std::size_t header_bytes = std::size_t{16} * 1024;
  std::size_t body_bytes = std::size_t{1024} * 1024;
  /// Of all request bodies that are still coming and all answers that are still being read.
  std::size_t held_bytes = std::size_t{64} * 1024 * 1024;
  /// From accepting a connection until its TLS handshake and its first whole head have come,
  /// however they trickle.
  Millis first_request = std::chrono::seconds{5};
  Millis reserve_time = std::chrono::seconds{2};  ///< For everything that happens in the reserve.
  /// For each later head (idle time included), for a body, an answer, a write.
  Millis timeout = std::chrono::seconds{30};
  /// For a copy of the store, and then for its way to who asked.
  Millis long_answer = std::chrono::minutes{10};
  Millis heartbeat = std::chrono::seconds{15};  ///< Of a stream of events without any.
};

}  // namespace teal::control
