// What the parts of Http2Session share: nghttp2's types. For net/http2_*.cc only.
#pragma once

#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "net/http2/session.h"

namespace teal::net {

struct Http2Session::Parts {
  /// The fields of a response head that is written as one of HTTP/1; good until the next head.
  const std::vector<nghttp2_nv>& fields_of(std::string_view head);
  /// The fields of a request head; with a `protocol`, as the extended CONNECT that asks for it.
  const std::vector<nghttp2_nv>& fields_of_request(std::string_view head, bool secure,
                                                   std::string_view protocol);

  std::vector<nghttp2_nv> fields;
};

/// nghttp2's callbacks and options for a session.
void open_http2_server(nghttp2_session** session, Http2Session* owner);
void open_http2_client(nghttp2_session** session, Http2Session* owner);
/// What nghttp2 asks for the body of our message.
nghttp2_data_provider http2_body_of(Http2Stream& stream);

/// Null: nobody serves it, or no more.
inline Http2Stream* http2_stream_of(nghttp2_session* session, std::int32_t id) {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
}

/// A stretch of bytes as nghttp2 wants it.
inline nghttp2_nv http2_field(std::string_view name, std::string_view value) {
  // It copies both, and does not write to them.
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

inline std::string_view http2_text(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

/// Cuts off the first line of an HTTP/1 head.
std::string_view cut_line(std::string_view& text);
/// Appends the lines of an HTTP/1 field section, which are well-formed, without those that HTTP/2
/// has no use for.
void append_lines(std::vector<nghttp2_nv>& fields, std::string_view lines);

}  // namespace teal::net
