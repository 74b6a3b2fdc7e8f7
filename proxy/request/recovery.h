// Recovery: what comes next for a request whose attempt at a target has failed, as far as that
// follows from what is known of it: the rules of policy/retry.h for its service, its group and who
// else is there.
//
// Pure. Does not count or take places in budgets (exchange/retries.h does), nor send.
#pragma once

#include <cstdint>
#include <optional>

#include "config/config.h"
#include "proxy/policy/retry.h"
#include "proxy/telemetry/service_stats.h"

namespace teal::proxy {

/// What is known of a request that may be sent once more.
struct RecoveryFacts {
  const config::Service& spec;
  RequestTraits request;
  Tries tries;                    ///< In its group.
  bool is_on_release = false;     ///< And the split's traffic.
  bool has_sent_interim = false;  ///< The client has seen a beginning of the response.
  bool has_other_target = false;  ///< Its group has one that was not tried.
  bool live_is_available = false;
};

struct Recovery {
  Next next = Next::give_up;
  /// What stood in the way of the shield, to be counted.
  std::optional<ServiceStat> hindrance = std::nullopt;
  bool operator==(const Recovery&) const = default;
};

/// What is allowed to the request where it is. An interim response is a beginning: what follows it
/// must come from the same target.
RetryRules retry_rules(const RecoveryFacts& facts);

/// `group_is_exhausted`: none of its group is left to be asked.
Recovery plan_recovery(const FailedAttempt& failed, const RecoveryFacts& facts,
                       bool group_is_exhausted = false);

/// The live group may answer in the place of the release, whose answer the client has not seen.
bool may_go_live(const RecoveryFacts& facts, bool request_sent);

/// The body that goes out may be wanted once more, whatever connection it goes out by.
bool keeps_body(const config::Service& spec, bool is_on_release);

/// What the client would have got: Teal's own answer where the target gave none.
std::uint16_t blamed_status(const FailedAttempt& failed);

}  // namespace teal::proxy
