// What UTF-8 is: where a well-formed sequence ends, and which code point it stands for.
//
// Pure, any thread. Decides nothing about what may be shown: that is base/printable.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace teal {

/// Bytes of the well-formed sequence at the beginning of `text`, 0 where there is none (Unicode 15,
/// table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
constexpr std::size_t utf8_size(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t size = 0;
  if (lead >= 0xc2 && lead <= 0xdf) size = 2;
  if (lead >= 0xe0 && lead <= 0xef) size = 3;
  if (lead >= 0xf0 && lead <= 0xf4) size = 4;
  if (size == 0 || text.size() < size) return 0;
  // The second byte of these four leads has a narrower range.
  const unsigned low = lead == 0xe0 ? 0xa0U : lead == 0xf0 ? 0x90U : 0x80U;
  const unsigned high = lead == 0xed ? 0x9fU : lead == 0xf4 ? 0x8fU : 0xbfU;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < size; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  return size;
}

/// The code point of a sequence. Requires: utf8_size(sequence) == sequence.size().
constexpr std::uint32_t utf8_code_point(std::string_view sequence) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(sequence[i]));
  };
  switch (sequence.size()) {
    case 1: return byte(0);
    case 2: return (byte(0) & 0x1fU) << 6U | (byte(1) & 0x3fU);
    case 3: return (byte(0) & 0xfU) << 12U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
    default:
      return (byte(0) & 7U) << 18U | (byte(1) & 0x3fU) << 12U | (byte(2) & 0x3fU) << 6U |
             (byte(3) & 0x3fU);
  }
}

}  // namespace teal
