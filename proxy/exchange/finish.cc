// The end of an exchange: responses of Teal's own, accounting, the access log.
#include <string>
#include <utility>

#include "base/assert.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/response_style.h"
#include "proxy/group/accounting.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

bool Exchange::try_reply(ReplyRule rule) {
  const std::optional<LocalReply> answer =
      rule({loop_, request_, response_, serving_, edits_, grpc_});
  if (answer) reply(*answer);
  return answer.has_value();
}

void Exchange::reply(const LocalReply& reply) {
  std::string_view text = reply.body();
  response_.status = response_.outcome = reply.status;
  response_.is_own = true;
  response_.termination = reply.termination;
  if (reply.rule != net::Refusal::none) response_.last_rule = reply.rule;
  response_.framing = {net::Framing::Kind::length, text.size()};
  // Nobody reads a body that came with a request which is answered without its target.
  if (request_.head.framing.kind == net::Framing::Kind::none) request_.is_whole = true;
  ResponseStyle own = response_style(loop_, request_, response_, serving_);
  own.set_cookie = {};
  LocalReplyContent content;
  if (reply.content) {
    content = {reply.content->type, reply.content->lines, reply.content->is_kept,
               reply.content->is_line};
    own.own = &content;
  }
  const bool is_error = reply.status >= 400 && !content.is_kept;
  const auto find_page = [&](std::uint16_t status) {
    const PageList& of_listener = *route().index().listener(request_.info.listener).error_pages;
    return route().has_service()
               ? proxy::find_page(*route().service().error_pages, of_listener, status)
               : proxy::find_page(of_listener, status);
  };
  if (grpc_.is_call()) {
    own.grpc_status = grpc_.take_own(reply.status, reply.termination);
    response_.status = 200;
    response_.framing = own.framing = {};
  } else if (const ErrorPage* const page = is_error ? find_page(reply.status) : nullptr) {
    content = {page->content_type, content.lines, false, false};
    own.own = &content;
    text = *page->body;
  }
  response_.bytes_sent = client_->send_local_reply(response_.status, text, own,
                                                   request_.head.method == net::Method::head);
  if (is_fault_of_group(reply.termination)) serving_.note_error();
  finish(Origin::teal);
}

void Exchange::reply_or_truncate(const LocalReply& reply, Origin origin) {
  leave_waits();
  const bool has_begun = phase_ == Phase::relaying;
  attempts_.drop(false);
  if (has_begun)
    truncate(reply.termination, origin);
  else
    this->reply(reply);
}

void Exchange::leave_waits() {
  queue_.leave();
  if (phase_ == Phase::gated) gate_->cancel();
}

void Exchange::truncate(Termination termination, Origin origin) {
  response_.termination = termination;
  response_.was_cut = origin != Origin::client;
  if (response_.was_cut) serving_.note_error();
  client_->send_truncated();
  finish(origin);
}

void Exchange::on_request_refused(net::Refusal rule) {
  if (tunnel_) {
    response_.last_rule = rule;
    end_tunnel(Termination::refused);
    return;
  }
  response_.last_rule = rule;
  request_.is_whole = false;
  reply_or_truncate(refused(rule), Origin::client);
}

void Exchange::on_request_stalled() {
  // It may have begun anew meanwhile and look for a target: then nobody takes the body, and its
  // client is not late.
  if (!wants_body()) return;
  serving_.count(ServiceStat::request_body_timeouts);
  reply_or_truncate({408, "the request body stopped coming", Termination::request_body_timeout},
                    Origin::client);
}

void Exchange::on_client_gone(bool in_order) {
  if (phase_ == Phase::done) return;
  if (tunnel_) {
    end_tunnel(tunnel_->on_client_gone(in_order), true);
    return;
  }
  leave_waits();
  if (grpc_.is_at_deadline(loop_.now(), request_.began, deadlines_.of_request())) {
    serving_.count(ServiceStat::request_timeouts);
    if (attempts_.side() != nullptr) attempts_.report(Failure::response_timeout, 0);
    attempts_.drop(false);
    response_.outcome = 504;
    response_.termination = Termination::request_timeout;
    serving_.note_error();
    finish(Origin::teal);
    return;
  }
  if (!serving_.is_for_call()) loop_.counters()[Stat::client_aborts].add();
  const bool has_no_answer = phase_ == Phase::connecting || phase_ == Phase::waiting;
  if (has_no_answer && attempts_.side() != nullptr && attempts_.target()->counts != nullptr)
    attempts_.target()->counts->given_up();
  attempts_.drop(false);
  response_.termination = Termination::client_gone;
  finish(Origin::client);
}

void Exchange::on_shutdown() {
  if (phase_ == Phase::done) return;
  if (tunnel_) {
    end_tunnel(Termination::shutdown);
    return;
  }
  leave_waits();
  attempts_.drop(false);
  response_.termination = Termination::shutdown;
  client_->send_truncated();
  finish(Origin::teal);
}

/// What is made is held here alone: its callers serve responses that are not compressed, too.
bool Exchange::send_compressed(ResponseCompressor::Step step, std::string_view bytes) {
  const ResponseCompressor::Made made = edits_.compressor()->make(step, bytes);
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

void Exchange::finish(Origin origin) {
  TEAL_ASSERT(phase_ != Phase::done && phase_ != Phase::idle);
  queue_.end();
  phase_ = Phase::done;
  deadlines_.cancel();
  edits_.end();
  if (serving_.is_active())
    serving_.end(origin, grpc_.end(response_, serving_.shielded()), response_);
  log(origin);
  retries_.permit().end();
  attempts_.leave();
  tunnel_.reset();  // It is among its target's.
  attempts_.forget_target();
  serving_.release();
  replay_.drop();
  client_->on_exchange_done();  // may give this object to the next request
}

void Exchange::log(Origin origin) {
  if (loop_.shared().access_format == config::AccessLog::Format::off || serving_.is_for_call())
    return;
  AccessRecord record;
  record.at = loop_.wall() - std::chrono::duration_cast<Millis>(loop_.now() - request_.began);
  record.client = request_.info.peer.address;
  put_request(record, request_.head, request_.original_target);
  put_response(record, response_, origin);
  if (const auto grpc = grpc_.end(response_, serving_.shielded()))
    record.grpc_status = to_string(*grpc);
  record.bytes_received = request_.bytes_received;
  if (route().has_service()) {
    record.service = route().service().spec->name;
    if (serving_.has_counted()) {  // A group was drawn.
      record.group = to_string(serving_.colour());
      record.revision = serving_.view().revision;
    }
  } else if (tunnel_) {
    record.service = tunnel_->service();
    record.group = to_string(serving_.colour());
    record.revision = tunnel_->revision();
  }
  if (attempts_.target()) record.upstream = attempts_.target()->address();
  record.request_id = request_.ids.id();
  record.trace_id = request_.ids.trace_id();
  if (serving_.shielded().is) put_shielded(record, serving_.shielded());
  record.attempts = attempts_.count();
  record.reused = attempts_.connect_micros() == 0;
  record.queue = queue_.waited();
  record.connect = attempts_.connect_micros();
  record.total = std::chrono::duration_cast<Micros>(loop_.now() - request_.began).count();
  loop_.access_log().append(record);
}

}  // namespace teal::proxy
