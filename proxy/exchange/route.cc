// The part of Exchange that does what a route says besides asking a target: paths that have to be
// settled before they are routed, redirects, fixed responses, edits, limits. Requests of plain
// routes with plain paths come by here only to be refused.
#include <string>
#include <utility>

#include "net/http/path_rules.h"
#include "proxy/exchange/exchange.h"
#include "proxy/headers/edits.h"
#include "proxy/policy/client_key.h"
#include "proxy/routing/balancer.h"
#include "proxy/routing/route_answer.h"
#include "proxy/worker/worker.h"

namespace teal::proxy {

namespace {

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

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

/// Of a path as it is forwarded, what the match covered of it as it was routed.
std::string_view covered(std::string_view path, const config::PathRules& rules,
                         std::size_t matched) {
  return path.substr(0, net::forwarded_size(path, rules, matched));
}

}  // namespace

bool Exchange::settle_path() {
  const std::string_view path = head_.path();
  std::string settled;
  response_.last_rule = net::normalise_path(path, path_rules(), settled);
  if (response_.last_rule != net::Refusal::none) return false;
  if (settled != path) put_target(settled.append(head_.text(head_.target).substr(path.size())));
  return true;
}

/// The target from now on; what the client sent stays where it is.
void Exchange::put_target(std::string_view target) {
  head_.target = {static_cast<std::uint32_t>(head_bytes_.size()),
                  static_cast<std::uint32_t>(target.size())};
  head_bytes_ += target;
  head_.fields.rebase(head_bytes_.data());
  head_.size = static_cast<std::uint32_t>(head_bytes_.size());
}

void Exchange::reply_without_route() {
  if (response_.last_rule != net::Refusal::none) {
    worker_.counters().refused(response_.last_rule).add();
    reply(net::status_of(response_.last_rule), net::explain(response_.last_rule),
          Termination::refused);
    return;
  }
  worker_.counters()[Stat::requests_without_route].add();
  reply(404, "no service here: no route matches this request", Termination::no_route);
}

bool Exchange::is_answered_by_route() {
  if (actions()->rate_limit && is_over_rate()) return true;
  if (actions()->redirect) {
    redirect();
    return true;
  }
  if (actions()->respond) {
    respond();
    return true;
  }
  // Before the edits: what the target is asked is another thing.
  if (actions()->compress) liked_ = choose_coding(head_.fields, *actions()->compress);
  if (actions()->request_body_bytes > 0) {
    body_limit_ = actions()->request_body_bytes;
    const net::Framing& body = head_.framing;
    if (body.kind == net::Framing::Kind::length && body.length > body_limit_) {
      refuse_body();
      return true;
    }
  }
  return false;
}

/// After everybody who asks what the client said.
void Exchange::change_request() {
  if (actions()->rewrite.kind != config::NewPath::Kind::same) rewrite_target();
  if (actions()->request_headers.empty()) return;
  if (head_.connection_names) note_options(head_.fields, options().of_request);
  edit_head(head_, actions()->request_headers, head_bytes_);
}

std::string_view Exchange::client_address() const {
  if (info_.peer.trusted) {
    const auto& listener = table().routes.config->listeners[info_.listener];
    const std::string_view told = forwarded_client(head_.fields, listener.trusted_proxies);
    if (!told.empty()) return told;
  }
  return info_.peer.address;
}

bool Exchange::is_over_rate() {
  const config::RateLimit& limit = *actions()->rate_limit;
  const net::Field* const named =
      limit.header.empty() ? nullptr : head_.fields.find(std::string_view(limit.header));
  ClientKey client = 0;
  if (named != nullptr) {
    client = hash_key(head_.fields.value(*named));
  } else {
    client = client_key(client_address());
  }
  Shard& counters = worker_.counters();
  const RateLimiter::Verdict verdict =
      worker_.shared().rate_limits[limit.place]->take(client, worker_.now());
  if (verdict.has_evicted) counters[Stat::rate_limit_evictions].add();
  if (verdict.is_allowed) return false;
  counters[Stat::rate_limited].add();
  const std::string lines = "retry-after: " + std::to_string(verdict.wait.count()) + "\r\n";
  const LocalReplyContent content{kPlainText, lines, false, true};
  reply(429, "too many requests of this client", Termination::rate_limited, &content);
  return true;
}

void Exchange::refuse_overload() {
  worker_.counters()[Stat::overload_requests].add();
  const LocalReplyContent content{kPlainText, "retry-after: 5\r\n", false, true};
  reply(503, "overloaded, try again", Termination::overloaded, &content);
}

void Exchange::redirect() {
  worker_.counters()[Stat::route_redirects].add();
  const Asked asked{head_.text(head_.authority), head_.text(head_.target), info_.peer.secure};
  const std::string location =
      redirect_location(*actions()->redirect, covered(head_.path(), path_rules(), matched_), asked);
  const std::string lines =
      "location: " + location + "\r\n" + lines_of(actions()->response_headers);
  const LocalReplyContent content{kPlainText, lines, true, true};
  reply(actions()->redirect->status, "see " + location, Termination::redirected, &content);
}

void Exchange::respond() {
  worker_.counters()[Stat::route_responses].add();
  const config::FixedResponse& response = *actions()->respond;
  const std::string lines = lines_of(actions()->response_headers);
  const std::string_view type = response.body.empty() ? std::string_view() : response.content_type;
  const LocalReplyContent content{type, lines, true, false};
  reply(response.status, response.body, Termination::responded, &content);
}

void Exchange::rewrite_target() {
  const std::string_view path = head_.path();
  const std::string_view query = head_.text(head_.target).substr(path.size());
  put_target(
      replaced_path(actions()->rewrite, covered(path, path_rules(), matched_), path).append(query));
}

void Exchange::refuse_body() {
  worker_.counters()[Stat::bodies_too_large].add();
  leave_queue();
  const bool begun = phase_ == Phase::relaying;
  drop_upstream(false);
  if (begun) {
    truncate(Termination::body_too_large, Origin::client);
  } else {
    reply(413, "the request's body is longer than it may be", Termination::body_too_large);
  }
}

void Exchange::edit_response(net::ResponseHead& head) {
  if (!actions()->response_headers.empty()) {
    own_head(head);
    edit_head(head, actions()->response_headers, edited_);
  }
  if (actions()->compress) compress_response(head);
}

void Exchange::own_head(net::ResponseHead& head) {
  if (head.fields.bytes() == edited_.data()) return;
  edited_.clear();
  edited_ += std::string_view(head.fields.bytes(), head.size);
  head.fields.rebase(edited_.data());
}

}  // namespace teal::proxy
