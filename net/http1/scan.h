// The scanner under the HTTP/1 parsers, private to net/: finds line ends, cuts field lines. What is
// no byte of a field value is the same for HTTP/2 (net/http2/head.cc).
//
// A line is looked at once: one SSE2 pass finds the first control byte, which must be the CR of its
// CRLF (so bare CR, bare LF, NUL and their like need no pass of their own), then a table walk over
// the field name. Does not know what any field means (net/http1/framing.h).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "net/http/token.h"
#include "net/http1/parser.h"

namespace teal::net::http1 {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// Control bytes but for the tab, which field values may hold (RFC 9110, section 5.5).
constexpr bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

#if defined(__SSE2__)
/// One bit for each of 16 bytes that is a control byte or a tab.
inline unsigned low_mask(const char* bytes) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i below_space = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
  const __m128i del = _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(below_space, del)));
}
#endif

/// The first control byte or tab in [from, size), or `size`. Tabs are so rare that passing over
/// them is left to find_control().
inline std::size_t find_low(const char* bytes, std::size_t from, std::size_t size) {
#if defined(__SSE2__)
  for (; from + 16 <= size; from += 16)
    if (const unsigned mask = low_mask(bytes + from); mask != 0)
      return from + static_cast<std::size_t>(std::countr_zero(mask));
  if (size >= 16) {
    // The last block overlaps what was looked at; those bits are shifted out.
    const unsigned mask = low_mask(bytes + size - 16) >> (from - (size - 16));
    return mask == 0 ? size : from + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  while (from < size && !is_control(bytes[from]) && bytes[from] != '\t') ++from;
  return from;
}

/// The first control byte in [from, size), or `size`.
inline std::size_t find_control(const char* bytes, std::size_t from, std::size_t size) {
  from = find_low(bytes, from, size);
  while (from < size && bytes[from] == '\t') [[unlikely]]
    from = find_low(bytes, from + 1, size);
  return from;
}

/// The outcome of looking for a line or for a whole section.
struct Scan {
  enum class Progress : std::uint8_t { incomplete, complete, refused };

  Progress progress = Progress::incomplete;
  Refusal refusal = Refusal::none;
  std::uint32_t line_end = 0;  ///< Where the CR of a complete line stands.
};

inline Scan refused(Refusal refusal) {
  return {Scan::Progress::refused, refusal, 0};
}

/// Looks for the end of the line at `cursor`, which must end within `limit` bytes of the input's
/// beginning, else it is refused as `over_limit`. What is found does not depend on how the bytes
/// come in: bytes behind the limit are not looked at.
inline Scan scan_line(std::string_view input, LineCursor& cursor, std::size_t limit,
                      Refusal over_limit) {
  const std::size_t window = input.size() < limit ? input.size() : limit;
  const std::size_t at = find_control(input.data(), cursor.scanned, window);
  if (at + 1 < window && input[at] == '\r' && input[at + 1] == '\n') [[likely]]
    return {Scan::Progress::complete, Refusal::none, static_cast<std::uint32_t>(at)};
  if (at == window || (input[at] == '\r' && at + 1 == window)) {
    if (input.size() >= limit) return refused(over_limit);
    cursor.scanned = static_cast<std::uint32_t>(at);
    return {};
  }
  if (input[at] == '\r') return refused(Refusal::bare_cr);
  return refused(input[at] == '\n' ? Refusal::bare_lf : Refusal::control_character);
}

/// Goes on behind the line that ended at `line_end`.
inline void pass_line(LineCursor& cursor, std::uint32_t line_end) {
  cursor.line_at = cursor.scanned = line_end + 2;
}

/// Reads field lines up to and including the empty one; `cursor` is then behind it.
Scan scan_fields(std::string_view input, LineCursor& cursor, std::size_t limit, Refusal over_limit,
                 std::uint32_t max_fields, Fields& fields);

}  // namespace teal::net::http1
