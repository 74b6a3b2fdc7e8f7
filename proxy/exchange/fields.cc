// The part of Exchange that deals with what few requests have: an Expect; trailers, which would go
// round everything that is done to a head; a route that says more than which target is asked.
#include <algorithm>
#include <string>

#include "proxy/exchange/exchange.h"
#include "proxy/headers/edits.h"
#include "proxy/headers/odd_names.h"
#include "proxy/headers/trailers.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

using net::HeaderId;

void Exchange::await_continue() {
  if (!expectation_.is_asked()) {
    on_continue_timeout();
    return;
  }
  // Its own time for the body must not run out meanwhile.
  const Millis idle = request_body_idle();
  deadlines_.begin_phase(idle.count() > 0 ? std::clamp(idle / 2, Millis{1}, Expectation::kWait)
                                          : Expectation::kWait);
}

void Exchange::on_continue() {
  if (expectation_.is_in_doubt()) attempts_.target()->continues.answered();
  if (expectation_.take_continue()) send_continue(ServiceStat::continue_by_target);
}

/// From now on the client has its time for the body.
void Exchange::send_continue(ServiceStat by) {
  count(by);
  client_->send_continue();
  deadlines_.begin_phase(route_.timeouts().stream_idle);
  client_->resume_request();
}

/// The target is silent, or known to be so.
void Exchange::on_continue_timeout() {
  // Not one that did not even take the head yet.
  if (expectation_.is_asked() && !is_upload_blocked())
    attempts_.target()->continues.was_silent(expectation_.asked_at(), loop_.now());
  if (expectation_.take_word()) send_continue(ServiceStat::continue_by_teal);
}

/// Or its end, where a word was waited for.
void Exchange::take_unasked_body() {
  if (expectation_.take_body(loop_.now()))
    attempts_.target()->continues.was_silent(expectation_.asked_at(), loop_.now());
}

void Exchange::take_answer(const net::ResponseHead& head) {
  const bool came_instead = expectation_.take_answer(head.minor_version != net::kHttp2);
  // One of HTTP/1.0 does not know what it was asked.
  if (came_instead && head.minor_version > 0) attempts_.target()->continues.answered();
  client_->resume_request();  // No time for the body runs any more.
}

bool Exchange::settle_hop() {
  if (request_.head.fields.has(HeaderId::trailer) && !takes_trailers())
    request_.head.fields.remove_if(
        [](const net::Field& field) { return field.id == HeaderId::trailer; });
  const bool asks =
      request_.head.fields.has(HeaderId::upgrade) || request_.head.is_extended_connect();
  return !asks || choose_upgrade();
}

/// To the target. Few applications know what to do with them, and some merge them into the head.
bool Exchange::takes_trailers() const {
  return grpc_.is_call() ||
         (route_.actions() != nullptr && route_.actions()->passes_request_trailers);
}

/// False: they are refused, and the exchange is over.
bool Exchange::send_trailers(const net::Fields& trailers) {
  Shard& counters = loop_.counters();
  net::Fields picked;
  if (takes_trailers()) {
    const ConnectionNames survey = connection_options_.of_request(request_.head);
    pick_trailers(trailers, survey,
                  route_.actions() == nullptr ? nullptr : &route_.actions()->request_headers,
                  picked);
    if (take_out_odd_names(picked, route_.listener(request_.info.listener).underscores)
            .is_refused) {
      counters.refused(net::Refusal::field_name_underscored).add();
      on_request_refused(net::Refusal::field_name_underscored);
      return false;
    }
  }
  counters[Stat::request_trailers].add(trailers.size() - picked.size());
  if (!picked.empty()) replay_.spoil();
  attempts_.side()->send_end(picked);
  return true;
}

void Exchange::answer_trailers(const net::Fields& trailers) {
  net::Fields picked;
  const ConnectionNames survey = connection_options_.of_response();
  pick_trailers(trailers, survey,
                route_.actions() == nullptr ? nullptr : &route_.actions()->response_headers,
                picked);
  client_->send_end(picked);
}

// ---- what the route says besides asking a target

void Exchange::refuse_overload() {
  loop_.counters()[Stat::overload_requests].add();
  reply(overloaded());
}

void Exchange::reply_without_route() {
  reply(without_route(response_.last_rule, loop_.counters()));
}

bool Exchange::try_answer_by_way() {
  const std::optional<LocalReply> answer = check_way(
      request_, route_.listener(request_.info.listener), loop_.shared().hop, loop_.counters());
  if (answer) reply(*answer);
  return answer.has_value();
}

bool Exchange::try_answer_by_route() {
  const std::optional<LocalReply> answer =
      answer_by_route(request_, {*route_.actions(), route_.listener(request_.info.listener),
                                 loop_.shared().rate_limits, loop_.now(), loop_.counters()});
  if (answer) reply(*answer);
  return answer.has_value();
}

/// After everybody who asks what the client said.
void Exchange::change_request() {
  if (route_.actions()->rewrite.kind != config::NewPath::Kind::same)
    request_.rewrite_path(route_.actions()->rewrite, route_.listener(request_.info.listener).paths);
  if (route_.actions()->request_headers.empty()) return;
  connection_options_.note_request(request_.head);
  edit_head(request_.head, route_.actions()->request_headers, request_.bytes);
}

void Exchange::edit_response(net::ResponseHead& head) {
  if (!route_.actions()->response_headers.empty()) {
    edited_.own(head);
    edit_head(head, route_.actions()->response_headers, edited_.bytes());
  }
  if (!route_.actions()->compress || request_.info.http10) return;
  compressor_ = begin_compression(request_.head, head, edited_, *route_.actions()->compress,
                                  request_.liked, loop_);
  if (compressor_) response_.framing = {net::Framing::Kind::chunked, 0};
}

/// What is made is held here alone: its callers serve responses that are not compressed, too.
bool Exchange::send_compressed(ResponseCompressor::Step step, std::string_view bytes) {
  const ResponseCompressor::Made made = compressor_->make(step, bytes);
  if (!made) {
    attempts_.drop(false);
    truncate(Termination::compression_failed, Origin::teal);
    return false;
  }
  if (made->empty()) return true;
  response_.bytes_sent += made->size();
  client_->send_body(*made);
  loop_.writes().flush();  // the views into it end here
  return true;
}

}  // namespace teal::proxy
