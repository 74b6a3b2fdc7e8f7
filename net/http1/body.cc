// Bodies of HTTP/1: a length, chunks and their trailers, or the end of the connection.
#include <algorithm>

#include "base/assert.h"
#include "net/http1/framing.h"
#include "net/http1/parser.h"
#include "net/http1/scan.h"

namespace teal::net {
namespace {

using http1::Scan;

/// Enough for 64 bits; more are refused even if they are zeros.
constexpr std::size_t kMaxSizeDigits = 16;

/// The value of a hexadecimal digit, or 16.
constexpr unsigned hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

}  // namespace

void Http1BodyParser::start(Framing framing, const Http1Limits& limits) {
  refusal_ = Refusal::none;
  left_ = 0;
  overhead_ = 0;
  cursor_ = {};
  limits_ = limits;
  trailers_.clear();
  switch (framing.kind) {
    case Framing::Kind::none: state_ = State::done; break;
    case Framing::Kind::length:
      left_ = framing.length;
      state_ = left_ == 0 ? State::done : State::length;
      break;
    case Framing::Kind::chunked: state_ = State::chunk_size; break;
    case Framing::Kind::until_close: state_ = State::until_close; break;
  }
}

ParseStep Http1BodyParser::next(std::string_view input) {
  if (state_ == State::done) return {ParseEvent::end, 0, {}};
  if (state_ == State::length) return next_content(input);
  return next_of_chunks(input);
}

ParseStep Http1BodyParser::next_of_chunks(std::string_view input) {
  std::size_t consumed = 0;
  for (;;) {
    const State before = state_;
    ParseStep step;
    switch (state_) {
      case State::length:
      case State::until_close:
      case State::chunk_data: step = next_content(input); break;
      case State::chunk_size: step = next_chunk_size(input); break;
      case State::chunk_end: step = next_chunk_end(input); break;
      case State::trailers: step = next_trailers(input); break;
      case State::done: step.event = ParseEvent::end; break;
      case State::refused: step.event = ParseEvent::refused; break;
    }
    consumed += step.consumed;
    // Between chunks there may be nothing to tell although there is more to read.
    if (step.event != ParseEvent::need_more || state_ == before) {
      step.consumed = consumed;
      return step;
    }
    input.remove_prefix(step.consumed);
  }
}

bool Http1BodyParser::end_at_eof() {
  if (state_ == State::until_close) state_ = State::done;
  return state_ == State::done;
}

std::uint64_t Http1BodyParser::bytes_remaining() const {
  return state_ == State::length ? left_ : 0;
}

void Http1BodyParser::skip(std::uint64_t size) {
  TEAL_ASSERT(state_ == State::length && size <= left_);
  left_ -= size;
  if (left_ == 0) state_ = State::done;
}

ParseStep Http1BodyParser::refuse(Refusal refusal) {
  TEAL_ASSERT(refusal != Refusal::none);
  state_ = State::refused;
  refusal_ = refusal;
  return {ParseEvent::refused, 0, {}};
}

ParseStep Http1BodyParser::next_content(std::string_view input) {
  if (input.empty()) return {};
  if (state_ == State::until_close) return {ParseEvent::body, input.size(), input};
  const std::size_t size = std::min<std::uint64_t>(left_, input.size());
  left_ -= size;
  if (left_ == 0) state_ = state_ == State::length ? State::done : State::chunk_end;
  return {ParseEvent::body, size, input.substr(0, size)};
}

/// RFC 9112, section 7.1: chunk-size [ chunk-ext ] CRLF. White space around the size is refused;
/// extensions are passed over, but each line's control bytes are looked at.
ParseStep Http1BodyParser::next_chunk_size(std::string_view input) {
  const std::string_view window = input.substr(0, limits_.chunk_line_bytes);
  std::uint64_t size = 0;
  std::size_t digits = 0;
  for (; digits < window.size(); ++digits) {
    const unsigned value = hex_value(window[digits]);
    if (value == 16) break;
    if (digits == kMaxSizeDigits || size >> 59U != 0) return refuse(Refusal::chunk_size_malformed);
    size = size << 4U | value;
  }
  if (digits < window.size()) {
    if (digits == 0) return refuse(Refusal::chunk_size_malformed);
    if (window[digits] == '\r' && digits + 1 < window.size() && window[digits + 1] == '\n')
      return begin_chunk(size, digits + 2);
    if (!http1::is_control(window[digits]) && window[digits] != ';')
      return refuse(Refusal::chunk_size_malformed);
  }
  cursor_.scanned = std::max(cursor_.scanned, static_cast<std::uint32_t>(digits));
  const Scan line =
      http1::scan_line(input, cursor_, limits_.chunk_line_bytes, Refusal::chunk_line_too_long);
  if (line.progress == Scan::Progress::incomplete) return {};
  if (line.progress == Scan::Progress::refused) return refuse(line.refusal);
  return begin_chunk(size, line.line_end + std::size_t{2});
}

/// Extensions could make a peer read kilobytes for each byte of content. Each chunk earns 16 bytes
/// of framing and twice its content; what goes beyond adds up to a limit (as Go's net/http does
/// since CVE-2023-39326), so that honest streams of small chunks may go on for ever.
ParseStep Http1BodyParser::begin_chunk(std::uint64_t size, std::size_t line_size) {
  const std::uint64_t earned = 16 + 2 * std::min(size, std::uint64_t{1} << 32U);
  const std::uint64_t spent = overhead_ + line_size;
  overhead_ = spent > earned ? spent - earned : 0;
  if (overhead_ > std::uint64_t{4} * limits_.chunk_line_bytes)
    return refuse(Refusal::chunk_line_too_long);
  cursor_ = {};
  left_ = size;
  state_ = size == 0 ? State::trailers : State::chunk_data;
  return {ParseEvent::need_more, line_size, {}};
}

ParseStep Http1BodyParser::next_chunk_end(std::string_view input) {
  if (input.empty()) return {};
  if (input[0] != '\r') return refuse(Refusal::chunk_data_malformed);
  if (input.size() == 1) return {};
  if (input[1] != '\n') return refuse(Refusal::chunk_data_malformed);
  state_ = State::chunk_size;
  return {ParseEvent::need_more, 2, {}};
}

ParseStep Http1BodyParser::next_trailers(std::string_view input) {
  const Scan section = http1::scan_fields(input, cursor_, limits_.trailer_bytes,
                                          Refusal::trailers_too_large, limits_.fields, trailers_);
  if (section.progress == Scan::Progress::incomplete) return {};
  if (section.progress == Scan::Progress::refused) return refuse(section.refusal);
  trailers_.rebase(input.data());
  for (const Field& field : trailers_)
    if (http1::is_forbidden_trailer(field, trailers_.name(field)))
      return refuse(Refusal::trailer_forbidden);
  state_ = State::done;
  return {ParseEvent::end, section.line_end + std::size_t{2}, {}};
}

}  // namespace teal::net
