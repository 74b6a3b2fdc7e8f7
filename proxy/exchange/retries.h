// Retries: what comes next for one request whose attempt at a target has failed: the pure rules
// (request/recovery.h) with what is known of the request, and the budgets that bound how many
// requests are sent once more (docs/adr/0010, 0011).
//
// Part of one exchange, on its worker's thread. Counts what stands in the way of a retry. Does not
// send: Exchange::follow() does what is decided here.
#pragma once

#include "proxy/exchange/attempts.h"
#include "proxy/group/serving_group.h"
#include "proxy/policy/retry.h"
#include "proxy/request/permits.h"
#include "proxy/request/recovery.h"
#include "proxy/request/replay_buffer.h"
#include "proxy/request/request.h"
#include "proxy/request/response_state.h"

namespace teal::proxy {

class Retries {
 public:
  /// All of them are parts of the same exchange.
  struct Parts {
    const Request& request;
    const ReplayBuffer& replay;
    const ResponseState& response;
    const Attempts& attempts;
    ServingGroup& serving;
  };
  explicit Retries(const Parts& parts) : parts_(parts) {}

  /// The present attempt has failed. Takes a place in the retry budget of the group that is to get
  /// the request, where one is needed. `group_is_exhausted`: none of its targets is left to ask.
  Next decide(const FailedAttempt& failed, bool group_is_exhausted = false);
  /// The live group may answer a request that the release has seen, and whose client has seen
  /// nothing yet.
  bool can_take_back() const { return may_go_live(facts(), true); }
  /// The group has a target that accepts requests and is neither the present one nor one that was
  /// tried.
  bool has_other_target() const;

  /// The request is a retry of a group, and counts as one there.
  RetryPermit& permit() { return permit_; }

 private:
  RecoveryFacts facts() const;
  bool take_permit(Colour colour);

  const Parts parts_;
  RetryPermit permit_;
};

}  // namespace teal::proxy
