#include "proxy/exchange/reply_rules.h"

#include "net/http/websocket.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {
namespace {

using net::HeaderId;

/// True: the request may be for another protocol, or an ordinary one. False: it asks for what there
/// is not.
bool choose_upgrade(const RuleContext& context) {
  Request& request = context.request;
  const std::vector<std::string>& allowed = context.serving.route().service().spec->upgrades;
  if (!request.head.is_extended_connect()) {
    request.upgrade.protocol = wanted_upgrade(request.head, allowed);
    return true;
  }
  const std::string_view asked = request.head.text(request.head.protocol);
  if (!is_allowed(asked, allowed)) return false;
  request.upgrade.protocol = asked;
  if (net::iequals(asked, net::kWebsocket))
    request.upgrade.websocket_key = net::make_websocket_key(context.loop.rng());
  return true;
}

}  // namespace

std::optional<LocalReply> refuse_overload(const RuleContext& context) {
  context.loop.counters()[Stat::overload_requests].add();
  return overloaded();
}

std::optional<LocalReply> refuse_without_route(const RuleContext& context) {
  return without_route(context.response.last_rule, context.loop.counters());
}

std::optional<LocalReply> refuse_without_target(const RuleContext& context) {
  context.serving.count(ServiceStat::requests_without_target);
  return LocalReply{503, "no healthy target", Termination::no_target};
}

std::optional<LocalReply> refuse_deadline(const RuleContext& /*context*/) {
  return LocalReply{400, "grpc-timeout is not a number and a unit", Termination::refused};
}

std::optional<LocalReply> refuse_protocol(const RuleContext& context) {
  context.serving.withdraw();
  context.loop.counters().refused(net::Refusal::protocol_unsupported).add();
  return refused(net::Refusal::protocol_unsupported);
}

std::optional<LocalReply> reply_by_way(const RuleContext& context) {
  Request& request = context.request;
  return check_way(request, context.serving.route().listener(request.info.listener),
                   context.loop.shared().hop, context.loop.counters());
}

std::optional<LocalReply> reply_by_route(const RuleContext& context) {
  Request& request = context.request;
  const RoutePin& route = context.serving.route();
  return answer_by_route(request,
                         {*route.actions(), route.listener(request.info.listener), route.limiter(),
                          context.loop.now(), context.loop.counters(), route.gate() != nullptr});
}

std::optional<LocalReply> reply_behind_gate(const RuleContext& context) {
  const config::RouteActions& actions = *context.serving.route().actions();
  if (!actions.respond) return std::nullopt;
  return respond(actions, context.loop.counters());
}

std::optional<LocalReply> reply_by_hop(const RuleContext& context) {
  net::RequestHead& head = context.request.head;
  if (head.fields.has(HeaderId::trailer) && !context.edits.passes_trailers(context.grpc))
    head.fields.remove_if([](const net::Field& field) { return field.id == HeaderId::trailer; });
  const bool asks = head.fields.has(HeaderId::upgrade) || head.is_extended_connect();
  if (!asks || choose_upgrade(context)) return std::nullopt;
  context.serving.route().forget_service();
  return refuse_protocol(context);
}

}  // namespace teal::proxy
