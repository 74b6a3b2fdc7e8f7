// Path rules: what becomes of a path that two readers may understand in two ways, before a route is
// chosen: it is brought into the one form that both understand alike, refused, or passed as it is,
// as the listener says. What comes out is routed on and forwarded, byte by byte, so that no target
// sees another path than the one that was looked at (RFC 3986, sections 5.2.4 and 6.2.2).
//
// Dots that hide from these rules and that some servers find ("..%2F" decoded before the path is
// cut, "..;" and "..%3B" as path parameters) are refused in any case, unless dots may pass.
//
// Parameters (";x=1" in any segment, RFC 3986, section 3.3) belong to the path that a target sees,
// but not to what is routed: many servers cut them off before they choose what to serve, so that
// "/private;a" must not get past a route for "/private". That path is routed_path().
//
// Pure; looks at paths, never at queries.
#pragma once

#include <bit>
#include <cstddef>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "config/route.h"
#include "net/http/refusal.h"

namespace teal::net {

/// Where the path of a target ends, and whether nothing in it is odd: what nearly every path is.
struct PathScan {
  std::size_t size = 0;
  bool is_plain = false;
};

/// Byte by byte.
PathScan scan_path_bytewise(std::string_view target);

/// `readable`: so many bytes stand there from the target's first on, the target's or not. It may
/// find an oddity that is not there where the target ends in a slash.
inline PathScan scan_path(std::string_view target, [[maybe_unused]] std::size_t readable) {
  std::size_t at = 0;
#if defined(__SSE2__)
  // Each byte with its follower. A head has more behind its target, so that whole blocks do.
  constexpr std::size_t kBlock = 16;
  const auto load = [](const char* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  };
  const auto are = [](__m128i block, char c) { return _mm_cmpeq_epi8(block, _mm_set1_epi8(c)); };
  for (; at + kBlock < readable; at += kBlock) {
    const __m128i here = load(target.data() + at);
    const __m128i next = load(target.data() + at + 1);
    const __m128i begins =
        _mm_and_si128(are(here, '/'), _mm_or_si128(are(next, '/'), are(next, '.')));
    const __m128i marks =
        _mm_or_si128(_mm_or_si128(are(here, '%'), are(here, ';')), are(here, '\\'));
    const __m128i odd = _mm_or_si128(begins, marks);
    const auto odds = static_cast<unsigned>(_mm_movemask_epi8(odd));
    auto ends = static_cast<unsigned>(_mm_movemask_epi8(are(here, '?')));
    // A bit behind the last byte stands for the end of the target.
    const std::size_t left = target.size() - at;
    if (left <= kBlock) ends |= 1U << left;
    if (ends != 0) {
      const auto size = static_cast<unsigned>(std::countr_zero(ends));
      return {at + size, (odds & ((1U << size) - 1U)) == 0};
    }
    if (odds != 0) break;
  }
#endif
  const PathScan rest = scan_path_bytewise(target.substr(at));
  return {at + rest.size, rest.is_plain};
}

/// Writes the path that is to be forwarded, which is never longer than what came. A refusal where
/// the rules say so; `out` is of no use then.
Refusal normalise_path(std::string_view path, const config::PathRules& rules, std::string& out);

/// What of a normalised path is routed: the path without parameters, be their semicolons encoded
/// or not. `buffer` holds it where that is another one.
std::string_view routed_path(std::string_view path, const config::PathRules& rules,
                             std::string& buffer);

/// How many bytes of a normalised path the first `routed` bytes of its routed_path() stand for. A
/// segment that is covered is so with its parameters.
std::size_t forwarded_size(std::string_view path, const config::PathRules& rules,
                           std::size_t routed);

}  // namespace teal::net
