// The ids of a request (proxy/headers/rewrite.h): X-Request-Id and W3C Trace Context, level 2.
#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/ascii.h"
#include "proxy/headers/rewrite.h"

namespace teal::proxy {

namespace {

using net::HeaderId;

#if defined(__SSE2__)
/// The digits of sixteen nibbles.
void store_digits(char* at, __m128i nibbles) {
  const __m128i above_nine = _mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9));
  const __m128i to_letter = _mm_and_si128(above_nine, _mm_set1_epi8('a' - '0' - 10));
  const __m128i digits = _mm_add_epi8(_mm_add_epi8(nibbles, _mm_set1_epi8('0')), to_letter);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(at), digits);
}
#endif

/// The digits of two numbers, all at once rather than one by one.
std::array<char, 32> hex_of(std::uint64_t first, std::uint64_t second) {
  std::array<char, 32> text;
#if defined(__SSE2__)
  const __m128i bytes = _mm_set_epi64x(static_cast<std::int64_t>(__builtin_bswap64(second)),
                                       static_cast<std::int64_t>(__builtin_bswap64(first)));
  const __m128i low_nibble = _mm_set1_epi8(0x0f);
  const __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), low_nibble);
  const __m128i low = _mm_and_si128(bytes, low_nibble);
  store_digits(&text[0], _mm_unpacklo_epi8(high, low));
  store_digits(&text[16], _mm_unpackhi_epi8(high, low));
#else
  constexpr std::string_view kHex = "0123456789abcdef";
  for (std::size_t i = 16; i-- > 0; first >>= 4U) text[i] = kHex[first & 0xfU];
  for (std::size_t i = 32; i-- > 16; second >>= 4U) text[i] = kHex[second & 0xfU];
#endif
  return text;
}

/// `kSize` of the digits; a size that is known costs a move or two.
template <std::size_t kSize>
char* put(char* at, const char* digits) {
  std::memcpy(at, digits, kSize);
  return at + kSize;
}

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool all_zero(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '0'; });
}

/// Where the parts of a traceparent stand: "00-<32 trace>-<16 span>-<2 flags>".
constexpr std::size_t kTraceAt = 3, kTraceSize = std::tuple_size_v<TraceId>;
constexpr std::size_t kSpanAt = 36, kSpanSize = 16;
constexpr std::size_t kFlagsAt = 53, kSize = 55;

/// Trace Context, section 3.2.2: strict for version 00; a higher version may go on behind the part
/// that is known, after a dash.
bool is_valid_traceparent(std::string_view text) {
  if (text.size() < kSize) return false;
  if (text[2] != '-' || text[kSpanAt - 1] != '-' || text[kFlagsAt - 1] != '-') return false;
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace = text.substr(kTraceAt, kTraceSize);
  const std::string_view span = text.substr(kSpanAt, kSpanSize);
  if (!is_lower_hex(version) || version == "ff") return false;
  if (text.size() > kSize && (version == "00" || text[kSize] != '-')) return false;
  return is_lower_hex(trace) && !all_zero(trace) && is_lower_hex(span) && !all_zero(span) &&
         is_lower_hex(text.substr(kFlagsAt, 2));
}

/// Safe to be written into a log or a header as it is.
bool is_safe_id(std::string_view id) {
  return !id.empty() && id.size() <= sizeof RequestIds::request_id &&
         std::ranges::all_of(
             id, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

/// UUID version 4 (RFC 9562, section 5.4).
void put_uuid(char* at, Rng& rng) {
  const std::uint64_t high = (rng.next() & ~std::uint64_t{0xf000}) | 0x4000U;
  const std::uint64_t low = (rng.next() & ~(std::uint64_t{0xc} << 60U)) | (std::uint64_t{8} << 60U);
  const std::array<char, 32> digits = hex_of(high, low);
  at = put<8>(at, &digits[0]);
  *at++ = '-';
  at = put<4>(at, &digits[8]);
  *at++ = '-';
  at = put<4>(at, &digits[12]);
  *at++ = '-';
  at = put<4>(at, &digits[16]);
  *at++ = '-';
  put<12>(at, &digits[20]);
}

}  // namespace

void make_request_ids(const net::RequestHead& head, const Peer& peer, Rng& rng, RequestIds& out) {
  std::string_view id;
  std::string_view parent;
  int parents = 0;
  if (peer.trusted) id = head.fields.get(HeaderId::x_request_id);
  if (head.fields.has(HeaderId::traceparent))
    for (const net::Field& field : head.fields)
      if (field.id == HeaderId::traceparent) {
        parent = head.fields.value(field);
        ++parents;
      }

  if (is_safe_id(id)) {
    std::copy(id.begin(), id.end(), out.request_id);
    out.request_id_size = static_cast<std::uint8_t>(id.size());
  } else {
    put_uuid(out.request_id, rng);
    out.request_id_size = sizeof out.request_id;
  }

  out.trace.reset();
  if (parents == 1 && is_valid_traceparent(parent))
    std::copy_n(parent.begin() + kTraceAt, kTraceSize, out.trace.emplace().begin());
}

}  // namespace teal::proxy
