// HTTP/1.0 and 1.1 parsers, sans-IO: bytes in, events out, no sockets, no copies. One for requests
// (strict: RFC 9112 with every "may repair" read as "refuse") and one for responses.
//
// Pull style: call next() with all unconsumed bytes; drop the consumed ones before the next call.
// Head and trailer section must be contiguous: while one is incomplete nothing of it is consumed,
// and the caller calls again with the same bytes and more behind them (the address may change; what
// was scanned is not scanned again). Body views point into the input and are valid until the caller
// drops them. No allocation in steady state. Owned by one connection, used by its thread only.
//
// Does not: decide routing, keep buffers, know timeouts, serialise (net/http1/writer.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/http/authority.h"
#include "net/http/message.h"
#include "net/http/refusal.h"

namespace teal::net {

struct Http1Limits {
  std::uint32_t start_line_bytes = 8 * 1024;
  std::uint32_t head_bytes = 32 * 1024;
  std::uint32_t fields = 100;
  /// A chunk-size line with its extensions, which are dropped.
  std::uint32_t chunk_line_bytes = 4 * 1024;
  std::uint32_t trailer_bytes = 16 * 1024;
};

/// What a target may say, to a request as to a probe: more than a client.
inline constexpr Http1Limits kHttp1ResponseLimits{
    .start_line_bytes = 8 * 1024, .head_bytes = 64 * 1024, .fields = 200};

enum class ParseEvent : std::uint8_t {
  need_more,  ///< Nothing more to say about this input.
  head,       ///< head() is filled; its bytes are the consumed ones.
  body,       ///< `body` holds the next bytes of content, framing removed.
  end,        ///< The message is complete; trailers() holds its trailer section, if any.
  refused,    ///< refusal() says which rule was broken; the parser is of no further use.
};

struct ParseStep {
  ParseEvent event = ParseEvent::need_more;
  std::size_t consumed = 0;  ///< Bytes of the input that are done with.
  std::string_view body;
};

/// How far a head or trailer section has been read, so that a call with more bytes starts there.
struct LineCursor {
  std::uint32_t line_at = 0;  ///< Where the line that is not complete yet begins.
  std::uint32_t scanned = 0;  ///< Up to here there is no control byte left to look at.
};

/// What the two parsers share: bodies, chunks, trailers.
class Http1BodyParser {
 public:
  void start(Framing framing, const Http1Limits& limits);
  ParseStep next(std::string_view input);
  /// The peer has closed in an orderly way. True if that completes the body.
  bool end_at_eof();
  bool finished() const { return state_ == State::done; }
  /// So many bytes of content went by without being shown. Requires: at most bytes_remaining().
  void skip(std::uint64_t size);
  /// Content bytes still to come where that is known (length framing), else 0.
  std::uint64_t bytes_remaining() const;
  const Fields& trailers() const { return trailers_; }
  Refusal refusal() const { return refusal_; }

 private:
  enum class State : std::uint8_t {
    length,
    until_close,
    chunk_size,
    chunk_data,
    chunk_end,
    trailers,
    done,
    refused,
  };

  ParseStep refuse(Refusal refusal);
  ParseStep next_content(std::string_view input);
  ParseStep next_of_chunks(std::string_view input);
  ParseStep next_chunk_size(std::string_view input);
  ParseStep next_chunk_end(std::string_view input);
  ParseStep next_trailers(std::string_view input);
  ParseStep begin_chunk(std::uint64_t size, std::size_t line_size);

  State state_ = State::done;
  Refusal refusal_ = Refusal::none;
  std::uint64_t left_ = 0;
  /// Bytes of chunk lines beyond what the content earned (see begin_chunk).
  std::uint64_t overhead_ = 0;
  LineCursor cursor_;
  Http1Limits limits_;
  Fields trailers_;
};

class RequestParser {
 public:
  explicit RequestParser(const Http1Limits& limits) : limits_(limits) {}

  ParseStep next(std::string_view input);
  /// Requires: ParseEvent::head has been returned. Mutable so that its owner may rebase it.
  RequestHead& head() { return head_; }
  const Fields& trailers() const { return body_.trailers(); }
  Refusal refusal() const { return refusal_; }
  std::uint64_t bytes_remaining() const { return body_.bytes_remaining(); }
  /// Ready for the next message on the connection. Requires: ParseEvent::end was returned.
  void restart();
  /// True while not one byte of the next message's head has been seen. Empty lines before a request
  /// line (RFC 9112, section 2.2) do not count; at most one is allowed.
  bool is_between_messages() const { return state_ == State::start_line && cursor_.scanned == 0; }

 private:
  enum class State : std::uint8_t { start_line, fields, body, done, refused };

  ParseStep refuse(Refusal refusal);
  ParseStep next_start_line(std::string_view input);
  ParseStep next_fields(std::string_view input);
  Refusal conclude();
  Refusal read_host(std::uint32_t hosts, std::string_view host);

  Http1Limits limits_;
  State state_ = State::start_line;
  Refusal refusal_ = Refusal::none;
  bool has_seen_empty_line_ = false;
  LineCursor cursor_;
  RequestHead head_;
  Http1BodyParser body_;
  AuthorityCache hosts_;
};

class ResponseParser {
 public:
  explicit ResponseParser(const Http1Limits& limits) : limits_(limits) {}

  /// The response to expect next: HEAD has no body, whatever its head says (RFC 9112, 6.3).
  /// `may_switch`: 101 may be the answer; what follows its head is another protocol's, and comes
  /// out as a body that ends with the connection. Requires: the parser is new, or ParseEvent::end
  /// was returned.
  void expect(Method request_method, bool may_switch = false);
  ParseStep next(std::string_view input);
  /// The peer has closed in an orderly way. ParseEvent::end if that completes the message (a
  /// close-delimited body), else refused/need_more: it was cut short.
  ParseStep at_eof();
  ResponseHead& head() { return head_; }
  const Fields& trailers() const { return body_.trailers(); }
  Refusal refusal() const { return refusal_; }
  std::uint64_t bytes_remaining() const { return body_.bytes_remaining(); }
  /// As Http1BodyParser::skip(). After the last byte next() says the end.
  void skip_body(std::uint64_t size) { body_.skip(size); }

  /// Interim heads that one response may be preceded by; one more is refused.
  static constexpr std::uint32_t kMaxInterims = 32;

  // After the head of an interim response (1xx except 101) the parser goes on to the next head by
  // itself; `end` comes only after the final one. A 101 that nobody asked for is refused.

 private:
  enum class State : std::uint8_t { start_line, fields, body, done, refused };

  ParseStep refuse(Refusal refusal);
  ParseStep next_start_line(std::string_view input);
  ParseStep next_fields(std::string_view input);

  Http1Limits limits_;
  State state_ = State::done;
  Refusal refusal_ = Refusal::none;
  Method request_method_ = Method::get;
  bool may_switch_ = false;
  std::uint32_t interims_ = 0;
  LineCursor cursor_;
  ResponseHead head_;
  Http1BodyParser body_;
};

}  // namespace teal::net
