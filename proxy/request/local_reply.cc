#include "proxy/request/local_reply.h"

#include "proxy/headers/max_forwards.h"
#include "proxy/headers/odd_names.h"
#include "proxy/policy/address_rules.h"
#include "proxy/policy/client_key.h"
#include "proxy/routing/balancer.h"
#include "proxy/routing/route_answer.h"

namespace teal::proxy {
namespace {

using net::HeaderId;

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";
/// What is allowed here (RFC 9110, section 10.2.1): any method but those of net::is_unsupported().
constexpr std::string_view kAllow = "allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";

LocalReply::Content retry_after(std::int64_t seconds) {
  return {kPlainText, "retry-after: " + std::to_string(seconds) + "\r\n", false, true};
}

std::string lines_of(const std::vector<config::NamedValue>& fields) {
  std::string lines;
  for (const config::NamedValue& each : fields)
    lines.append(each.name).append(": ").append(each.value).append("\r\n");
  return lines;
}

/// What `set` and `add` say; there is nothing of a target's to remove.
std::string lines_of(const config::HeaderEdits& edits) {
  return lines_of(edits.set) + lines_of(edits.add);
}

net::Refusal check_names(Request& request, const config::Listener& listener, Shard& counters) {
  const OddNames odd = take_out_odd_names(request.head.fields, listener.underscores);
  counters[Stat::fields_twin].add(odd.twins);
  counters[Stat::fields_underscored].add(odd.underscored);
  return odd.is_refused ? net::Refusal::field_name_underscored : net::Refusal::none;
}

std::optional<LocalReply> check_max_forwards(Request& request, Shard& counters) {
  if (request.head.method != net::Method::options) return std::nullopt;
  switch (count_down_max_forwards(request.head.fields, request.bytes.data())) {
    case MaxForwards::goes_on: break;
    case MaxForwards::malformed:
      return without_route(net::Refusal::max_forwards_malformed, counters);
    case MaxForwards::ends_here: {
      LocalReply reply{200, {}, Termination::responded};
      reply.content = {{}, std::string(kAllow), false, false};
      return reply;
    }
  }
  return std::nullopt;
}

std::optional<LocalReply> check_address(const Request& request, const RouteContext& context) {
  if (permits(context.actions.addresses, request.client_address(context.listener)))
    return std::nullopt;
  context.counters[Stat::access_by_address].add();
  return LocalReply{403, "this address may not ask here", Termination::denied};
}

std::optional<LocalReply> check_rate(const Request& request, const RouteContext& context) {
  const config::RateLimit& limit = *context.actions.rate_limit;
  const net::Field* const named =
      limit.header.empty() ? nullptr : request.head.fields.find(std::string_view(limit.header));
  const ClientKey client = named != nullptr ? hash_key(request.head.fields.value(*named))
                                            : client_key(request.client_address(context.listener));
  const RateLimiter::Verdict verdict = context.limiter->take(client, context.now);
  if (verdict.has_evicted) context.counters[Stat::rate_limit_evictions].add();
  if (verdict.is_allowed) return std::nullopt;
  context.counters[Stat::rate_limited].add();
  LocalReply reply{429, "too many requests of this client", Termination::rate_limited};
  reply.content = retry_after(verdict.wait.count());
  return reply;
}

LocalReply redirect(const Request& request, const RouteContext& context) {
  context.counters[Stat::route_redirects].add();
  const net::RequestHead& head = request.head;
  const RequestUrl asked{head.text(head.authority), head.text(head.target),
                         request.info.peer.secure};
  const std::string location = redirect_location(
      *context.actions.redirect, request.covered_path(context.listener.paths), asked);
  LocalReply reply{context.actions.redirect->status, {}, Termination::redirected};
  reply.made_text = "see " + location;
  reply.content = {kPlainText,
                   "location: " + location + "\r\n" + lines_of(context.actions.response_headers),
                   true, true};
  return reply;
}

}  // namespace

LocalReply respond(const config::RouteActions& actions, Shard& counters) {
  counters[Stat::route_responses].add();
  const config::FixedResponse& response = *actions.respond;
  LocalReply reply{response.status, response.body, Termination::responded};
  const std::string_view type = response.body.empty() ? std::string_view() : response.content_type;
  reply.content = {type, lines_of(actions.response_headers), true, false};
  return reply;
}

LocalReply refused(net::Refusal rule) {
  return {net::status_of(rule), net::explain(rule), Termination::refused, rule};
}

LocalReply failed(Failure failure) {
  switch (failure) {
    case Failure::connect:
      return {502, "the target could not be reached", Termination::connect_failed};
    case Failure::tls: return {502, "no TLS with the target", Termination::connect_failed};
    case Failure::connect_timeout:
      return {504, "the target did not accept the connection in time",
              Termination::connect_timeout};
    case Failure::response_timeout:
      return {504, "the target did not answer in time", Termination::response_timeout};
    case Failure::protocol:
      return {502, "the target's answer is not valid HTTP", Termination::upstream_protocol};
    case Failure::not_begun: {
      LocalReply reply{503, "the target did not begin the request, try again",
                       Termination::not_begun};
      reply.content = retry_after(1);
      return reply;
    }
    default:
      return {502, "the target closed the connection before it answered",
              Termination::upstream_reset};
  }
}

LocalReply overloaded() {
  LocalReply reply{503, "overloaded, try again", Termination::overloaded};
  reply.content = retry_after(5);
  return reply;
}

LocalReply without_descriptor() {
  LocalReply reply = overloaded();
  reply.termination = Termination::no_descriptor;
  return reply;
}

LocalReply body_too_large() {
  return {413, "the request's body is longer than it may be", Termination::body_too_large};
}

LocalReply without_route(net::Refusal rule, Shard& counters) {
  if (rule != net::Refusal::none) {
    counters.refused(rule).add();
    return refused(rule);
  }
  counters[Stat::requests_without_route].add();
  return {404, "no service here: no route matches this request", Termination::no_route};
}

std::optional<LocalReply> check_way(Request& request, const config::Listener& listener,
                                    const Hop& hop, Shard& counters) {
  const net::Fields& fields = request.head.fields;
  if (fields.has_odd_names())
    if (const net::Refusal rule = check_names(request, listener, counters);
        rule != net::Refusal::none)
      return without_route(rule, counters);
  if (fields.has(HeaderId::via) && hop.passes(fields) > kMaxPasses) {
    counters[Stat::requests_looped].add();
    return LocalReply{
        508, "the request goes round in a loop: its Via says that it was here several times",
        Termination::loop};
  }
  if (fields.has(HeaderId::max_forwards)) return check_max_forwards(request, counters);
  return std::nullopt;
}

std::optional<LocalReply> answer_by_route(Request& request, const RouteContext& context) {
  const config::RouteActions& actions = context.actions;
  if (!actions.addresses.empty())
    if (std::optional<LocalReply> reply = check_address(request, context)) return reply;
  if (actions.rate_limit)
    if (std::optional<LocalReply> reply = check_rate(request, context)) return reply;
  if (actions.redirect) return redirect(request, context);
  if (actions.respond && !context.is_gated) return respond(context.actions, context.counters);
  // Before the edits: what the target is asked is another thing.
  if (actions.compress)
    request.accepted_coding = choose_coding(request.head.fields, *actions.compress);
  if (actions.request_body_bytes > 0) {
    request.body_limit = actions.request_body_bytes;
    const net::Framing& body = request.head.framing;
    if (body.kind == net::Framing::Kind::length && body.length > request.body_limit) {
      context.counters[Stat::bodies_too_large].add();
      return body_too_large();
    }
  }
  return std::nullopt;
}

}  // namespace teal::proxy
