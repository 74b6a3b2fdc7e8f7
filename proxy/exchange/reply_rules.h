// Reply rules: when a request is answered by Teal itself, without a target or in the place of one
// that there is not. Each rule looks at the parts of one exchange and gives the reply, or nothing:
// the request goes on.
//
// Free functions, on the worker's thread. They count what they find, and change the request where a
// rule says that something goes no further. They do not send (Exchange::reply() does), nor do they
// know when they are asked: Exchange::begin() has the order.
#pragma once

#include <optional>

#include "proxy/exchange/route_edits.h"
#include "proxy/group/serving_group.h"
#include "proxy/request/grpc_call.h"
#include "proxy/request/local_reply.h"
#include "proxy/request/request.h"
#include "proxy/request/response_state.h"

namespace teal::proxy {

struct RuleContext {
  WorkerLoop& loop;
  Request& request;
  const ResponseState& response;
  ServingGroup& serving;
  const RouteEdits& edits;
  const GrpcCall& grpc;
};

using ReplyRule = std::optional<LocalReply> (*)(const RuleContext& context);

// ---- always a reply
/// The worker takes no requests for now.
std::optional<LocalReply> refuse_overload(const RuleContext& context);
/// No route matches, or a rule of HTTP was broken on the way to one (ResponseState::last_rule).
std::optional<LocalReply> refuse_without_route(const RuleContext& context);
/// Nobody of the group is healthy.
std::optional<LocalReply> refuse_without_target(const RuleContext& context);
/// A call of gRPC brings a deadline that has no meaning.
std::optional<LocalReply> refuse_deadline(const RuleContext& context);
/// The request is for another protocol that is not spoken here, which is no fault of any group's.
std::optional<LocalReply> refuse_protocol(const RuleContext& context);

// ---- a reply, or nothing
/// What the head says of the way that the request has gone and may go (local_reply.h).
std::optional<LocalReply> reply_by_way(const RuleContext& context);
/// What the route says. Requires: it has actions.
std::optional<LocalReply> reply_by_route(const RuleContext& context);
/// What a route with a gate says to a request that has passed it.
std::optional<LocalReply> reply_behind_gate(const RuleContext& context);
/// What the head says of this hop. An upgrade: the protocol is chosen, or refused to a client that
/// cannot do without; trailers: where they go no further, nobody is told that they come.
std::optional<LocalReply> reply_by_hop(const RuleContext& context);

}  // namespace teal::proxy
