// What comes after a failed attempt at a target: data in, decision out. The rules of when a request
// may be sent again stand here and nowhere else (RFC 9110, section 9.2.2).
//
// Pure. Does not count, pick or send.
#pragma once

#include <cstdint>

#include "base/outcome.h"

namespace teal::proxy {

struct FailedAttempt {
  Failure failure = Failure::none;
  bool on_kept_connection = false;  ///< Not the connection's first request.
  bool request_sent = false;        ///< Some byte of it may have reached the target.
  bool response_begun = false;      ///< Some byte of the response has come.
};

struct RequestTraits {
  /// A second time does no more than the first: an idempotent method or an Idempotency-Key.
  bool is_repeatable = false;
  /// Everything sent so far is still at hand.
  bool is_replayable = false;
};

enum class Next : std::uint8_t {
  fresh_connection,  ///< To the same target if it will have it.
  another_target,
  give_up,
};

inline constexpr std::uint32_t kMostAttempts = 3;

/// `attempts` have been made, the failed one included.
constexpr Next after_failure(const FailedAttempt& failed, const RequestTraits& request,
                             std::uint32_t attempts, bool fresh_was_tried) {
  if (attempts >= kMostAttempts) return Next::give_up;
  if (!failed.request_sent) {
    // A kept connection that takes not one byte was closed before: that says nothing of its target.
    if (!failed.on_kept_connection) return Next::another_target;
    if (request.is_replayable && !fresh_was_tried) return Next::fresh_connection;
    return Next::give_up;
  }
  // A kept connection that dies before the first byte of a response was most likely closed by the
  // target for being idle, just as the request set out: no fault of the target, one try more.
  if (failed.failure == Failure::reset && failed.on_kept_connection && !failed.response_begun &&
      request.is_repeatable && request.is_replayable && !fresh_was_tried)
    return Next::fresh_connection;
  return Next::give_up;
}

}  // namespace teal::proxy
