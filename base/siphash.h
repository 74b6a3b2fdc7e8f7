// SipHash-2-4 (Aumasson and Bernstein, INDOCRYPT 2012): a keyed hash of short messages. Whoever
// does not know the key can neither predict a value nor find messages that have a wanted one, and
// it costs some twenty nanoseconds. For messages of two words; not for what must be unforgeable on
// the wire (64 bits are too few: net/tls/mac.h).
//
// Pure.
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>

namespace teal {

struct SipKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  bool operator==(const SipKey&) const = default;
};

/// Of the sixteen bytes that `a` and `b` are in little-endian order.
constexpr std::uint64_t siphash(const SipKey& key, std::uint64_t a, std::uint64_t b) {
  std::uint64_t v0 = key.first ^ 0x736f6d6570736575U;
  std::uint64_t v1 = key.second ^ 0x646f72616e646f6dU;
  std::uint64_t v2 = key.first ^ 0x6c7967656e657261U;
  std::uint64_t v3 = key.second ^ 0x7465646279746573U;
  const auto rounds = [&](int count) {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = std::rotl(v1, 17) ^ v2;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 = std::rotl(v2, 32);
    }
  };
  constexpr std::uint64_t kLength = std::uint64_t{16} << 56U;
  for (const std::uint64_t word : {a, b, kLength}) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
  v2 ^= 0xffU;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace teal
