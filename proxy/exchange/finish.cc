// The end of an exchange: responses of Teal's own, accounting, the access log.
#include <string>
#include <utility>

#include "base/assert.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/request/accounting.h"
#include "proxy/telemetry/census.h"

namespace teal::proxy {

ResponseStyle Exchange::style() const {
  ResponseStyle style;
  style.client_is_http10 = request_.info.http10;
  style.framing = response_.framing;
  // A response that comes before its request is whole leaves body bytes on the way that must not be
  // taken for the next request (CVE-2025-4366 was that).
  style.close = !request_.info.keep_alive || !request_.is_whole || loop_.ends_connections() ||
                response_.framing.kind == net::Framing::Kind::until_close;
  style.set_cookie = assignment_.set_cookie;
  style.shield = shielded_.header;
  style.request_id = request_.ids.id();
  style.date = loop_.date();
  return style;
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
  assignment_.set_cookie.clear();
  ResponseStyle own = style();
  LocalReplyContent content;
  if (reply.content) {
    content = {reply.content->type, reply.content->lines, reply.content->is_kept,
               reply.content->is_line};
    own.own = &content;
  }
  const bool is_error = reply.status >= 400 && !content.is_kept;
  const auto find_page = [&](std::uint16_t status) {
    const std::uint32_t service =
        route_.has_service() ? route_.service().index : ErrorPages::kNoService;
    return loop_.shared().error_pages->find(request_.info.listener, service, status);
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
  if (is_fault_of_group(reply.termination)) judge_.error();
  finish(Origin::teal);
}

void Exchange::reply_line(std::uint16_t status, std::string_view text, Termination termination) {
  reply({status, text, termination});
}

void Exchange::reply_or_truncate(const LocalReply& reply, Origin origin) {
  queue_.leave();
  const bool has_begun = phase_ == Phase::relaying;
  attempts_.drop(false);
  if (has_begun)
    truncate(reply.termination, origin);
  else
    this->reply(reply);
}

void Exchange::truncate(Termination termination, Origin origin) {
  response_.termination = termination;
  response_.was_cut = origin != Origin::client;
  if (response_.was_cut) judge_.error();
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
  count(ServiceStat::request_body_timeouts);
  reply_or_truncate({408, "the request body stopped coming", Termination::request_body_timeout},
                    Origin::client);
}

void Exchange::on_client_gone(bool in_order) {
  if (phase_ == Phase::done) return;
  if (tunnel_) {
    end_tunnel(tunnel_->on_client_gone(in_order), true);
    return;
  }
  queue_.leave();
  if (grpc_.is_at_deadline(loop_.now(), request_.began, deadlines_.of_request())) {
    count(ServiceStat::request_timeouts);
    if (attempts_.side() != nullptr) attempts_.report(Failure::response_timeout, 0);
    attempts_.drop(false);
    response_.outcome = 504;
    response_.termination = Termination::request_timeout;
    judge_.error();
    finish(Origin::teal);
    return;
  }
  loop_.counters()[Stat::client_aborts].add();
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
  queue_.leave();
  attempts_.drop(false);
  response_.termination = Termination::shutdown;
  client_->send_truncated();
  finish(Origin::teal);
}

void Exchange::finish(Origin origin) {
  TEAL_ASSERT(phase_ != Phase::done && phase_ != Phase::idle);
  queue_.end();
  phase_ = Phase::done;
  deadlines_.cancel();
  compressor_.reset();
  if (!is_settled_) settle(origin);
  log(origin);
  leave_group();
  shielded_.target = nullptr;
  tunnel_.reset();  // It is among its target's.
  attempts_.forget_target();
  route_.release();
  replay_.drop();
  client_->on_exchange_done();  // may give this object to the next request
}

/// The end of the request for everybody who counts.
void Exchange::settle(Origin origin) {
  is_settled_ = true;
  loop_.counters()[Stat::requests_active].subtract();
  const std::optional<GrpcStatus> grpc = grpc_.end(response_, shielded_);
  if (judge_.is_judging()) judge_.end(traffic_.errors(origin, grpc, response_, shielded_));
  const auto micros = static_cast<std::uint64_t>(
      std::chrono::duration_cast<Micros>(loop_.now() - request_.began).count());
  traffic_.end(origin, grpc, micros, response_, shielded_);
  end_exposure((response_.outcome >= 500 || response_.was_cut) &&
               response_.termination != Termination::refused);
}

void Exchange::be_seen(CensusTaker& census) const {
  const bool counts = phase_ != Phase::idle && phase_ != Phase::done && !is_settled_;
  if (!counts || !traffic_.has_entered()) return;
  // The release, or what was one before it got everything: the other group is not judged by it.
  const ServiceView& drawn_by = route_.service();
  const bool is_judged = drawn_by.watches_ages && assignment_.audience == Audience::split &&
                         (assignment_.colour != drawn_by.live ||
                          drawn_by.split.of(assignment_.colour) == Weight::all());
  census.see(traffic_.shard(), request_.began, is_judged);
}

void Exchange::enter_traffic() {
  const SlotId slot = route_.service().groups[assignment_.colour].slots[assignment_.audience];
  traffic_.enter(loop_.counters().traffic(slot));
  if (!route_.service().meanings || assignment_.audience != Audience::split) [[likely]]
    return;
  const ErrorMeanings& meanings = *route_.service().meanings;
  const std::string_view path =
      meanings.asks_for_path()
          ? request_.path_as_it_came(route_.listener(request_.info.listener).paths)
          : std::string_view();
  traffic_.count_by(route_, meanings.counting(path));
}

void Exchange::count(ServiceStat what) {
  if (!route_.has_service()) return;
  loop_.counters().service(route_.service().index)[what].add();
}

void Exchange::log(Origin origin) {
  if (loop_.shared().access_format == config::AccessLog::Format::off) return;
  AccessRecord record;
  record.at = loop_.wall() - std::chrono::duration_cast<Millis>(loop_.now() - request_.began);
  record.client = request_.info.peer.address;
  put_request(record, request_.head, request_.came);
  put_response(record, response_, origin);
  if (const auto grpc = grpc_.end(response_, shielded_)) record.grpc_status = to_string(*grpc);
  record.bytes_received = request_.bytes_received;
  if (route_.has_service()) {
    record.service = route_.service().spec->name;
    if (traffic_.has_entered()) {  // A group was drawn.
      record.group = to_string(colour_);
      record.revision = route_.group(colour_).revision;
    }
  } else if (tunnel_) {
    record.service = tunnel_->service();
    record.group = to_string(colour_);
    record.revision = tunnel_->revision();
  }
  if (attempts_.target()) record.upstream = attempts_.target()->address;
  record.request_id = request_.ids.id();
  record.trace_id = request_.ids.trace_id();
  if (shielded_.is) put_shielded(record, shielded_);
  record.attempts = attempts_.count();
  record.reused = attempts_.connect_micros() == 0;
  record.queue = queue_.waited();
  record.connect = attempts_.connect_micros();
  record.total = std::chrono::duration_cast<Micros>(loop_.now() - request_.began).count();
  loop_.access_log().append(record);
}

}  // namespace teal::proxy
