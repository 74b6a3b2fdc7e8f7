// What comes after a failed attempt at a target: data in, decision out. The rules of when a request
// may be sent again, and to whom, stand here and nowhere else (RFC 9110, section 9.2.2;
// docs/adr/0010 and 0011).
//
// Pure. Does not count, pick or send.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/grpc_status.h"
#include "base/outcome.h"
#include "config/config.h"

namespace teal::proxy {

struct FailedAttempt {
  Failure failure = Failure::none;
  std::uint16_t status = 0;         ///< Of Failure::status.
  bool on_kept_connection = false;  ///< Not the connection's first request.
  bool request_sent = false;        ///< Some byte of it may have reached the target.
  bool response_begun = false;      ///< Some byte of the response has come.
  /// Of Failure::not_begun: its connection took others and left this one behind (GOAWAY).
  bool left_behind = false;
  /// Nobody was asked, for Teal itself lacked what a connection takes: the shield is not for that,
  /// and no group is to blame.
  bool is_own_lack = false;
  std::optional<GrpcStatus> grpc = std::nullopt;  ///< Which of gRPC's the status stands for.
};

struct RequestTraits {
  /// A second time does no more than the first: an idempotent method or an Idempotency-Key.
  bool is_repeatable = false;
  /// Everything sent so far is still at hand.
  bool is_replayable = false;
};

/// What is allowed to the request where it stands.
struct RetryRules {
  config::RetryOn again{.connect_failure = true};  ///< On another target of the group.
  std::uint32_t attempts = 3;                      ///< In the group, the first included.
  /// It failed on the release, the client has seen nothing, and the service is shielded.
  bool is_shielded = false;
  config::RetryOn shield{};
};

/// What has been tried in the present group, the failed attempt included.
struct Tries {
  std::uint32_t attempts = 1;
  bool fresh_was_tried = false;
  std::uint32_t left_behind = 0;  ///< Such attempts, which are not among the others.
};

/// So often a request that is left behind costs none of its attempts: each time others got their
/// turn. A target that goes on so for ever has an end nevertheless.
inline constexpr std::uint32_t kMaxLeftBehind = 16;

enum class Next : std::uint8_t {
  fresh_connection,  ///< To the same target if it will have it, by another connection.
  another_target,
  live_group,  ///< The shield: from the release to the live group.
  give_up,
};

/// Why a failure that the shield is for is not shielded.
enum class Hindrance : std::uint8_t {
  none,
  not_repeatable,  ///< Neither an idempotent method nor an Idempotency-Key.
  not_replayable,  ///< The body is not at hand any more.
};

struct Decision {
  Next next = Next::give_up;
  Hindrance hindrance = Hindrance::none;
  bool operator==(const Decision&) const = default;
};

/// Is the failure among those that `on` lists?
constexpr bool is_listed(const FailedAttempt& failed, const config::RetryOn& on) {
  switch (failed.failure) {
    case Failure::none: return false;
    case Failure::connect:
    case Failure::connect_timeout:
    case Failure::tls:
    case Failure::not_begun: return on.connect_failure;
    case Failure::reset:
    case Failure::stalled:
    case Failure::protocol: return failed.request_sent ? on.reset : on.connect_failure;
    case Failure::response_timeout: return on.timeout;
    case Failure::status: break;
  }
  if (on.any_5xx && failed.status >= 500 && failed.status <= 599) return true;
  return (on.status_502 && failed.status == 502) || (on.status_503 && failed.status == 503) ||
         (on.status_504 && failed.status == 504);
}

/// Is the retry one that loads the target which gets it, and so one that the budget has to allow?
/// What never left loads nobody a second time.
constexpr bool needs_budget(const FailedAttempt& failed, Next next) {
  return next == Next::live_group || (next == Next::another_target && failed.request_sent);
}

/// Of `active` requests in a group, so many may be retries at once.
constexpr std::uint32_t retry_limit(const config::Retry& retry, std::uint32_t active) {
  const std::uint64_t share = (std::uint64_t{active} * retry.budget_percent + 99) / 100;
  return std::max(retry.budget_least, static_cast<std::uint32_t>(share));
}

/// It was left behind for others' sake, which costs it none of its attempts.
constexpr bool is_passed_over(const FailedAttempt& failed, const Tries& tries) {
  return failed.failure == Failure::not_begun && failed.left_behind &&
         tries.left_behind < kMaxLeftBehind;
}

/// RFC 9113, section 8.7: what was not begun may be sent again whatever its method. To whom it was
/// meant for, since that one has not failed; as a last attempt to another, should it never begin.
constexpr Next after_not_begun(const FailedAttempt& failed, const RequestTraits& request,
                               const RetryRules& rules, const Tries& tries) {
  if (!request.is_replayable || rules.attempts == 0) return Next::give_up;
  if (is_passed_over(failed, tries)) return Next::fresh_connection;
  if (tries.attempts >= rules.attempts) return Next::give_up;
  const bool is_last = tries.attempts + 1 == rules.attempts;
  return is_last && rules.again.connect_failure ? Next::another_target : Next::fresh_connection;
}

constexpr Next within_group(const FailedAttempt& failed, const RequestTraits& request,
                            const RetryRules& rules, const Tries& tries) {
  if (failed.failure == Failure::not_begun) return after_not_begun(failed, request, rules, tries);
  if (tries.attempts >= rules.attempts) return Next::give_up;
  // Loop Detected (RFC 5842, section 7.2): each hop of the loop that tried again would multiply it.
  if (failed.failure == Failure::status && failed.status == 508) return Next::give_up;
  const bool may_be_fresh = request.is_replayable && !tries.fresh_was_tried;
  if (!failed.request_sent) {
    // A kept connection that takes not one byte was closed before: that says nothing of its target.
    if (failed.on_kept_connection) return may_be_fresh ? Next::fresh_connection : Next::give_up;
    return rules.again.connect_failure ? Next::another_target : Next::give_up;
  }
  // A kept connection that dies before the first byte of a response was most likely closed by the
  // target for being idle, just as the request set out: no fault of the target, one try more.
  if (failed.failure == Failure::reset && failed.on_kept_connection && !failed.response_begun &&
      request.is_repeatable && may_be_fresh)
    return Next::fresh_connection;
  if (is_listed(failed, rules.again) && request.is_repeatable && request.is_replayable)
    return Next::another_target;
  return Next::give_up;
}

/// Is the attempt held against its target? Not what says nothing of it: a kept connection that was
/// closed before, or was never made for want of Teal's own; and what was not begun only when nobody
/// of its group began it, nor where it is Teal that cannot send it again.
constexpr bool is_targets_fault(const FailedAttempt& failed, const RequestTraits& request,
                                Next next) {
  if (next == Next::fresh_connection || failed.is_own_lack) return false;
  return failed.failure != Failure::not_begun ||
         (request.is_replayable && next != Next::another_target);
}

/// The client has seen nothing of a response; what it has begun to see is never begun anew.
constexpr Decision after_failure(const FailedAttempt& failed, const RequestTraits& request,
                                 const RetryRules& rules, const Tries& tries) {
  if (const Next next = within_group(failed, request, rules, tries); next != Next::give_up)
    return {next};
  if (!rules.is_shielded || failed.is_own_lack || !is_listed(failed, rules.shield)) return {};
  if (!request.is_replayable) return {Next::give_up, Hindrance::not_replayable};
  if (failed.request_sent && !request.is_repeatable)
    return {Next::give_up, Hindrance::not_repeatable};
  return {Next::live_group};
}

}  // namespace teal::proxy
