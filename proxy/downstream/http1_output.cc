// What a connection of HTTP/1 writes: the responses of its exchanges, and its own.
#include "proxy/downstream/http1.h"

#include <utility>

#include "net/http1/writer.h"
#include "proxy/downstream/connection_registry.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

void Http1Downstream::refuse(net::Refusal rule) {
  loop_.counters().refused(rule).add();
  closes_after_ = true;
  if (exchange_) {
    exchange_->on_request_refused(rule);
    return;
  }
  answer_and_end({net::status_of(rule), net::explain(rule), Termination::refused, {}},
                 net::to_string(rule));
}

void Http1Downstream::answer_and_end(const LocalReply& answer, std::string_view detail,
                                     const net::RequestHead* head) {
  ResponseStyle style;
  style.location = answer.location;
  style.framing = {net::Framing::Kind::length, answer.text.size()};
  style.close = true;
  style.date = loop_.date();
  LocalReplyContent content;
  const std::string_view text = error_page(answer, content, style);
  const std::size_t size = send_local_reply(answer.status, text, style,
                                            head != nullptr && head->method == net::Method::head);
  log_own({answer.status, size}, answer.termination, detail, head);
  const bool is_late = answer.termination == Termination::request_header_timeout;
  end_with_output(is_late ? Ending::brief_linger : Ending::linger);
}

void Http1Downstream::send_continue() {
  write_view("HTTP/1.1 100 Continue\r\n\r\n");
}

void Http1Downstream::send_interim(const net::ResponseHead& head) {
  ByteBuffer& out = output();
  ResponseStyle style;
  append_response_head(out, head, style);
}

void Http1Downstream::send_head(const net::ResponseHead& head, const ResponseStyle& style) {
  framing_ = style.framing;
  closes_after_ = closes_after_ || style.close;
  if (stream_.tls() == nullptr) {
    append_response_head(output(), head, style);
  } else {
    ResponseStyle secure = style;
    secure.hsts = spec().hsts;
    append_response_head(output(), head, secure);
  }
}

void Http1Downstream::send_switched(net::ResponseHead& head, const ResponseStyle& style) {
  is_tunnel_ = closes_after_ = true;
  timer_.cancel();  // that of a client which has ended its side
  // What is cut must not look like an end.
  framing_ = {net::Framing::Kind::until_close, 0};
  append_response_head(output(), head, style);
  // An end that came with the request shows itself again.
  mark_ready({.read = true});
}

std::size_t Http1Downstream::send_local_reply(std::uint16_t status, std::string_view text,
                                              const ResponseStyle& style, bool head_request) {
  framing_ = style.framing;
  closes_after_ = closes_after_ || style.close;
  ResponseStyle own = style;
  if (stream_.tls() != nullptr) own.hsts = spec().hsts;
  return append_local_reply(output(), status, text, own, head_request);
}

void Http1Downstream::send_body(std::string_view bytes) {
  if (framing_.kind != net::Framing::Kind::chunked) {
    write_view(bytes);
    return;
  }
  write_view(net::chunk_header(bytes.size()).view());
  write_view(bytes);
  write_view(net::kCrlf);
}

Channel* Http1Downstream::bare_output() {
  return framing_.kind == net::Framing::Kind::length ? this : nullptr;
}

void Http1Downstream::send_end(const net::Fields& trailers) {
  if (is_tunnel_) {
    finish_output();
    return;
  }
  if (framing_.kind == net::Framing::Kind::chunked) append_last_chunk(output(), trailers);
}

void Http1Downstream::send_truncated() {
  closes_after_ = true;
  // An orderly close would look like the end of a close-delimited body; of the other framings the
  // client knows what is missing.
  ending_ = framing_.kind == net::Framing::Kind::until_close ? Ending::reset : Ending::orderly;
}

void Http1Downstream::resume_request() {
  loop_.resume_soon(*this);
}

void Http1Downstream::on_exchange_done() {
  registry_.exchanges().give_back(std::move(exchange_));
  if (phase_ == Phase::closed) return;
  if (is_tunnel_) is_request_done_ = has_input_ended_;
  if (closes_after_ || loop_.ends_connections()) {
    const Ending ending = ending_ != Ending::none ? ending_
                          : is_request_done_      ? Ending::orderly
                                                  : Ending::linger;
    end_with_output(ending);
    return;
  }
  next_request();
}

void Http1Downstream::end_with_output(Ending ending) {
  if (ending != Ending::reset) mark_last_output();
  end_connection(ending);
}

}  // namespace teal::proxy
