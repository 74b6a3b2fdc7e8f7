// What a connection of HTTP/1 reads, and its deadlines; what it writes is in
// downstream/http1_output.cc.
#include "proxy/downstream/http1.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "proxy/downstream/connection_registry.h"
#include "proxy/downstream/http2.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {
namespace {

net::Http1Limits limits_of(const config::ListenerLimits& limits) {
  net::Http1Limits result;
  result.start_line_bytes = limits.request_line_bytes;
  result.head_bytes = limits.header_bytes;
  result.fields = limits.header_count;
  return result;
}

}  // namespace

Http1Downstream::Http1Downstream(ConnectionRegistry& registry, AcceptedConnection accepted)
    : Downstream(registry, std::move(accepted), &Http1Downstream::on_timer),
      requests_limit_(requests_limit()),
      parser_(limits_of(spec().limits)) {
  loop_.wheel().set(timer_, loop_.now() + timeouts_.request_header);
}

Http1Downstream::Http1Downstream(Downstream& from)
    : Downstream(from, &Http1Downstream::on_timer),
      requests_limit_(requests_limit()),
      parser_(limits_of(spec().limits)) {
  loop_.wheel().set(timer_, loop_.now() + timeouts_.request_header);
}

Http1Downstream::~Http1Downstream() = default;

boost::intrusive_ptr<Http1Downstream> Http1Downstream::make(ConnectionRegistry& registry,
                                                            AcceptedConnection accepted) {
  return new Http1Downstream(registry, std::move(accepted));
}

void Http1Downstream::take_over(Downstream& from) {
  const boost::intrusive_ptr<Http1Downstream> next(new Http1Downstream(from));
  if (!next->start()) return;
  // What came with the end of the greeting is there already, and will not be announced again.
  next->mark_ready({.read = true});
  next->loop_.resume_soon(*next);
}

void Http1Downstream::drain() {
  closes_after_ = true;
  if (phase_ == Phase::head && parser_.is_between_messages() && stash_.empty())
    end_connection(Ending::orderly);
}

void Http1Downstream::finish_soon() {
  requests_limit_ = requests_ + 1;
}

void Http1Downstream::add_to_census(CensusTaker& census) const {
  if (exchange_) exchange_->add_to_census(census);
}

void Http1Downstream::shorten_idle() {
  Downstream::shorten_idle();
  if (phase_ == Phase::head && requests_ > 0 && !has_head_begun_)
    loop_.wheel().set(timer_, loop_.now() + loop_.idle_limit(timeouts_.keep_alive));
}

void Http1Downstream::abort() {
  if (exchange_) exchange_->on_shutdown();
  if (phase_ == Phase::closed) return;
  loop_.writes().flush();
  if (ending_ == Ending::reset) stream_.reset_on_close();
  close();
}

void Http1Downstream::on_ready(net::Readiness ready) {
  mark_ready(ready);
  // Of a tunnel the last bytes count, whatever came behind them.
  if (ready.broken && (!is_tunnel_ || has_input_ended_)) {
    on_input_ended(true);
    return;
  }
  if (ready.write && is_blocked() && write_pending()) {
    if (exchange_) exchange_->on_client_unblocked();
    if (phase_ == Phase::closing) try_to_end();
    if (phase_ == Phase::head) pump();
  }
  if (!ready.read) return;
  if (phase_ == Phase::lingering) linger();
  if (phase_ < Phase::closing) pump();
}

void Http1Downstream::resume() {
  if (phase_ == Phase::closed) return;
  if (is_broken()) {
    on_input_ended(true);
    return;
  }
  switch (phase_) {
    case Phase::closing: try_to_end(); return;
    case Phase::lingering: linger(); return;
    default: pump(); return;
  }
}

bool Http1Downstream::wants_input() const {
  switch (phase_) {
    case Phase::head: return !is_blocked();  // or pipelined responses would pile up unread
    case Phase::exchange:
      if (is_tunnel_)
        return !has_input_ended_ && exchange_->wants_body() && !exchange_->is_upload_blocked();
      return !is_request_done_ && exchange_->wants_body() && !exchange_->is_upload_blocked();
    case Phase::closing:
    case Phase::lingering:
    case Phase::closed: return false;
  }
  return false;
}

void Http1Downstream::pump() {
  int reads = 0;
  while (wants_input()) {
    if (!may_read()) {
      // Nothing new from the socket; what was kept may be of use now (a pipelined request, a body
      // that came while its target was being connected).
      if (stash_.empty()) {
        // The end of a body may have no byte of its own, and its last one may have come just when
        // the target took no more.
        if (phase_ == Phase::exchange) parse({});
        break;
      }
      const std::string kept = std::exchange(stash_, {});
      const std::string_view rest = parse(kept);
      loop_.writes().flush();  // the views into it end here
      if (phase_ == Phase::closed) return;
      const bool progress = rest.size() < kept.size();
      stash_.assign(rest);
      if (!progress) break;
      continue;
    }
    if (++reads > kReadsPerTurn) {
      loop_.resume_next_turn(*this);
      break;
    }
    const net::ReadResult got = read_behind(stash_, read_size_);
    // What was kept is of use even where nothing follows: to a tunnel, or as the end of a request.
    if (got.size > 0 || (is_tunnel_ ? !stash_.empty() : got.eof)) {
      const std::string_view input(loop_.scratch(0).data(), stash_.size() + got.size);
      const std::string_view rest = parse(input);
      if (phase_ == Phase::closed) return;
      keep_rest(stash_, rest);
      if (got.size == read_size_) read_size_ = std::min(read_size_ * 4, kMaxReadBytes);
      loop_.writes().flush();  // the views into the scratch buffer end here
    }
    if (got.error != 0) {
      on_input_ended(true);
      return;
    }
    if (got.eof) {
      if (!is_tunnel_) mark_end_read();
      // Unless what came before it was whole, or its answers are in the way.
      if (is_tunnel_ || wants_input()) {
        on_input_ended(false);
        return;
      }
    }
  }
  if (has_ended() || stream_.tls() != nullptr) look_for_end();
  if (phase_ != Phase::closed) set_input_deadline();
}

std::string_view Http1Downstream::parse(std::string_view input) {
  if (is_tunnel_) {
    if (input.empty() || !wants_input()) return input;
    exchange_->on_request_body(input);
    return {};
  }
  while (wants_input()) {
    const net::ParseStep step = parser_.next(input);
    input.remove_prefix(step.consumed);
    switch (step.event) {
      case net::ParseEvent::need_more: return input;
      case net::ParseEvent::head: begin_exchange(!input.empty()); break;
      case net::ParseEvent::body: exchange_->on_request_body(step.body); break;
      case net::ParseEvent::end:
        is_request_done_ = true;
        exchange_->on_request_end(parser_.trailers());
        break;
      case net::ParseEvent::refused:
        if (is_http2(input)) {
          stash_.assign(input);
          Http2Downstream::take_over(*this);
        } else {
          refuse(parser_.refusal());
        }
        return {};
    }
    if (phase_ == Phase::closed) return {};
  }
  return input;
}

/// HTTP/2 with prior knowledge (RFC 9113, section 3.3) begins with what no HTTP/1 request looks
/// like, so that nobody else pays for this question.
bool Http1Downstream::is_http2(std::string_view input) const {
  return requests_ == 0 && stream_.tls() == nullptr && input.starts_with("PRI * HTTP/2.0\r\n") &&
         spec().http2.enabled;
}

void Http1Downstream::begin_exchange(bool more_came) {
  ++requests_;
  net::RequestHead& head = parser_.head();
  ClientInfo info;
  info.listener = listener_;
  info.peer = peer();
  info.is_http10 = head.minor_version == 0;
  const bool limit_reached = requests_limit_ != 0 && requests_ >= requests_limit_;
  info.keep_alive = head.keep_alive && !limit_reached && !closes_after_;
  closes_after_ = !info.keep_alive;
  framing_ = {};
  const bool has_body = head.framing.kind != net::Framing::Kind::none;
  info.has_body_begun = has_body && more_came;
  is_request_done_ = false;
  phase_ = Phase::exchange;
  if (!has_body) {
    // The end of a message without a body is there with its head: say so first, so that a response
    // made at once need not close the connection.
    const net::ParseStep end = parser_.next({});
    TEAL_ASSERT(end.event == net::ParseEvent::end);
    is_request_done_ = true;
  }
  timer_.cancel();
  if (has_local_replies()) [[unlikely]] {
    if (const std::optional<LocalReply> answer = local_reply(head)) {
      answer_and_end(*answer, {}, &head);
      return;
    }
  }
  exchange_ = registry_.exchanges().take();
  exchange_->begin(*this, info, head);
}

void Http1Downstream::on_input_ended(bool broken) {
  if (broken) count_input_failure();
  if (exchange_) {
    if (is_tunnel_ && !broken) {
      has_input_ended_ = true;
      exchange_->on_request_end({});
      return;
    }
    closes_after_ = true;
    exchange_->on_client_gone();
  }
  close();
}

/// It shows itself again to whoever reads next: a request behind this one, or a tunnel.
void Http1Downstream::mark_end_read() {
  is_end_read_ = true;
  mark_ready({.read = true, .ended = true});
}

/// Whether the client has ended its side while its request runs and nothing of it is wanted: then
/// it is gone. Unread bytes in front of that end change nothing: they are further requests, or a
/// body whose target takes no more, and whoever waited for an answer would not have ended. While
/// the body is read, the end comes in its turn.
void Http1Downstream::look_for_end() {
  if (phase_ != Phase::exchange || is_tunnel_ || wants_input()) return;
  if (stream_.tls() != nullptr && !is_end_read_ && !read_ahead()) return;
  if (!has_ended()) return;
  if (!serves_half_closed()) {
    on_input_ended(false);
  } else if (served_until_ == Mono::max()) {
    served_until_ = loop_.now() + timeouts_.half_closed;
  }
}

/// The socket does not tell of the end of TLS, which stands behind what the client sent before.
/// False: the connection has failed.
bool Http1Downstream::read_ahead() {
  while (is_request_done_ && may_read() && !is_end_read_ && stash_.size() < kMaxAhead) {
    const net::ReadResult got = read_behind(stash_, kMaxAhead - stash_.size());
    if (got.error != 0) {
      on_input_ended(true);
      return false;
    }
    if (got.size > 0)
      keep_rest(stash_, std::string_view(loop_.scratch(0).data(), stash_.size() + got.size));
    if (got.eof) mark_end_read();
  }
  return true;
}

bool Http1Downstream::serves_half_closed() const {
  return exchange_->may_become_tunnel() ||
         spec().half_closed_clients == config::HalfClosedClients::serve;
}

void Http1Downstream::next_request() {
  parser_.restart();
  phase_ = Phase::head;
  has_head_begun_ = false;
  read_size_ = kFirstRead;
  loop_.wheel().set(timer_, loop_.now() + loop_.idle_limit(timeouts_.keep_alive));
  if (!stash_.empty() || may_read()) loop_.resume_soon(*this);
}

void Http1Downstream::set_input_deadline() {
  if (phase_ == Phase::head) {
    // The head's time runs from its first byte (or from the accept), not from the last one.
    const bool begun = !parser_.is_between_messages() || !stash_.empty();
    if (begun && requests_ > 0 && !has_head_begun_) {
      has_head_begun_ = true;
      loop_.wheel().set(timer_, loop_.now() + timeouts_.request_header);
    }
  } else if (phase_ == Phase::exchange) {
    if (served_until_ != Mono::max() && !is_tunnel_) {
      loop_.wheel().set(timer_, served_until_);
    } else if (!is_request_done_ && exchange_->wants_body() && !exchange_->is_upload_blocked()) {
      if (const Millis idle = exchange_->request_body_idle(); idle.count() > 0)
        loop_.wheel().set(timer_, loop_.now() + idle);
      else
        timer_.cancel();
    } else {
      timer_.cancel();
    }
  }
}

void Http1Downstream::on_timeout() {
  Shard& counters = loop_.counters();
  switch (phase_) {
    case Phase::head: {
      const bool begun = !parser_.is_between_messages() || !stash_.empty();
      if (!begun) {
        counters[requests_ > 0 ? Stat::keep_alive_timeouts : Stat::request_header_timeouts].add();
        if (requests_ > 0 && loop_.overload() != OverloadLevel::none)
          counters[Stat::overload_closed_idle].add();
        close();
        return;
      }
      counters[Stat::request_header_timeouts].add();
      answer_and_end(
          {408, "the request head did not come in time", Termination::request_header_timeout, {}},
          {});
      return;
    }
    case Phase::exchange:
      if (served_until_ != Mono::max() && !is_tunnel_)
        on_input_ended(false);
      else
        exchange_->on_request_stalled();
      return;
    case Phase::closing:
    case Phase::lingering: close(); return;
    case Phase::closed: return;
  }
}

}  // namespace teal::proxy
