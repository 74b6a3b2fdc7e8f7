#include "net/tls/mac.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

#include "base/assert.h"

// OpenSSL 3 would rather have EVP_MAC, which looks up, locks and allocates for every message. The
// hash itself is the same code.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace teal::net {
namespace {

using Block = std::array<std::uint8_t, SHA256_CBLOCK>;

SHA256_CTX after_block(const Block& block) {
  SHA256_CTX hash;
  SHA256_Init(&hash);
  SHA256_Update(&hash, block.data(), block.size());
  return hash;
}

/// A hash that has taken one block, from what it knew then.
SHA256_CTX resumed(std::span<const std::uint32_t, 8> state) {
  SHA256_CTX hash;
  SHA256_Init(&hash);
  std::ranges::copy(state, hash.h);
  hash.Nl = SHA256_CBLOCK * 8;  // Bits so far.
  return hash;
}

}  // namespace

Mac::Mac(std::span<const std::uint8_t, 32> key) {
  Block block{};
  const auto keyed = [&](std::uint8_t pad, HashState& state) {
    block.fill(pad);
    for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
    const SHA256_CTX hash = after_block(block);
    std::ranges::copy(hash.h, state.begin());
  };
  keyed(0x36, inner_);
  keyed(0x5c, outer_);
  OPENSSL_cleanse(block.data(), block.size());
}

Mac::Tag Mac::of(std::span<const std::uint8_t> message) const {
  Tag tag{};
  SHA256_CTX inner = resumed(inner_);
  SHA256_Update(&inner, message.data(), message.size());
  SHA256_Final(tag.data(), &inner);
  SHA256_CTX outer = resumed(outer_);
  SHA256_Update(&outer, tag.data(), tag.size());
  SHA256_Final(tag.data(), &outer);
  return tag;
}

bool are_equal_secretly(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  TEAL_ASSERT(a.size() == b.size());
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace teal::net
