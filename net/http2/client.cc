// What Http2Session does as a client.
#include <array>

#include "base/assert.h"
#include "net/http1/parser.h"
#include "net/http2/parts.h"

namespace teal::net {
namespace {

/// What a stream may have under way that its reader has not used up: what one that does not read
/// costs us.
constexpr std::uint32_t kStreamWindow = 128 * 1024;
/// Given back as it comes; so large that it is not what a target waits for.
constexpr std::int32_t kConnectionWindow = 4 * 1024 * 1024;

}  // namespace

const std::vector<nghttp2_nv>& Http2Session::Parts::of_request(const Http2RequestStart& start,
                                                               bool secure,
                                                               const Http2FieldSection& section) {
  const bool is_connect = !start.protocol.empty();
  fields_.assign({http2_field(":method", is_connect ? "CONNECT" : start.method),
                  http2_field(":scheme", secure ? "https" : "http"),
                  http2_field(":authority", start.authority), http2_field(":path", start.path)});
  if (is_connect) fields_.push_back(http2_field(":protocol", start.protocol));
  append(section);
  return fields_;
}

std::unique_ptr<Http2Session> Http2Session::make_client(const Http2Limits& limits, bool secure) {
  std::unique_ptr<Http2Session> made(new Http2Session(limits, nullptr));
  made->is_secure_ = secure;
  open_http2_client(&made->session_, made.get());
  const std::array<nghttp2_settings_entry, 4> settings{{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.head_bytes},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(made->session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(made->session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  return made;
}

bool Http2Session::send_request(Http2ClientStream& stream, const Http2RequestStart& start,
                                const Http2FieldSection& section, bool ends) {
  TEAL_ASSERT(is_client() && stream.id_ == 0);
  const std::vector<nghttp2_nv>& fields = parts_->of_request(start, is_secure_, section);
  stream.is_head_ = start.method == "HEAD";
  stream.is_connect_ = !start.protocol.empty();
  stream.has_ended_ = ends;
  stream.has_body_ = !ends;
  const nghttp2_data_provider body = http2_body_of(stream);
  const std::int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                                 ends ? nullptr : &body, &stream);
  if (id < 0) return false;
  stream.id_ = id;
  return true;
}

void Http2Session::finish_response(Http2ClientStream& stream, bool ends) {
  const std::uint16_t status = head_.response().status;
  const bool is_bodiless = stream.is_head_ || status == 204 || status == 304;
  const Refusal rule = head_.finish_response(ends, is_bodiless);
  ResponseHead& head = head_.response();
  if (rule != Refusal::none) return refuse(stream, rule);
  if (head.is_interim()) {
    if (++stream.interims_ > ResponseParser::kMaxInterims)
      return refuse(stream, Refusal::http2_frame_flood);
    stream.on_response(head);
    return;
  }
  stream.has_head_ = true;
  // RFC 9110, section 9.3.6: no matter what it says of a length.
  const bool is_tunnel = stream.is_connect_ && status < 300;
  if (is_tunnel) head.framing = {};
  stream.has_length_ = is_bodiless || head.framing.kind == Framing::Kind::length;
  stream.length_left_ = is_bodiless ? 0 : head.framing.length;
  stream.on_response(head);
  if (ends) end_message(stream, {});
}

std::uint32_t Http2Session::max_streams() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool Http2Session::takes_extended_connect() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) ==
         1;
}

bool Http2Session::accepts_streams() const {
  return !is_broken_ && fault_ == Refusal::none &&
         nghttp2_session_check_request_allowed(session_) != 0;
}

}  // namespace teal::net
