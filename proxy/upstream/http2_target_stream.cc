#include "proxy/upstream/http2_target_stream.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "net/http/websocket.h"
#include "proxy/exchange/exchange.h"
#include "proxy/headers/edits.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/upstream/http2_upstream.h"

namespace teal::proxy {
namespace {

/// More of a request than this waiting for the target's window stops its client.
constexpr std::size_t kMaxWaiting = 32 * 1024;

/// Of a WebSocket handshake: Teal's own, or the client's.
std::string_view key_of(const net::RequestHead& head, const UpgradeStyle& upgrade) {
  if (!upgrade.websocket_key.empty()) return upgrade.websocket_key;
  const net::Field* const key = head.fields.find(net::kWebsocketKey);
  return key != nullptr ? head.fields.value(*key) : std::string_view();
}

}  // namespace

Http2TargetStream::Http2TargetStream(Http2Upstream& connection, std::size_t index,
                                     Exchange& exchange, const UpstreamOptions& wanted, bool kept)
    : connection_(&connection),
      index_(index),
      exchange_(&exchange),
      max_read_(wanted.max_read),
      is_kept_(kept),
      is_connected_(connection.is_ready()) {}

Http2TargetStream::~Http2TargetStream() = default;

// ---- the request --------------------------------------------------------------------------------

void Http2TargetStream::on_ready() {
  if (std::exchange(is_connected_, true) || exchange_ == nullptr) return;
  exchange_->on_connected(*this);
}

bool Http2TargetStream::is_full() const {
  return !is_connected_ && connection_->takes_none();
}

void Http2TargetStream::on_full() {
  if (exchange_ != nullptr) exchange_->on_full();
}

/// RFC 8441, section 4: only where the target says so, and what stands for it is a GET without a
/// body. Of WebSocket the key is a part, and it is answered here.
bool Http2TargetStream::takes_upgrade(const net::RequestHead& head,
                                      const UpgradeStyle& upgrade) const {
  return connection_->session().takes_extended_connect() && head.method == net::Method::get &&
         head.framing.kind == net::Framing::Kind::none &&
         (!net::iequals(upgrade.protocol, net::kWebsocket) || !key_of(head, upgrade).empty());
}

void Http2TargetStream::send_head(const net::RequestHead& head, const RequestStyle& style) {
  net::Http2FieldSection& section = connection_->section();
  const net::Http2RequestStart start = make_request_section(section, head, style);
  protocol_ = style.upgrade.protocol;
  if (net::iequals(protocol_, net::kWebsocket))
    accept_ = net::websocket_accept(key_of(head, style.upgrade));
  const bool ends = head.framing.kind == net::Framing::Kind::none && protocol_.empty();
  is_submitted_ = connection_->session().send_request(*this, start, section, ends);
  is_unsendable_ = !is_submitted_;
  connection_->resume_after_turn();
}

void Http2TargetStream::send_body(std::string_view bytes) {
  connection_->session().send_body(*this, bytes, *connection_);
  connection_->resume_after_turn();
}

void Http2TargetStream::send_end(const net::Fields& trailers) {
  if (trailers.empty()) {
    connection_->session().send_end(*this);
  } else {
    net::Http2FieldSection& section = connection_->section();
    make_trailer_section(section, trailers);
    connection_->session().send_trailers(*this, section);
  }
  connection_->resume_after_turn();
}

void Http2TargetStream::begin_tunnel() {
  is_tunnel_ = true;
}

bool Http2TargetStream::is_blocked() const {
  const bool is_blocked =
      waiting() >= kMaxWaiting || (waiting() > 0 && connection_->Channel::is_blocked());
  // Who was told so once is told of room, even if it is there when the next one asks.
  was_blocked_ = was_blocked_ || is_blocked;
  return is_blocked;
}

bool Http2TargetStream::is_drained() const {
  was_undrained_ = !Http2Stream::is_sent();
  return !was_undrained_;
}

void Http2TargetStream::after_output() {
  if (exchange_ == nullptr) return;
  if (is_unsendable_) {
    was_refused_ = true;
    fail(Failure::not_begun, net::Refusal::none);
  } else if ((was_undrained_ && is_drained()) || (was_blocked_ && !is_blocked())) {
    was_blocked_ = false;
    exchange_->on_upstream_unblocked();
  }
}

// ---- the response -------------------------------------------------------------------------------

void Http2TargetStream::on_response(net::ResponseHead& head) {
  has_response_begun_ = true;
  if (exchange_ == nullptr) return;
  ByteBuffer switched;
  if (!protocol_.empty() && head.status >= 200 && head.status < 300) say_switched(head, switched);
  exchange_->on_response_head(head);
}

/// RFC 8441, section 5: 2xx says what 101 says in HTTP/1, but for the protocol's name and the
/// answer to the key, which go without saying.
void Http2TargetStream::say_switched(net::ResponseHead& head, ByteBuffer& bytes) const {
  bytes += std::string_view(head.fields.bytes(), head.size);
  add_field(head.fields, bytes, "upgrade", protocol_);
  if (!accept_.empty()) add_field(head.fields, bytes, net::kWebsocketAccept, accept_);
  head.fields.rebase(bytes.data());
  head.size = static_cast<std::uint32_t>(bytes.size());
  head.status = 101;
  head.reason = {};
}

void Http2TargetStream::on_body(std::string_view bytes) {
  if (exchange_ == nullptr) return;
  if (is_paused_ || !stash_.empty()) {
    stash_ += bytes;
    return;
  }
  deliver(bytes);
  if (!std::exchange(has_noted_input_, true)) connection_->note_input(*this);
}

void Http2TargetStream::deliver(std::string_view bytes) {
  exchange_->on_response_body(bytes);
  connection_->session().consume(*this, bytes.size());
  if (exchange_ != nullptr) exchange_->after_response_input();
}

void Http2TargetStream::on_end(const net::Fields& trailers) {
  is_response_done_ = true;
  if (exchange_ == nullptr) return;
  if (is_paused_ || !stash_.empty()) {
    end_.keep(trailers);
  } else {
    exchange_->on_response_end(trailers, true);
  }
}

void Http2TargetStream::on_refused(net::Refusal rule) {
  connection_->stats()[ServiceStat::upstream_protocol_errors].add();
  if (net::is_of_answers(rule)) connection_->loop().counters().refused(rule).add();
  fail(Failure::protocol, rule);
}

void Http2TargetStream::after_input() {
  has_noted_input_ = false;
  if (exchange_ != nullptr) exchange_->after_response_input();
}

void Http2TargetStream::unpause() {
  if (!std::exchange(is_paused_, false)) return;
  if (!stash_.empty() || end_) connection_->resume_soon();
}

void Http2TargetStream::feed() {
  if (exchange_ == nullptr || is_paused_ || (stash_.empty() && !end_)) return;
  const std::string bytes = std::exchange(stash_, {});
  std::string_view rest = bytes;
  while (!rest.empty() && exchange_ != nullptr && !is_paused_) {
    const std::string_view piece = rest.substr(0, max_read_);
    rest.remove_prefix(piece.size());
    deliver(piece);
    connection_->loop().writes().flush();  // the views into it end here
    if (exchange_ != nullptr) exchange_->after_response_input();
  }
  connection_->resume_after_turn();
  if (exchange_ == nullptr) return;
  stash_ = rest;
  if (end_ && !is_paused_ && stash_.empty()) exchange_->on_response_end(end_.take(), true);
}

// ---- the end ------------------------------------------------------------------------------------

void Http2TargetStream::on_closed(net::Http2Error error) {
  is_closed_ = true;
  if (exchange_ == nullptr) return;
  // The client may have yet to take it; but what a tunnel had still to say to the target is lost.
  if (is_response_done_ && (!is_tunnel_ || is_finished())) return;
  // RFC 9113, sections 6.8 and 8.7: nothing was done of it. After a GOAWAY what waits to be sent is
  // not sent.
  const bool is_refused = error == net::Http2Error::refused_stream || !is_begun();
  const std::uint32_t taken = connection_->session().streams_taken().value_or(0);
  was_left_ = is_refused && taken > 0;
  was_reset_ = true;
  fail(is_refused && !has_response_begun_ ? Failure::not_begun : Failure::reset,
       net::Refusal::none);
}

void Http2TargetStream::fail(Failure failure, net::Refusal rule) {
  if (exchange_ == nullptr) return;
  if (is_response_done_) give_rest();
  if (exchange_ != nullptr && failure == Failure::not_begun) {
    was_refused_ = true;
    connection_->stats()[ServiceStat::upstream_streams_refused].add();
  }
  if (exchange_ != nullptr) exchange_->on_upstream_failed(failure, rule);
}

void Http2TargetStream::fail_to_connect(bool is_own_lack) {
  if (!is_own_lack) connection_->stats()[ServiceStat::upstream_connect_failures].add();
  if (exchange_ != nullptr)
    exchange_->on_upstream_failed(Failure::connect, net::Refusal::none, is_own_lack);
}

/// The target has left after its answer, of which the client has yet to take the rest: that has no
/// more place here, and it is not more than a window.
void Http2TargetStream::give_rest() {
  const std::string bytes = std::exchange(stash_, {});
  if (!bytes.empty()) exchange_->on_response_body(bytes);
  connection_->loop().writes().flush();  // the views into it end here
  if (exchange_ != nullptr && end_) exchange_->on_response_end(end_.take(), true);
}

void Http2TargetStream::leave() {
  TEAL_ASSERT(exchange_ != nullptr);
  exchange_ = nullptr;
  free_memory(stash_);
  end_.clear();
  // RFC 9113, section 8.7: whatever still comes or goes is of no use to anybody.
  if (is_open() && (!is_response_done_ || !Http2Stream::is_sent()))
    connection_->session().reset(*this, net::Http2Error::cancel);
  connection_->on_left(*this);
}

}  // namespace teal::proxy
