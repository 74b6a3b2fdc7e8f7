// The few bytes of HTTP/1.1 that are not copied from somewhere: status lines, chunk framing, header
// lines. Writes by the caller's writer, who has asked for the room; pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/buffer_writer.h"
#include "net/http/message.h"

namespace teal::net {

/// "HTTP/1.1 200 OK\r\n". The reason is the target's own if given, else the registered one.
BufferWriter put_status_line(BufferWriter writer, std::uint16_t status, std::string_view reason);
/// "name: value\r\n". A literal name costs no call.
template <std::size_t kTerminated>
[[gnu::always_inline]] inline BufferWriter put_field(BufferWriter writer,
                                                     const char (&name)[kTerminated],
                                                     std::string_view value) {
  writer += name;
  writer += ": ";
  writer += value;
  return writer += "\r\n";
}
[[gnu::always_inline]] inline BufferWriter put_field(BufferWriter writer, std::string_view name,
                                                     std::string_view value) {
  writer += name;
  writer += ": ";
  writer += value;
  return writer += "\r\n";
}
/// "content-length: 123\r\n"
[[gnu::always_inline]] inline BufferWriter put_content_length(BufferWriter writer,
                                                              std::uint64_t length) {
  writer += "content-length: ";
  writer += length;
  return writer += "\r\n";
}
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
