#include "proxy/downstream.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "net/http1_writer.h"
#include "proxy/exchange.h"
#include "proxy/worker.h"

namespace teal::proxy {
namespace {

constexpr std::size_t kFirstRead = 16 * 1024;
constexpr std::size_t kLargestRead = 256 * 1024;
/// How long and how much of a client's unread request is thrown away so that it gets to read the
/// response before the connection is reset (RFC 9112, section 9.6).
constexpr Millis kLinger{2000};
constexpr std::size_t kLingerBytes = 512 * 1024;

net::Http1Limits limits_of(const config::ListenerLimits& limits) {
  net::Http1Limits result;
  result.start_line_bytes = limits.request_line_bytes;
  result.head_bytes = limits.header_bytes;
  result.fields = limits.header_count;
  return result;
}

}  // namespace

Downstream::Downstream(Worker& worker, net::Socket socket, std::size_t listener,
                       const std::string& peer_address, const config::Listener& spec)
    : Channel(worker, std::move(socket)),
      listener_(listener),
      timeouts_(spec.timeouts),
      requests_limit_(spec.limits.requests_per_connection),
      peer_address_(peer_address),
      read_size_(kFirstRead),
      parser_(limits_of(spec.limits)),
      timer_([](void* self) { static_cast<Downstream*>(self)->on_timeout(); }, this) {
  if (const auto ip = parse_ip(peer_address_); ip.has_value())
    trusted_ = std::any_of(spec.trusted_proxies.begin(), spec.trusted_proxies.end(),
                           [&](const Cidr& block) { return block.contains(*ip); });
}

Downstream::~Downstream() = default;

void Downstream::open(Worker& worker, net::Socket socket, std::size_t listener,
                      const std::string& peer_address) {
  const config::Listener& spec = worker.table()->routes.config->listeners[listener];
  const boost::intrusive_ptr<Downstream> opened(
      new Downstream(worker, std::move(socket), listener, peer_address, spec));
  worker.opened(*opened);
  if (!opened->watch()) {
    opened->close();
    return;
  }
  if (const auto& tls = worker.tls().listeners[listener]) {
    opened->phase_ = Phase::handshake;
    opened->stream_.start_tls(std::make_unique<net::TlsSession>(tls, worker.tls_scratch(),
                                                                opened->stream_.socket().fd()));
    worker.wheel().set(opened->timer_, worker.now() + opened->timeouts_.tls_handshake);
    return;
  }
  worker.wheel().set(opened->timer_, worker.now() + opened->timeouts_.request_header);
}

const config::Listener& Downstream::spec() const {
  return worker_.table()->routes.config->listeners[listener_];
}

void Downstream::shake_hands() {
  net::TlsSession& tls = *stream_.tls();
  switch (tls.shake()) {
    case net::TlsSession::Progress::waiting: return;
    case net::TlsSession::Progress::failed:
      worker_.counters().tls_failed(tls.failure()).add();
      close();
      return;
    case net::TlsSession::Progress::done: break;
  }
  worker_.counters()[tls.was_resumed() ? Stat::tls_handshakes_short : Stat::tls_handshakes].add();
  phase_ = Phase::head;
  worker_.wheel().set(timer_, worker_.now() + timeouts_.request_header);
}

void Downstream::drain() {
  close_after_ = true;
  if (phase_ == Phase::handshake) close();
  if (phase_ == Phase::head && parser_.is_between_messages() && stash_.empty())
    end_connection(Ending::orderly);
}

void Downstream::cut() {
  if (exchange_) exchange_->on_shutdown();
  if (phase_ == Phase::closed) return;
  worker_.gather().flush();
  if (ending_ == Ending::reset) stream_.reset_on_close();
  close();
}

void Downstream::on_ready(net::Readiness ready) {
  mark_ready(ready);
  if (phase_ == Phase::handshake) {
    shake_hands();
    if (phase_ == Phase::head && may_read()) pump();
    return;
  }
  if (ready.broken) {
    on_input_ended(true);
    return;
  }
  if (ready.write && is_blocked() && write_pending()) {
    if (exchange_) exchange_->on_client_unblocked();
    if (phase_ == Phase::closing) try_to_end();
    if (phase_ == Phase::head) pump();
  }
  if (phase_ != Phase::closed && ready.read) pump();
}

void Downstream::resume() {
  if (phase_ == Phase::closed) return;
  if (is_broken()) {
    on_input_ended(true);
    return;
  }
  if (phase_ == Phase::closing) {
    try_to_end();
    return;
  }
  pump();
}

bool Downstream::wants_input() const {
  switch (phase_) {
    case Phase::head: return !is_blocked();  // or pipelined responses would pile up unread
    case Phase::lingering: return true;
    case Phase::exchange:
      return !request_done_ && exchange_->wants_body() && !exchange_->is_upload_blocked();
    case Phase::handshake:
    case Phase::closing:
    case Phase::closed: return false;
  }
  return false;
}

void Downstream::pump() {
  int reads = 0;
  while (wants_input()) {
    if (!may_read()) {
      // Nothing new from the socket; what was kept may be of use now (a pipelined request, a body
      // that came while its target was being connected).
      if (stash_.empty() || phase_ == Phase::lingering) break;
      const std::string kept = std::exchange(stash_, {});
      const std::string_view rest = parse(kept);
      if (phase_ == Phase::closed) return;
      const bool progress = rest.size() < kept.size();
      stash_.assign(rest);
      if (!progress) break;
      continue;
    }
    if (++reads > kReadsPerTurn) {
      worker_.resume_next_turn(*this);
      break;
    }
    const net::ReadResult got = read_behind(stash_, read_size_);
    if (got.size > 0) {
      const std::string_view input(worker_.scratch(0).data(), stash_.size() + got.size);
      const std::string_view rest = parse(input);
      if (phase_ == Phase::closed) return;
      keep_rest(stash_, rest);
      if (got.size == read_size_) read_size_ = std::min(read_size_ * 4, kLargestRead);
      worker_.gather().flush();  // the views into the scratch buffer end here
    }
    if (got.error != 0 || got.eof) {
      on_input_ended(got.error != 0);
      return;
    }
  }
  if (phase_ != Phase::closed) set_input_deadline();
}

std::string_view Downstream::parse(std::string_view input) {
  if (phase_ == Phase::lingering) {
    lingered_ += input.size();
    if (lingered_ > kLingerBytes) close();
    return {};
  }
  while (wants_input()) {
    const net::ParseStep step = parser_.next(input);
    input.remove_prefix(step.consumed);
    switch (step.event) {
      case net::ParseEvent::need_more: return input;
      case net::ParseEvent::head: begin_exchange(); break;
      case net::ParseEvent::body: exchange_->on_request_body(step.body); break;
      case net::ParseEvent::end:
        request_done_ = true;
        exchange_->on_request_end(parser_.trailers());
        break;
      case net::ParseEvent::refused: refuse(parser_.refusal()); return {};
    }
    if (phase_ == Phase::closed) return {};
  }
  return input;
}

void Downstream::begin_exchange() {
  ++requests_;
  net::RequestHead& head = parser_.head();
  ClientInfo info;
  info.listener = listener_;
  info.peer = {.address = peer_address_, .trusted = trusted_};
  if (const net::TlsSession* tls = stream_.tls()) {
    info.peer.secure = true;
    info.peer.identity = tls->identity();
  }
  info.http10 = head.minor_version == 0;
  const bool limit_reached = requests_limit_ != 0 && requests_ >= requests_limit_;
  info.keep_alive = head.keep_alive && !limit_reached && !close_after_;
  close_after_ = !info.keep_alive;
  responded_ = false;
  framing_ = {};
  const bool has_body = head.framing.kind != net::Framing::Kind::none;
  request_done_ = false;
  phase_ = Phase::exchange;
  if (!has_body) {
    // The end of a message without a body is there with its head: say so first, so that a response
    // made at once need not close the connection.
    const net::ParseStep end = parser_.next({});
    TEAL_ASSERT(end.event == net::ParseEvent::end);
    request_done_ = true;
  }
  timer_.cancel();
  if (answer_here(head)) return;
  exchange_ = worker_.take_exchange();
  exchange_->begin(*this, info, head);
}

bool Downstream::answer_here(const net::RequestHead& head) {
  const std::string_view authority = head.text(head.authority);
  if (const net::TlsSession* tls = stream_.tls()) {
    if (!tls->server()->has_policies()) return false;
    // RFC 9110, section 15.5.20: the name of the handshake decided what the client had to show, so
    // a Host with other rules is not for this connection.
    std::string buffer;
    const std::string_view host = normalise_host(authority, buffer);
    if (tls->server()->policy_of(host) == tls->policy()) return false;
    worker_.counters()[Stat::misdirected].add();
    answer_and_end(421, "this host has other rules for clients: connect by its own name",
                   Termination::misdirected, {}, &head);
    return true;
  }
  const std::optional<config::HttpsRedirect>& redirect = spec().redirect_https;
  if (!redirect) return false;
  worker_.counters()[Stat::redirects].add();
  if (authority.empty()) {
    answer_and_end(400, "only HTTPS is served here, and the request names no host",
                   Termination::redirected, {}, &head);
    return true;
  }
  const std::string location = https_location(authority, redirect->port, head.text(head.target));
  answer_and_end(redirect->status, "this is served by HTTPS only", Termination::redirected, {},
                 &head, location);
  return true;
}

void Downstream::on_input_ended(bool broken) {
  if (broken && stream_.tls() != nullptr) {
    const net::TlsFailure why = stream_.tls()->failure();
    if (why != net::TlsFailure::none && why != net::TlsFailure::closed)
      worker_.counters().tls_failed(why).add();
  }
  if (exchange_) {
    if (!broken && request_done_) return;  // half-closed by a client that waits for its response
    close_after_ = true;
    exchange_->on_client_gone();
  }
  close();
}

void Downstream::refuse(net::Refusal rule) {
  worker_.counters().refused(rule).add();
  close_after_ = true;
  if (exchange_) {
    exchange_->on_request_refused(rule);
    return;
  }
  answer_and_end(net::status_of(rule), net::explain(rule), Termination::refused,
                 net::to_string(rule));
}

void Downstream::answer_and_end(std::uint16_t status, std::string_view text,
                                Termination termination, std::string_view detail,
                                const net::RequestHead* head, std::string_view location) {
  ResponseStyle style;
  style.location = location;
  style.framing = {net::Framing::Kind::length, text.size()};
  style.close = true;
  style.date = worker_.date();
  send_own(status, text, style, head != nullptr && head->method == net::Method::head);
  AccessRecord record;
  if (head != nullptr) {
    record.method = head->text(head->method_text);
    record.target = head->text(head->target);
    record.host = head->text(head->authority);
    record.protocol = head->minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1";
    record.user_agent = head->fields.get(net::HeaderId::user_agent);
    record.referer = head->fields.get(net::HeaderId::referer);
  }
  record.at = worker_.wall();
  record.client = peer_address_;
  record.status = status;
  record.termination = termination;
  record.origin = "teal";
  record.detail = detail;
  worker_.log_access(record);
  end_connection(Ending::linger);
}

void Downstream::send_continue() {
  write_view("HTTP/1.1 100 Continue\r\n\r\n");
}

void Downstream::send_interim(const net::ResponseHead& head) {
  Text& out = output();
  ResponseStyle style;
  append_response_head(out, head, style);
}

void Downstream::send_head(const net::ResponseHead& head, const ResponseStyle& style) {
  responded_ = true;
  framing_ = style.framing;
  close_after_ = close_after_ || style.close;
  if (stream_.tls() == nullptr) {
    append_response_head(output(), head, style);
  } else {
    ResponseStyle secure = style;
    secure.hsts = spec().hsts;
    append_response_head(output(), head, secure);
  }
}

void Downstream::send_own(std::uint16_t status, std::string_view text, const ResponseStyle& style,
                          bool head_request) {
  responded_ = true;
  framing_ = style.framing;
  close_after_ = close_after_ || style.close;
  ResponseStyle own = style;
  if (stream_.tls() != nullptr) own.hsts = spec().hsts;
  append_own_response(output(), status, text, own, head_request);
}

void Downstream::send_body(std::string_view bytes) {
  if (framing_.kind != net::Framing::Kind::chunked) {
    write_view(bytes);
    return;
  }
  write_view(net::chunk_header(bytes.size()).view());
  write_view(bytes);
  write_view(net::kCrlf);
}

void Downstream::send_end(const net::Fields& trailers) {
  if (framing_.kind != net::Framing::Kind::chunked) return;
  if (trailers.empty()) {
    write_view(net::kLastChunk);
    return;
  }
  Text& out = output();
  out += net::kLastChunkHead;
  append_trailers(out, trailers);
}

void Downstream::send_truncated() {
  close_after_ = true;
  // An orderly close would look like the end of a close-delimited body; of the other framings the
  // client knows what is missing.
  ending_ = framing_.kind == net::Framing::Kind::until_close ? Ending::reset : Ending::orderly;
}

void Downstream::resume_request() {
  worker_.resume_soon(*this);
}

void Downstream::on_exchange_done() {
  worker_.give_back(std::move(exchange_));
  if (phase_ == Phase::closed) return;
  if (close_after_ || worker_.is_draining()) {
    const Ending ending = ending_ != Ending::none ? ending_
                          : request_done_         ? Ending::orderly
                                                  : Ending::linger;
    end_connection(ending);
    return;
  }
  next_request();
}

void Downstream::next_request() {
  parser_.restart();
  phase_ = Phase::head;
  head_begun_ = false;
  read_size_ = kFirstRead;
  worker_.wheel().set(timer_, worker_.now() + timeouts_.keep_alive);
  if (!stash_.empty() || may_read()) worker_.resume_soon(*this);
}

void Downstream::end_connection(Ending ending) {
  phase_ = Phase::closing;
  ending_ = ending;
  // A client that takes nothing more must not keep the connection for ever.
  worker_.wheel().set(timer_, worker_.now() + timeouts_.keep_alive);
  worker_.resume_soon(*this);  // after the present output has left
}

void Downstream::try_to_end() {
  if (is_blocked()) return;
  if (ending_ == Ending::linger) {
    phase_ = Phase::lingering;
    free_memory(stash_);
    stream_.finish_writing();
    worker_.wheel().set(timer_, worker_.now() + kLinger);
    pump();
    return;
  }
  if (ending_ == Ending::reset) stream_.reset_on_close();
  close();
}

void Downstream::close() {
  if (std::exchange(phase_, Phase::closed) == Phase::closed) return;
  timer_.cancel();
  const boost::intrusive_ptr<Downstream> alive(this);
  worker_.closed(*this, listener_);
  close_channel();
}

void Downstream::set_input_deadline() {
  if (phase_ == Phase::head) {
    // The head's time runs from its first byte (or from the accept), not from the last one.
    const bool begun = !parser_.is_between_messages() || !stash_.empty();
    if (begun && requests_ > 0 && !head_begun_) {
      head_begun_ = true;
      worker_.wheel().set(timer_, worker_.now() + timeouts_.request_header);
    }
  } else if (phase_ == Phase::exchange) {
    if (!request_done_ && exchange_->wants_body() && !exchange_->is_upload_blocked()) {
      worker_.wheel().set(timer_, worker_.now() + exchange_->request_body_idle());
    } else {
      timer_.cancel();
    }
  }
}

void Downstream::on_timeout() {
  Shard& counters = worker_.counters();
  switch (phase_) {
    case Phase::handshake:
      counters[Stat::tls_handshake_timeouts].add();
      close();
      return;
    case Phase::head: {
      const bool begun = !parser_.is_between_messages() || !stash_.empty();
      if (!begun) {
        counters[requests_ > 0 ? Stat::keep_alive_timeouts : Stat::request_header_timeouts].add();
        close();
        return;
      }
      counters[Stat::request_header_timeouts].add();
      answer_and_end(408, "the request head did not come in time",
                     Termination::request_header_timeout, {});
      return;
    }
    case Phase::exchange: exchange_->on_request_stalled(); return;
    case Phase::closing:
    case Phase::lingering: close(); return;
    case Phase::closed: return;
  }
}

}  // namespace teal::proxy
