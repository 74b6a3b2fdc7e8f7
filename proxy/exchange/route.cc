// The part of Exchange that does what a route says besides asking a target: paths that have to be
// settled before they are routed, redirects, fixed responses, edits, limits. Requests of plain
// routes with plain paths come by here only to be refused.
#include <string>
#include <utility>

#include "proxy/exchange/exchange.h"
#include "proxy/headers/edits.h"
#include "proxy/headers/route_answer.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/policy/client_key.h"
#include "proxy/routing/balancer.h"

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

}  // namespace

void Exchange::reply_without_route() {
  if (response_.last_rule != net::Refusal::none) {
    loop_.counters().refused(response_.last_rule).add();
    reply(net::status_of(response_.last_rule), net::explain(response_.last_rule),
          Termination::refused);
    return;
  }
  loop_.counters()[Stat::requests_without_route].add();
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
  if (actions()->compress)
    request_.liked = choose_coding(request_.head.fields, *actions()->compress);
  if (actions()->request_body_bytes > 0) {
    request_.body_limit = actions()->request_body_bytes;
    const net::Framing& body = request_.head.framing;
    if (body.kind == net::Framing::Kind::length && body.length > request_.body_limit) {
      refuse_body();
      return true;
    }
  }
  return false;
}

/// After everybody who asks what the client said.
void Exchange::change_request() {
  if (actions()->rewrite.kind != config::NewPath::Kind::same)
    request_.rewrite_path(actions()->rewrite, listener().paths);
  if (actions()->request_headers.empty()) return;
  if (request_.head.connection_names) note_options(request_.head.fields, options().of_request);
  edit_head(request_.head, actions()->request_headers, request_.bytes);
}

bool Exchange::is_over_rate() {
  const config::RateLimit& limit = *actions()->rate_limit;
  const net::Field* const named =
      limit.header.empty() ? nullptr : request_.head.fields.find(std::string_view(limit.header));
  ClientKey client = 0;
  if (named != nullptr) {
    client = hash_key(request_.head.fields.value(*named));
  } else {
    client = client_key(request_.client_address(listener()));
  }
  Shard& counters = loop_.counters();
  const RateLimiter::Verdict verdict =
      loop_.shared().rate_limits[limit.place]->take(client, loop_.now());
  if (verdict.has_evicted) counters[Stat::rate_limit_evictions].add();
  if (verdict.is_allowed) return false;
  counters[Stat::rate_limited].add();
  const std::string lines = "retry-after: " + std::to_string(verdict.wait.count()) + "\r\n";
  const LocalReplyContent content{kPlainText, lines, false, true};
  reply(429, "too many requests of this client", Termination::rate_limited, &content);
  return true;
}

void Exchange::refuse_overload() {
  loop_.counters()[Stat::overload_requests].add();
  const LocalReplyContent content{kPlainText, "retry-after: 5\r\n", false, true};
  reply(503, "overloaded, try again", Termination::overloaded, &content);
}

void Exchange::redirect() {
  loop_.counters()[Stat::route_redirects].add();
  const Asked asked{request_.head.text(request_.head.authority),
                    request_.head.text(request_.head.target), request_.info.peer.secure};
  const std::string location =
      redirect_location(*actions()->redirect, request_.covered_path(listener().paths), asked);
  const std::string lines =
      "location: " + location + "\r\n" + lines_of(actions()->response_headers);
  const LocalReplyContent content{kPlainText, lines, true, true};
  reply(actions()->redirect->status, "see " + location, Termination::redirected, &content);
}

void Exchange::respond() {
  loop_.counters()[Stat::route_responses].add();
  const config::FixedResponse& response = *actions()->respond;
  const std::string lines = lines_of(actions()->response_headers);
  const std::string_view type = response.body.empty() ? std::string_view() : response.content_type;
  const LocalReplyContent content{type, lines, true, false};
  reply(response.status, response.body, Termination::responded, &content);
}

void Exchange::refuse_body() {
  loop_.counters()[Stat::bodies_too_large].add();
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
    edited_.own(head);
    edit_head(head, actions()->response_headers, edited_.bytes());
  }
  if (!actions()->compress || request_.info.http10) return;
  compressor_ =
      begin_compression(request_.head, head, edited_, *actions()->compress, request_.liked, loop_);
  if (compressor_) response_.framing = {net::Framing::Kind::chunked, 0};
}

bool Exchange::send_compressed(ResponseCompressor::Made made) {
  if (!made) {
    drop_upstream(false);
    truncate(Termination::compression_failed, Origin::teal);
    return false;
  }
  if (made->empty()) return true;
  response_.bytes_sent += made->size();
  client_->send_body(*made);
  loop_.gather().flush();  // the views into it end here
  return true;
}

}  // namespace teal::proxy
