// What a worker tells control about a request at once, without waiting for the next reading of the
// counters: the bad outcomes. They are rare, and the judge wants them in microseconds.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/service_state.h"
#include "base/time.h"

namespace teal {

enum class Failure : std::uint8_t {
  none,
  status,   ///< The target answered 5xx.
  connect,  ///< Could not be reached: refused, unreachable.
  connect_timeout,
  reset,             ///< The connection died before the response was complete.
  response_timeout,  ///< No response head in time.
  stalled,           ///< Stopped sending in mid-response.
  protocol,          ///< Sent something that is not HTTP.
  tls,               ///< Could not be reached: the TLS handshake failed.
  not_begun,         ///< It says that it did nothing of it (RFC 9113, section 8.7).
};

constexpr std::string_view to_string(Failure failure) {
  switch (failure) {
    case Failure::none: return "none";
    case Failure::status: return "status";
    case Failure::connect: return "connect";
    case Failure::connect_timeout: return "connect_timeout";
    case Failure::reset: return "reset";
    case Failure::response_timeout: return "response_timeout";
    case Failure::stalled: return "stalled";
    case Failure::protocol: return "protocol";
    case Failure::tls: return "tls";
    case Failure::not_begun: return "not_begun";
  }
  return "none";
}

struct BadOutcome {
  TargetId target = 0;
  Failure failure = Failure::none;
  std::uint16_t status = 0;  ///< What the target answered, 0 if nothing.
  /// Failures in a row that this worker has seen from the target, this one included.
  std::uint32_t consecutive = 0;
  Mono at;
  /// Like `consecutive`, of 502, 503, 504 and no answer at all; 0 where this was another.
  std::uint32_t consecutive_gateway = 0;
};

/// What a worker saw of one target since it last told: for comparing the targets of a group.
struct TargetTally {
  TargetId target = 0;
  std::uint32_t requests = 0;
  std::uint32_t failures = 0;
};

}  // namespace teal
