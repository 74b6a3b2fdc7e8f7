#include "proxy/downstream/http2_request.h"

#include <utility>

#include "proxy/downstream/connection_registry.h"
#include "proxy/downstream/http2.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {
namespace {

/// More of a response than this waiting for the client's window stops its target. With one read
/// more it is what a stream can hold.
constexpr std::size_t kMaxWaiting = 16 * 1024;
constexpr std::size_t kMaxReadBytes = 32 * 1024;

}  // namespace

Http2Request::Http2Request(Http2Downstream& connection, std::size_t index)
    : connection_(connection),
      index_(index),
      timer_([](void* self) { static_cast<Http2Request*>(self)->on_timeout(); }, this) {}

Http2Request::~Http2Request() = default;

void Http2Request::on_gone(bool in_order) {
  timer_.cancel();
  if (exchange_) exchange_->on_client_gone(in_order);
}

void Http2Request::on_shutdown() {
  timer_.cancel();
  if (exchange_) exchange_->on_shutdown();
}

// ---- the request --------------------------------------------------------------------------------

void Http2Request::on_request(net::RequestHead& head, net::Refusal rule) {
  WorkerLoop& loop = connection_.loop();
  is_request_done_ = head.framing.kind == net::Framing::Kind::none && !head.is_extended_connect();
  if (rule != net::Refusal::none) {
    loop.counters().refused(rule).add();
    connection_.answer(*this, {net::status_of(rule), net::explain(rule), Termination::refused, {}},
                       net::to_string(rule), head);
    return;
  }
  if (connection_.has_local_replies()) {
    if (const std::optional<Downstream::LocalReply> answer = connection_.local_reply(head)) {
      connection_.answer(*this, *answer, {}, head);
      return;
    }
  }
  ClientInfo info;
  info.listener = connection_.listener();
  info.peer = connection_.peer();
  info.max_read = kMaxReadBytes;
  exchange_ = connection_.registry().exchanges().take();
  exchange_->begin(*this, info, head);
}

bool Http2Request::takes_body() const {
  return exchange_ && exchange_->wants_body() && !exchange_->is_upload_blocked();
}

void Http2Request::on_body(std::string_view bytes) {
  if (!exchange_) {
    connection_.session().discard(bytes.size());
    return;
  }
  if (stash_.empty() && takes_body()) {
    exchange_->on_request_body(bytes);
    connection_.session().consume(*this, bytes.size());
  } else {
    stash_ += bytes;
  }
  set_deadline();
}

void Http2Request::on_end(const net::Fields& trailers) {
  is_request_done_ = true;
  if (!exchange_) return;
  if (stash_.empty() && takes_body()) {
    exchange_->on_request_end(trailers);
  } else {
    end_.keep(trailers);
  }
  set_deadline();
}

void Http2Request::on_refused(net::Refusal rule) {
  connection_.loop().counters().refused(rule).add();
  timer_.cancel();
  if (exchange_) exchange_->on_request_refused(rule);
}

void Http2Request::resume_request() {
  was_asked_ = true;
  connection_.resume_soon();
}

void Http2Request::resume_if_asked() {
  if (std::exchange(was_asked_, false)) feed();
}

void Http2Request::feed() {
  if (!stash_.empty() && takes_body()) {
    const std::string bytes = std::exchange(stash_, {});
    exchange_->on_request_body(bytes);
    connection_.loop().writes().flush();  // the views into it end here
    connection_.session().consume(*this, bytes.size());
    connection_.resume_after_turn();
  }
  if (end_ && stash_.empty() && takes_body()) exchange_->on_request_end(end_.take());
  set_deadline();
}

void Http2Request::set_deadline() {
  if (!exchange_) return;  // The timer is for the response then.
  const bool waits = !is_request_done_ && !is_tunnel_ && stash_.empty() && takes_body();
  if (waits && exchange_->request_body_idle() > Millis{0}) {
    WorkerLoop& loop = connection_.loop();
    loop.wheel().set(timer_, loop.now() + exchange_->request_body_idle());
  } else {
    timer_.cancel();
  }
}

void Http2Request::on_timeout() {
  if (exchange_) {
    exchange_->on_request_stalled();
    return;
  }
  connection_.loop().counters()[Stat::stream_timeouts].add();
  connection_.session().reset(*this, net::Http2Error::cancel);
  connection_.resume_after_turn();
}

// ---- the response -------------------------------------------------------------------------------

/// Framing and connection are the session's affair: what is left for a head to say is the length,
/// where it is not that of nothing, which its end says.
ResponseStyle Http2Request::style_for(const ResponseStyle& style) const {
  ResponseStyle result = style;
  result.close = result.client_is_http10 = false;
  if (style.framing.kind != net::Framing::Kind::length || style.framing.length == 0)
    result.framing = {};
  if (connection_.peer().secure) result.hsts = connection_.hsts();
  return result;
}

void Http2Request::send_continue() {
  net::Http2FieldSection& section = connection_.section();
  section.clear();
  connection_.session().send_interim(*this, 100, section);
  connection_.resume_after_turn();
}

void Http2Request::send_interim(const net::ResponseHead& head) {
  net::Http2FieldSection& section = connection_.section();
  make_response_section(section, head, {});
  connection_.session().send_interim(*this, head.status, section);
  connection_.resume_after_turn();
}

void Http2Request::send_head(const net::ResponseHead& head, const ResponseStyle& style) {
  net::Http2FieldSection& section = connection_.section();
  make_response_section(section, head, style_for(style));
  const bool has_body = style.framing.kind != net::Framing::Kind::none &&
                        style.framing != net::Framing{net::Framing::Kind::length, 0};
  connection_.session().send_head(*this, head.status, section, !has_body);
  connection_.resume_after_turn();
}

/// RFC 8441, section 5: 101 is 200 here, and the handshake's key has no answer.
void Http2Request::send_switched(net::ResponseHead& head, const ResponseStyle& style) {
  is_tunnel_ = true;
  connection_.session().allow_half_close(*this, true);
  head.status = 200;
  head.reason = {};
  ResponseStyle result = style_for(style);
  result.upgrade = {};
  net::Http2FieldSection& section = connection_.section();
  make_response_section(section, head, result);
  connection_.session().send_head(*this, head.status, section, false);
  connection_.resume_after_turn();
}

std::size_t Http2Request::send_local_reply(std::uint16_t status, std::string_view text,
                                           const ResponseStyle& style, bool head_request) {
  net::Http2FieldSection& section = connection_.section();
  const LocalReplyBody body =
      make_local_reply_section(section, status, text, style_for(style), head_request);
  connection_.session().send_head(*this, status, section, body.size() == 0);
  send_body(body.text);
  send_body(body.end);
  connection_.session().send_end(*this);
  connection_.resume_after_turn();
  return body.size();
}

void Http2Request::send_body(std::string_view bytes) {
  connection_.session().send_body(*this, bytes, connection_);
  connection_.resume_after_turn();
}

void Http2Request::send_end(const net::Fields& trailers) {
  if (trailers.empty()) {
    connection_.session().send_end(*this);
  } else {
    net::Http2FieldSection& section = connection_.section();
    make_trailer_section(section, trailers);
    connection_.session().send_trailers(*this, section);
  }
  connection_.resume_after_turn();
}

void Http2Request::send_truncated() {
  // What there is of the response goes out first, as far as the client takes it.
  connection_.session().write(connection_);
  connection_.session().reset(*this, net::Http2Error::internal);
  connection_.resume_after_turn();
}

bool Http2Request::is_output_blocked() const {
  const std::size_t left = waiting();
  const bool is_blocked = left >= kMaxWaiting || (left > 0 && connection_.is_blocked());
  // Who was told so once is told of room, even if it is there when the next one asks.
  was_blocked_ = was_blocked_ || is_blocked;
  return is_blocked;
}

void Http2Request::add_to_census(CensusTaker& census) const {
  if (exchange_) exchange_->add_to_census(census);
}

void Http2Request::report_room() {
  if (!was_blocked_ || is_output_blocked()) return;
  was_blocked_ = false;
  if (exchange_) exchange_->on_client_unblocked();
}

std::optional<net::ProxyAddresses> Http2Request::client_ends() const {
  return connection_.ends();
}

void Http2Request::on_exchange_done() {
  WorkerLoop& loop = connection_.loop();
  connection_.registry().exchanges().give_back(std::move(exchange_));
  if (is_tunnel_) {
    connection_.session().allow_half_close(*this, false);
    connection_.resume_after_turn();
  }
  connection_.session().discard(stash_.size());
  free_memory(stash_);
  end_.clear();
  // From now on there is no other deadline, and no WINDOW_UPDATE moves this one.
  if (is_sent())
    timer_.cancel();
  else
    loop.wheel().set(timer_, loop.now() + connection_.flush_timeout());
}

}  // namespace teal::proxy
