// What names and hosts are nearly always made of, sixteen bytes at a time: letters, digits and a
// few neighbours of the hyphen. What is something else is looked at by whoever asks, byte by byte.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>

namespace teal::net {

/// One bit for each of 16 bytes that is between these two, both included.
inline __m128i are_between(__m128i block, char first, char last) {
  const __m128i offset = _mm_sub_epi8(block, _mm_set1_epi8(first));
  return _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8(static_cast<char>(last - first))),
                        offset);
}

/// One bit for each of 16 bytes that is neither a letter nor a digit nor between kFirst and kLast.
template <char kFirst, char kLast>
unsigned others_mask(const char* bytes) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i letter = are_between(_mm_or_si128(block, _mm_set1_epi8(0x20)), 'a', 'z');
  const __m128i digit = are_between(block, '0', '9');
  const __m128i more = are_between(block, kFirst, kLast);
  const __m128i plain = _mm_or_si128(_mm_or_si128(letter, digit), more);
  return static_cast<unsigned>(_mm_movemask_epi8(plain)) ^ 0xffffU;
}

}  // namespace teal::net
#endif
