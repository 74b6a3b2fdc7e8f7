// What nghttp2 tells and asks an Http2Session.
#include <utility>

#include "base/assert.h"
#include "net/http2/parts.h"

namespace teal::net {

struct Http2Callbacks {
  static Http2Session& of(void* user) { return *static_cast<Http2Session*>(user); }

  static int on_begin_frame(nghttp2_session* /*session*/, const nghttp2_frame_hd* head,
                            void* user) {
    of(user).charge(
        {static_cast<Http2FrameType>(head->type), head->length, head->flags, head->stream_id});
    return 0;
  }

  static int on_begin_headers(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                              void* user) {
    of(user).begin_head(frame->hd.stream_id, frame->headers.cat == NGHTTP2_HCAT_REQUEST);
    return 0;
  }

  static int on_header(nghttp2_session* /*session*/, const nghttp2_frame* /*frame*/,
                       nghttp2_rcbuf* name, nghttp2_rcbuf* value, std::uint8_t /*flags*/,
                       void* user) {
    Http2Session& self = of(user);
    const nghttp2_vec n = nghttp2_rcbuf_get_buf(name);
    const nghttp2_vec v = nghttp2_rcbuf_get_buf(value);
    self.head_.add(http2_text(n.base, n.len), http2_text(v.base, v.len));
    if (!self.head_.is_bomb()) return 0;
    self.terminate(Refusal::http2_head_bomb, Http2Error::enhance_your_calm);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // decoded still, but told of no more
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Http2Session& self = of(user);
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        self.finish_head(frame->hd.stream_id, frame->headers.cat == NGHTTP2_HCAT_REQUEST, ends);
        break;
      case NGHTTP2_DATA:
        if (frame->hd.length > 0 && frame->hd.length == frame->data.padlen && !ends)
          self.terminate(self.guard_.on_padding(self.now_));
        if (ends)
          if (Http2Stream* const stream = http2_stream_of(session, frame->hd.stream_id))
            self.end_message(*stream, {});
        break;
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) self.has_settings_ = true;
        break;
      case NGHTTP2_GOAWAY:  // Before it closes what it leaves behind. Ours have odd numbers.
        self.streams_taken_ = static_cast<std::uint32_t>(frame->goaway.last_stream_id) / 2 +
                              static_cast<std::uint32_t>(frame->goaway.last_stream_id) % 2;
        break;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 && self.is_shutting_down_)
          self.finish_shutdown();
        break;
      default: break;
    }
    return 0;
  }

  static int on_data(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t id,
                     const std::uint8_t* bytes, std::size_t size, void* user) {
    of(user).take_data(id, http2_text(bytes, size));
    return 0;
  }

  static int on_sent(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    std::uint32_t error = 0;
    if (frame->hd.type == NGHTTP2_RST_STREAM) error = frame->rst_stream.error_code;
    if (frame->hd.type == NGHTTP2_GOAWAY) error = frame->goaway.error_code;
    of(user).on_sent(frame->hd.type, frame->hd.flags, frame->hd.stream_id, error);
    return 0;
  }

  static int on_close(nghttp2_session* session, std::int32_t id, std::uint32_t error, void* user) {
    Http2Session& self = of(user);
    Http2Stream* const stream = http2_stream_of(session, id);
    if (stream == nullptr) return 0;
    stream->id_ = 0;
    self.note_end(*stream, id);
    self.closed_.push_back(
        {stream, static_cast<Http2Error>(error),
         stream->was_reset_ ? Http2Session::Reset::by_us : Http2Session::Reset::by_peer});
    return 0;
  }

  static ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* /*into*/,
                           std::size_t most, std::uint32_t* flags, nghttp2_data_source* source,
                           void* user) {
    Http2Stream& stream = *static_cast<Http2Stream*>(source->ptr);
    const std::size_t there = stream.waiting() + stream.view_.size();
    if (there == 0 && !stream.has_ended_) {
      stream.is_deferred_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    const std::size_t size = std::min(there, most);
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (!stream.has_ended_ || size < there) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream.trailers_.empty()) return static_cast<ssize_t>(size);
    const std::vector<nghttp2_nv>& fields = of(user).parts_->of_trailers(stream.trailers_);
    if (nghttp2_submit_trailer(session, id, fields.data(), fields.size()) == 0)
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return static_cast<ssize_t>(size);
  }

  static int send_body(nghttp2_session* /*session*/, nghttp2_frame* /*frame*/,
                       const std::uint8_t* head, std::size_t size, nghttp2_data_source* source,
                       void* user) {
    constexpr std::size_t kFrameHead = 9;
    Http2Stream& stream = *static_cast<Http2Stream*>(source->ptr);
    const bool taken = of(user).take_body(stream, size, http2_text(head, kFrameHead));
    return taken ? 0 : NGHTTP2_ERR_WOULDBLOCK;
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    TEAL_ASSERT(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, send_body);
    return callbacks;
  }
};

namespace {

nghttp2_option* make_options() {
  nghttp2_option* options = nullptr;
  TEAL_ASSERT(nghttp2_option_new(&options) == 0);
  nghttp2_option_set_no_auto_window_update(options, 1);
  // What a message may say is checked by Http2HeadReader, which names the rule and knows more.
  nghttp2_option_set_no_http_messaging(options, 1);
  nghttp2_option_set_no_closed_streams(options, 1);
  nghttp2_option_set_max_deflate_dynamic_table_size(options, 4096);
  // Both kinds of resets have a budget of their own (Http2AbuseGuard), so this one need not act.
  nghttp2_option_set_stream_reset_rate_limit(options, 1'000'000, 1'000'000);
  // nghttp2 counts a frame again each time that its head comes in pieces, at worst nine times: this
  // is its default of 8. How large a field section may become is checked as it is decoded.
  nghttp2_option_set_max_continuations(options, 72);
  return options;
}

// Never written to again; a session copies what it needs.
const nghttp2_session_callbacks* callbacks() {
  static const nghttp2_session_callbacks* const made = Http2Callbacks::make();
  return made;
}

const nghttp2_option* options() {
  static const nghttp2_option* const made = make_options();
  return made;
}

}  // namespace

void open_http2_server(nghttp2_session** session, Http2Session* owner) {
  TEAL_ASSERT(nghttp2_session_server_new2(session, callbacks(), owner, options()) == 0);
}

void open_http2_client(nghttp2_session** session, Http2Session* owner) {
  TEAL_ASSERT(nghttp2_session_client_new2(session, callbacks(), owner, options()) == 0);
}

nghttp2_data_provider http2_body_of(Http2Stream& stream) {
  nghttp2_data_provider provider{};
  provider.source.ptr = &stream;
  provider.read_callback = Http2Callbacks::read_body;
  return provider;
}

}  // namespace teal::net
