// The end of an exchange: responses of Teal's own, accounting, the access log.
#include <string>
#include <utility>

#include "base/assert.h"
#include "proxy/exchange/exchange.h"
#include "proxy/telemetry/census.h"
#include "proxy/worker/worker.h"

namespace teal::proxy {

ResponseStyle Exchange::style() const {
  ResponseStyle style;
  style.client_is_http10 = info_.http10;
  style.framing = response_framing_;
  // A response that comes before its request is whole leaves body bytes on the way that must not be
  // taken for the next request (CVE-2025-4366 was that).
  style.close = !info_.keep_alive || !request_done_ || worker_.ends_connections() ||
                response_framing_.kind == net::Framing::Kind::until_close;
  style.set_cookie = set_cookie_;
  style.shield = shielded_.header;
  style.request_id = ids_.id();
  style.date = worker_.date();
  return style;
}

void Exchange::reply(std::uint16_t status, std::string_view text, Termination termination,
                     const LocalReplyContent* content) {
  status_ = outcome_ = status;
  own_response_ = true;
  termination_ = termination;
  response_framing_ = {net::Framing::Kind::length, text.size()};
  // Nobody reads a body that came with a request which is answered without its target.
  if (head_.framing.kind == net::Framing::Kind::none) request_done_ = true;
  set_cookie_.clear();
  ResponseStyle own = style();
  own.own = content;
  LocalReplyContent page_content;
  const bool is_error = status >= 400 && (content == nullptr || !content->is_kept);
  if (is_grpc_) {
    answer_grpc(status, own);
  } else if (const ErrorPage* const page = is_error ? error_page(status) : nullptr) {
    page_content = {page->content_type, content != nullptr ? content->lines : "", false, false};
    own.own = &page_content;
    text = *page->body;
  }
  bytes_sent_ = client_->send_local_reply(status_, text, own, head_.method == net::Method::head);
  if (is_fault_of_group(termination)) tell_error();
  finish(Origin::teal);
}

const ErrorPage* Exchange::error_page(std::uint16_t status) const {
  const std::uint32_t place = route_.has_service() ? service().index : ErrorPages::kNoService;
  return worker_.shared().error_pages->find(info_.listener, place, status);
}

void Exchange::truncate(Termination termination, Origin origin) {
  termination_ = termination;
  was_cut_ = origin != Origin::client;
  if (was_cut_) tell_error();
  client_->send_truncated();
  finish(origin);
}

void Exchange::on_request_refused(net::Refusal rule) {
  if (phase_ == Phase::tunnel) {
    last_rule_ = rule;
    end_tunnel(Termination::refused);
    return;
  }
  leave_queue();
  const bool begun = phase_ == Phase::relaying;
  drop_upstream(false);
  last_rule_ = rule;
  request_done_ = false;
  if (begun) {
    truncate(Termination::refused, Origin::client);
  } else {
    reply(net::status_of(rule), net::explain(rule), Termination::refused);
  }
}

void Exchange::on_request_stalled() {
  // It may have begun anew meanwhile and look for a target: then nobody takes the body, and its
  // client is not late.
  if (!wants_body()) return;
  count(ServiceStat::request_body_timeouts);
  const bool begun = phase_ == Phase::relaying;
  drop_upstream(false);
  if (begun) {
    truncate(Termination::request_body_timeout, Origin::client);
  } else {
    reply(408, "the request body stopped coming", Termination::request_body_timeout);
  }
}

void Exchange::on_client_gone(bool in_order) {
  if (phase_ == Phase::done) return;
  if (phase_ == Phase::tunnel) {
    on_tunnel_client_gone(in_order);
    return;
  }
  leave_queue();
  if (is_at_client_deadline()) {
    count(ServiceStat::request_timeouts);
    if (upstream_ != nullptr) report(Failure::response_timeout, 0);
    drop_upstream(false);
    outcome_ = 504;
    termination_ = Termination::request_timeout;
    tell_error();
    finish(Origin::teal);
    return;
  }
  worker_.counters()[Stat::client_aborts].add();
  const bool has_no_answer = phase_ == Phase::connecting || phase_ == Phase::waiting;
  if (has_no_answer && upstream_ != nullptr && target_->counts != nullptr)
    target_->counts->given_up();
  drop_upstream(false);
  termination_ = Termination::client_gone;
  finish(Origin::client);
}

void Exchange::on_shutdown() {
  if (phase_ == Phase::done) return;
  if (phase_ == Phase::tunnel) {
    end_tunnel(Termination::shutdown);
    return;
  }
  leave_queue();
  drop_upstream(false);
  termination_ = Termination::shutdown;
  client_->send_truncated();
  finish(Origin::teal);
}

void Exchange::finish(Origin origin) {
  TEAL_ASSERT(phase_ != Phase::done && phase_ != Phase::idle);
  if (phase_ == Phase::queued) [[unlikely]]
    leave_queue();
  if (phase_ == Phase::tunnel) leave_tunnel();
  phase_ = Phase::done;
  timer_.cancel();
  if (compressor_) [[unlikely]]
    end_compression();
  if (!is_settled_) settle(origin);
  log(origin);
  if (pending_in_) [[unlikely]]
    give_back_pending_place();
  leave_group();
  shielded_.target = nullptr;
  target_ = nullptr;
  route_.release();
  tunnel_.reset();
  free_memory(replay_);
  client_->on_exchange_done();  // may give this object to the next request
}

/// The end of the request for everybody who counts.
void Exchange::settle(Origin origin) {
  is_settled_ = true;
  if (is_judged()) stop_judging(origin);
  account(origin);
  end_exposure((outcome_ >= 500 || was_cut_) && termination_ != Termination::refused);
}

void Exchange::be_seen(CensusTaker& census) const {
  const bool counts = phase_ != Phase::idle && phase_ != Phase::done && !is_settled_;
  if (!counts || traffic_ == nullptr) return;
  // The release, or what was one before it got everything: the other group is not judged by it.
  const ServiceView& drawn_by = service();
  const bool is_judged =
      drawn_by.watches_ages && audience_ == Audience::split &&
      (draw_.colour != drawn_by.live || drawn_by.split.of(draw_.colour) == Weight::all());
  census.see(*traffic_, began_, is_judged);
}

void Exchange::begin_traffic() {
  traffic_ = &worker_.counters().traffic(service().groups[draw_.colour].slots[audience_]);
  traffic_->active.add();
  if (service().meanings) [[unlikely]]
    begin_meanings();
}

/// It counts nowhere for now.
void Exchange::end_traffic() {
  if (traffic_ != nullptr) traffic_->active.subtract();
  traffic_ = nullptr;
  if (counted_.is_pinned()) counted_.release();
}

void Exchange::account(Origin origin) {
  worker_.counters()[Stat::requests_active].subtract();
  if (traffic_ == nullptr) return;
  count(*traffic_, origin);
  if (counted_.is_pinned()) [[unlikely]]
    count_meanings(*traffic_, origin);
  traffic_->active.subtract();  // Last: from now on the slot may be another's.
}

void Exchange::count(ServiceStat what) {
  if (!route_.has_service()) return;
  worker_.counters().service(service().index)[what].add();
}

void Exchange::count(TrafficShard& shard, Origin origin) {
  // A response cut short counts as a failure, whatever its status line said, unless the client did
  // it.
  // What was shielded counts as what the client would have got.
  const bool is_blamed = shielded_.status != 0;
  const std::uint16_t status = is_blamed ? shielded_.status : was_cut_ ? 502 : outcome_;
  if (is_blamed) origin = shielded_.origin;
  const std::size_t status_class = status >= 100 && status < 600 ? status / 100 - 1U : 3U;
  shard.requests[static_cast<std::size_t>(origin)][status_class].add();
  if (is_grpc_) shard.grpc[static_cast<std::size_t>(final_grpc_status())].add();
  const auto micros = static_cast<std::uint64_t>(
      std::chrono::duration_cast<Micros>(worker_.now() - began_).count());
  if (origin == Origin::client) {
    // How long it would have taken is not known, only that it took longer (docs/judge.md).
    if (termination_ == Termination::client_gone) shard.given_up.record(micros);
    return;
  }
  shard.duration.record(micros);
  if (first_byte_micros_ >= 0)
    shard.first_byte.record(static_cast<std::uint64_t>(first_byte_micros_));
}

std::string_view Exchange::Shielded::reason() const {
  if (failure == Failure::none) return "exposure";
  return failure == Failure::connect && status == 503 ? "no_room" : to_string(failure);
}

void Exchange::log_shielded(AccessRecord& record) const {
  record.shielded_group = to_string(shielded_.from);
  if (shielded_.target) record.shielded_upstream = shielded_.target->address;
  record.shield_reason = shielded_.reason();
  if (shielded_.failure == Failure::status) record.shielded_status = shielded_.status;
}

void Exchange::log(Origin origin) {
  if (worker_.shared().access_format == config::AccessLog::Format::off) return;
  AccessRecord record;
  record.at = worker_.wall() - std::chrono::duration_cast<Millis>(worker_.now() - began_);
  record.client = info_.peer.address;
  record.method = head_.text(head_.method_text);
  record.target = head_.text(came_);
  record.host = head_.text(head_.authority);
  record.protocol = net::protocol_name(head_.minor_version);
  record.user_agent = head_.fields.get(net::HeaderId::user_agent);
  record.referer = head_.fields.get(net::HeaderId::referer);
  record.status = status_;
  if (is_grpc_) record.grpc_status = to_string(final_grpc_status());
  record.bytes_received = bytes_received_;
  record.bytes_sent = bytes_sent_;
  if (route_.has_service()) {
    record.service = service().spec->name;
    if (traffic_ != nullptr) {  // A group was drawn.
      record.group = to_string(colour_);
      record.revision = group().revision;
    }
  } else if (tunnel_) {
    record.service = tunnel_->service;
    record.group = to_string(colour_);
    record.revision = tunnel_->revision;
  }
  if (target_) record.upstream = target_->address;
  record.request_id = ids_.id();
  record.trace_id = ids_.trace_id();
  record.termination = termination_;
  record.origin = own_response_ ? "teal" : to_string(origin);
  if (last_rule_ != net::Refusal::none) {
    record.detail = net::to_string(last_rule_);
  } else if (last_failure_ != Failure::none) {
    record.detail = to_string(last_failure_);
  }
  if (shielded_.is) log_shielded(record);
  record.attempts = attempts_;
  record.reused = connect_micros_ == 0;
  record.queue = queue_micros_;
  record.connect = connect_micros_;
  record.first_byte = first_byte_micros_;
  record.total = std::chrono::duration_cast<Micros>(worker_.now() - began_).count();
  worker_.log_access(record);
}

}  // namespace teal::proxy
