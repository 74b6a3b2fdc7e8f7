// The few bytes of HTTP/1.1 that are not copied from somewhere: status lines, chunk framing, header
// lines. Appends to a caller's Text; pure.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/text.h"
#include "net/message.h"

namespace teal::net {

/// "HTTP/1.1 200 OK\r\n". The reason is the target's own if given, else the registered one.
void append_status_line(Text& out, std::uint16_t status, std::string_view reason);
/// "name: value\r\n". Inline, so that a literal name costs no call.
inline void append_field(Text& out, std::string_view name, std::string_view value) {
  const std::size_t size = name.size() + value.size() + 4;
  char* at = out.room(size);
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  *at++ = ':';
  *at++ = ' ';
  if (!value.empty()) std::memcpy(at, value.data(), value.size());
  at += value.size();
  *at++ = '\r';
  *at = '\n';
  out.advance(size);
}
/// "content-length: 123\r\n".
void append_content_length(Text& out, std::uint64_t length);
/// The registered reason phrase, "Unknown" where there is none.
std::string_view reason_phrase(std::uint16_t status);

/// "1f40\r\n" for a chunk of `size` bytes, in a buffer of its own (no allocation).
struct ChunkHeader {
  std::array<char, 18> text{};
  std::uint8_t size = 0;
  std::string_view view() const { return {text.data(), size}; }
};
/// Requires: size > 0; an empty chunk would end the body.
ChunkHeader chunk_header(std::uint64_t size);

inline constexpr std::string_view kCrlf = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";  ///< Without trailers.
inline constexpr std::string_view kLastChunkHead = "0\r\n";  ///< Trailers and CRLF follow.

}  // namespace teal::net
