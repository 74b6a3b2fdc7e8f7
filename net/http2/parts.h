// What the parts of Http2Session share: nghttp2's types. For net/http2_*.cc only.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "net/http2/session.h"

namespace teal::net {

struct Http2Session::Parts {
  /// All fields of a response head; good until the next call here.
  const std::vector<nghttp2_nv>& of_response(std::uint16_t status,
                                             const Http2FieldSection& section);
  const std::vector<nghttp2_nv>& of_request(const Http2RequestStart& start, bool secure,
                                            const Http2FieldSection& section);
  const std::vector<nghttp2_nv>& of_trailers(const Http2KeptFields& trailers);

 private:
  void append(const Http2FieldSection& section);

  std::vector<nghttp2_nv> fields_;
  std::array<char, 3> status_{};
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

}  // namespace teal::net
