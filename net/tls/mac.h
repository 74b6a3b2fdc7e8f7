// Mac: HMAC-SHA-256 (RFC 2104, RFC 6234) under one key. The two hash states that the key makes are
// computed once, so that a message of up to 55 bytes costs two compressions and no allocation.
//
// An immutable value: any number of threads may ask it at once.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace teal::net {

class Mac {
 public:
  using Tag = std::array<std::uint8_t, 32>;

  explicit Mac(std::span<const std::uint8_t, 32> key);

  Tag of(std::span<const std::uint8_t> message) const;

 private:
  using HashState = std::array<std::uint32_t, 8>;

  HashState inner_{};
  HashState outer_{};
};

/// Takes as long wherever the first difference is. Requires: as many bytes each.
bool are_equal_secretly(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

}  // namespace teal::net
