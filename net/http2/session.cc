#include "net/http2/session.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/assert.h"
#include "net/http2/parts.h"

namespace teal::net {
namespace {

/// What a stream may have under way that its reader has not used up, and all streams together.
constexpr std::uint32_t kStreamWindow = 64 * 1024;
constexpr std::int32_t kConnectionWindow = 1024 * 1024;
/// Smaller pieces of a body are copied and framed together at the end of the turn.
constexpr std::size_t kCopied = 2048;
constexpr std::size_t kKeptRoom = 4096;

std::uint32_t code(Http2Error error) {
  return static_cast<std::uint32_t>(error);
}

}  // namespace

void Http2Session::Parts::append(const Http2FieldSection& section) {
  for (const auto& [name, value] : section) fields_.push_back(http2_field(name, value));
}

const std::vector<nghttp2_nv>& Http2Session::Parts::of_trailers(const Http2KeptFields& trailers) {
  fields_.clear();
  trailers.visit([this](std::string_view name, std::string_view value) {
    fields_.push_back(http2_field(name, value));
  });
  return fields_;
}

const std::vector<nghttp2_nv>& Http2Session::Parts::of_response(std::uint16_t status,
                                                                const Http2FieldSection& section) {
  TEAL_ASSERT(status >= 100 && status <= 999);
  std::to_chars(status_.begin(), status_.end(), status);
  fields_.assign(1, http2_field(":status", {status_.data(), status_.size()}));
  append(section);
  return fields_;
}

Http2Session::Http2Session(const Http2Limits& limits, Requests* requests)
    : head_(limits),
      requests_(requests),
      parts_(std::make_unique<Parts>()),
      guard_(is_client() ? Http2AbuseGuard::Peer::server : Http2AbuseGuard::Peer::client, limits) {}

std::unique_ptr<Http2Session> Http2Session::make_server(const Http2Limits& limits,
                                                        Requests& requests) {
  std::unique_ptr<Http2Session> made(new Http2Session(limits, &requests));
  open_http2_server(&made->session_, made.get());
  const std::array<nghttp2_settings_entry, 5> settings{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.concurrent_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.head_bytes},
      // RFC 9218: priorities are those of the fields, and the tree of RFC 7540 costs nothing.
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      // RFC 8441: WebSocket on a stream.
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
  }};
  nghttp2_submit_settings(made->session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(made->session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  return made;
}

Http2Session::~Http2Session() {
  nghttp2_session_del(session_);
}

// ---- input --------------------------------------------------------------------------------------

void Http2Session::feed(std::string_view bytes, Mono now) {
  if (is_broken_ || is_over()) return;
  now_ = now;
  if (!is_client()) bytes.remove_prefix(feed_with_looks(bytes));
  read(bytes);
}

void Http2Session::read(std::string_view bytes) {
  is_feeding_ = true;
  const ssize_t taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  is_feeding_ = false;
  if (taken >= 0) return;
  switch (taken) {
    case NGHTTP2_ERR_FLOODED:
      terminate(Refusal::http2_frame_flood, Http2Error::enhance_your_calm);
      return;
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
      terminate(Refusal::http2_head_bomb, Http2Error::enhance_your_calm);
      return;
    default: terminate(Refusal::http2_protocol_error, Http2Error::protocol); return;
  }
}

void Http2Session::consume(Http2Stream& stream, std::size_t bytes) {
  if (bytes == 0) return;
  const bool is_read = stream.id_ != 0 && !stream.was_reset_;
  if (is_read) nghttp2_session_consume_stream(session_, stream.id_, bytes);
  if (!is_client()) nghttp2_session_consume_connection(session_, bytes);
}

void Http2Session::discard(std::size_t bytes) {
  if (bytes > 0 && !is_client()) nghttp2_session_consume_connection(session_, bytes);
}

void Http2Session::take_data(std::int32_t id, std::string_view bytes) {
  Http2Stream* const stream = http2_stream_of(session_, id);
  if (stream == nullptr || stream->was_reset_) {
    nghttp2_session_consume(session_, id, bytes.size());
    return;
  }
  if (is_client()) {
    nghttp2_session_consume_connection(session_, bytes.size());
    if (!stream->has_head_) return refuse(*stream, Refusal::http2_protocol_error);
  }
  if (stream->has_length_ && bytes.size() > stream->length_left_) {
    consume(*stream, bytes.size());
    refuse(*stream, Refusal::content_length_mismatch);
    return;
  }
  if (stream->has_length_) stream->length_left_ -= bytes.size();
  stream->on_body(bytes);
}

void Http2Session::end_message(Http2Stream& stream, const Fields& trailers) {
  if (stream.was_reset_ || stream.is_remote_done_) return;
  stream.is_remote_done_ = true;
  if (is_client() && !stream.has_head_) return refuse(stream, Refusal::http2_protocol_error);
  if (stream.has_length_ && stream.length_left_ != 0)
    return refuse(stream, Refusal::content_length_mismatch);
  stream.on_end(trailers);
}

void Http2Session::refuse(Http2Stream& stream, Refusal rule) {
  if (std::exchange(stream.was_reset_, true)) return;
  stream.on_refused(rule);
  submit_reset(stream.id_, Http2Error::protocol);
}

void Http2Session::begin_head(std::int32_t id, bool is_request) {
  is_in_head_ = true;
  if (is_request) return head_.begin_request();
  const Http2Stream* const stream = is_client() ? http2_stream_of(session_, id) : nullptr;
  if (stream != nullptr && !stream->has_head_) {
    head_.begin_response();
  } else {
    head_.begin_trailers();
  }
}

void Http2Session::finish_head(std::int32_t id, bool is_request, bool ends) {
  is_in_head_ = false;
  if (is_request) return finish_request(id, ends);
  Http2Stream* const stream = http2_stream_of(session_, id);
  if (stream == nullptr || stream->was_reset_) return;
  if (is_client() && !stream->has_head_)
    finish_response(static_cast<Http2ClientStream&>(*stream), ends);
  else
    finish_trailers(*stream, ends);
}

void Http2Session::finish_request(std::int32_t id, bool ends) {
  has_begun_ = true;
  guard_.on_message_frame();
  const Refusal rule = head_.finish_request(ends);
  RequestHead& head = head_.request();
  if (rule != Refusal::none && status_of(rule) == 400) {
    // RFC 9113, section 8.1.1: a stream error.
    requests_->on_malformed(head, rule);
    submit_reset(id, Http2Error::protocol);
    return;
  }
  const Framing framing = head.framing;
  Http2ServerStream& stream = requests_->open_stream();
  stream.id_ = id;
  stream.is_remote_done_ = ends;
  stream.has_length_ = framing.kind == Framing::Kind::length;
  stream.length_left_ = framing.length;
  nghttp2_session_set_stream_user_data(session_, id, &stream);
  stream.on_request(head, rule);
}

void Http2Session::finish_trailers(Http2Stream& stream, bool ends) {
  const Refusal rule = head_.finish_trailers();
  // RFC 9113, section 8.1: what follows a body ends the message.
  if (!ends || rule != Refusal::none) {
    refuse(stream, ends ? rule : Refusal::http2_protocol_error);
    return;
  }
  end_message(stream, head_.trailers());
}

// ---- what it costs ------------------------------------------------------------------------------

void Http2Session::charge(const Http2AbuseGuard::Frame& frame) {
  bool is_known = false;
  if (guard_.wants_stream(frame))
    is_known = is_client() ? http2_stream_of(session_, frame.stream) != nullptr
                           : nghttp2_session_find_stream(session_, frame.stream) != nullptr;
  terminate(guard_.on_frame(frame, is_known, now_));
}

void Http2Session::terminate(const std::optional<Http2AbuseGuard::Violation>& violation) {
  if (violation) terminate(violation->rule, violation->error);
}

void Http2Session::terminate(Refusal rule, Http2Error error) {
  if (fault_ != Refusal::none) return;
  fault_ = rule;
  if (nghttp2_session_terminate_session(session_, code(error)) != 0) is_broken_ = true;
}

void Http2Session::on_sent(std::uint8_t type, std::uint8_t flags, std::int32_t id,
                           std::uint32_t error) {
  switch (type) {
    case NGHTTP2_RST_STREAM:
      terminate(guard_.on_reset_sent(id, static_cast<Http2Error>(error), now_));
      return;
    case NGHTTP2_GOAWAY:
      if (error != code(Http2Error::none) && fault_ == Refusal::none)
        fault_ = Refusal::http2_protocol_error;
      return;
    case NGHTTP2_DATA:
    case NGHTTP2_HEADERS: break;
    default: return;
  }
  guard_.on_message_frame();
  Http2Stream* const stream = http2_stream_of(session_, id);
  if (stream == nullptr) return;
  stream->has_begun_ = true;
  if ((flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  stream->was_sent_ = true;
  reset_rest(*stream);
}

void Http2Session::allow_half_close(Http2Stream& stream, bool may) {
  stream.may_half_close_ = may;
  if (stream.id_ != 0 && stream.was_sent_) reset_rest(stream);
}

void Http2Session::reset_rest(Http2Stream& stream) {
  // RFC 9113, section 8.1: an early response is complete; the rest of the request is of no use.
  const bool is_over = is_client() || stream.is_remote_done_ || stream.may_half_close_;
  if (!is_over && !std::exchange(stream.was_reset_, true))
    submit_reset(stream.id_, Http2Error::none);
}

void Http2Session::submit_reset(std::int32_t id, Http2Error error) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, code(error));
}

// ---- output -------------------------------------------------------------------------------------

void Http2Session::send_interim(Http2Stream& stream, std::uint16_t status,
                                const Http2FieldSection& section) {
  if (stream.id_ == 0 || stream.was_reset_) return;
  const std::vector<nghttp2_nv>& fields = parts_->of_response(status, section);
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id_, nullptr, fields.data(),
                         fields.size(), nullptr);
}

void Http2Session::send_head(Http2Stream& stream, std::uint16_t status,
                             const Http2FieldSection& section, bool ends) {
  if (stream.id_ == 0 || stream.was_reset_) return;
  const std::vector<nghttp2_nv>& fields = parts_->of_response(status, section);
  stream.has_ended_ = ends;
  stream.has_body_ = !ends;
  const nghttp2_data_provider body = http2_body_of(stream);
  nghttp2_submit_response(session_, stream.id_, fields.data(), fields.size(),
                          ends ? nullptr : &body);
}

void Http2Session::want_body(Http2Stream& stream) {
  if (std::exchange(stream.is_deferred_, false)) nghttp2_session_resume_data(session_, stream.id_);
}

void Http2Session::send_body(Http2Stream& stream, std::string_view bytes, Http2Output& out) {
  if (stream.id_ == 0 || stream.was_reset_ || !stream.has_body_ || bytes.empty()) return;
  want_body(stream);
  if (bytes.size() <= kCopied || is_feeding_ || stream.waiting() != 0) {
    stream.pending_ += bytes;
    return;
  }
  stream.view_ = bytes;
  write(out);
  stream.pending_ += std::exchange(stream.view_, {});
}

void Http2Session::send_end(Http2Stream& stream) {
  if (stream.id_ == 0 || stream.was_reset_ || std::exchange(stream.has_ended_, true)) return;
  want_body(stream);
}

void Http2Session::send_trailers(Http2Stream& stream, const Http2FieldSection& section) {
  if (stream.id_ == 0 || stream.was_reset_ || stream.has_ended_) return;
  stream.trailers_.take(section);
  send_end(stream);
}

void Http2Session::reset(Http2Stream& stream, Http2Error error) {
  if (stream.id_ == 0 || std::exchange(stream.was_reset_, true)) return;
  submit_reset(stream.id_, error);
}

bool Http2Session::take_body(Http2Stream& stream, std::size_t size, std::string_view frame_head) {
  if (out_ == nullptr || out_->is_full()) return false;
  out_->append(frame_head);
  const std::size_t kept = std::min(size, stream.waiting());
  if (kept > 0) {
    out_->append(std::string_view(stream.pending_).substr(stream.pending_at_, kept));
    stream.pending_at_ += kept;
    if (stream.waiting() == 0) {
      if (stream.pending_.capacity() > kKeptRoom) std::string{}.swap(stream.pending_);
      stream.pending_.clear();
      stream.pending_at_ = 0;
    }
  }
  if (size > kept) {
    out_->view(stream.view_.substr(0, size - kept));
    stream.view_.remove_prefix(size - kept);
  }
  return true;
}

void Http2Session::write(Http2Output& out) {
  if (is_broken_ || is_feeding_) return;  // nghttp2 does not write while it reads
  out_ = &out;
  while (!out.is_full()) {
    const std::string_view made = early_.empty() ? make_output() : early_;
    if (made.empty()) break;
    out.append(made);
    early_.clear();
  }
  out_ = nullptr;
}

std::string_view Http2Session::make_output() {
  const std::uint8_t* bytes = nullptr;
  const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
  if (size < 0) is_broken_ = true;
  return size <= 0 ? std::string_view() : http2_text(bytes, static_cast<std::size_t>(size));
}

bool Http2Session::wants_write() const {
  return !is_broken_ && (!early_.empty() || nghttp2_session_want_write(session_) != 0);
}

// ---- the connection -----------------------------------------------------------------------------

void Http2Session::start_shutdown() {
  if (std::exchange(is_shutting_down_, true)) return;
  nghttp2_submit_shutdown_notice(session_);
  ping();
}

void Http2Session::finish_shutdown() {
  if (std::exchange(is_shut_down_, true)) return;
  is_shutting_down_ = true;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void Http2Session::stop() {
  if (nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR) != 0) is_broken_ = true;
}

void Http2Session::ping() {
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
}

bool Http2Session::is_over() const {
  return is_broken_ || (nghttp2_session_want_read(session_) == 0 && !wants_write());
}

}  // namespace teal::net
