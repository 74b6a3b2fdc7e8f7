// Http2HeadReader: the decoded fields of an HTTP/2 field section in, a message head in the words of
// net/http/message.h out, or the rule of RFC 9113, section 8 that was broken. What comes out stands
// there as HTTP/1 lines ("name: value\r\n", cookie crumbs joined), made of nothing but what was
// checked: whoever writes it on as HTTP/1 cannot be made to write anything else.
//
// Pure. One per connection, since field sections never interleave; keeps its room. Every decoded
// field is charged before anything is dropped or joined.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"
#include "net/http/message.h"
#include "net/http/refusal.h"
#include "net/http2/limits.h"

namespace teal::net {

/// RFC 9113, section 8.2.2: fields that speak of the connection have no place in HTTP/2.
constexpr bool is_connection_specific(HeaderId id) {
  switch (id) {
    case HeaderId::connection:
    case HeaderId::keep_alive:
    case HeaderId::proxy_connection:
    case HeaderId::transfer_encoding:
    case HeaderId::upgrade: return true;
    default: return false;
  }
}

class Http2HeadReader {
 public:
  /// A section this many times the limit is no mistake any more.
  static constexpr std::uint64_t kBomb = 4;

  explicit Http2HeadReader(const Http2Limits& limits) : limits_(limits) {}

  void begin_request() { begin(Kind::request, limits_.head_bytes); }
  void begin_response() { begin(Kind::response, limits_.head_bytes); }
  void begin_trailers() { begin(Kind::trailers, limits_.trailer_bytes); }
  /// The next field. What follows a broken rule is charged and otherwise ignored.
  void add(std::string_view name, std::string_view value);
  /// It is so large that the connection should end.
  bool is_bomb() const { return list_bytes_ > kBomb * max_bytes_; }

  // The section is complete. Views of the head are good until the next begin.
  /// `ends`: no body follows. Fills request() as far as it is right.
  Refusal finish_request(bool ends);
  RequestHead& request() { return request_; }
  /// `is_bodiless`: whatever the fields say (HEAD, 204, 304).
  Refusal finish_response(bool ends, bool is_bodiless);
  ResponseHead& response() { return response_; }
  Refusal finish_trailers();
  const Fields& trailers() const { return trailers_; }

 private:
  enum class Kind : std::uint8_t { request, response, trailers };

  void begin(Kind kind, std::uint32_t max_bytes);
  void refuse(Refusal rule) {
    if (refusal_ == Refusal::none) refusal_ = rule;
  }
  void add_pseudo(std::string_view name, std::string_view value);
  void add_field(std::string_view name, std::string_view value);
  Refusal check_known(const Field& field, std::string_view name, std::string_view value);
  Refusal read_length(std::string_view value);
  Slice append(std::string_view bytes);
  void push_line(HeaderId id, std::string_view name, std::string_view value);
  void join_cookies();
  Refusal read_protocol(bool ends);
  Refusal read_target();
  Refusal read_authority();
  Fields& fields();

  Http2Limits limits_;
  Kind kind_ = Kind::request;
  Refusal refusal_ = Refusal::none;
  std::uint64_t list_bytes_ = 0;
  std::uint64_t max_bytes_ = 0;
  std::uint32_t count_ = 0;  ///< Fields, without pseudo-fields.
  ByteBuffer block_;         ///< What the heads refer to.
  ByteBuffer cookies_;
  bool has_method_ = false;
  bool has_scheme_ = false;
  bool has_path_ = false;
  bool has_authority_ = false;
  bool has_status_ = false;
  bool has_length_ = false;
  bool has_cookie_ = false;
  bool has_protocol_ = false;
  std::uint64_t length_ = 0;
  std::uint32_t hosts_ = 0;
  Slice host_;
  RequestHead request_;
  ResponseHead response_;
  Fields trailers_;
};

/// The bytes of a field value that may go on: no control characters (RFC 9113, section 8.2.1, and
/// RFC 9110, section 5.5), no white space at the ends.
Refusal check_http2_value(std::string_view value);

}  // namespace teal::net
