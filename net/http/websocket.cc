#include "net/http/websocket.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "base/assert.h"

namespace teal::net {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

template <std::size_t kSize>
std::string base64(const std::array<unsigned char, kSize>& bytes) {
  // Four letters for three bytes begun, and a zero.
  std::array<unsigned char, (kSize + 2) / 3 * 4 + 1> text{};
  const int size = EVP_EncodeBlock(text.data(), bytes.data(), kSize);
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)};
}

}  // namespace

std::string make_websocket_key(Rng& rng) {
  std::array<unsigned char, 16> bytes{};
  const std::array<std::uint64_t, 2> drawn{rng.next(), rng.next()};
  std::memcpy(bytes.data(), drawn.data(), bytes.size());
  return base64(bytes);
}

std::string websocket_accept(std::string_view key) {
  std::string text(key);
  text += kGuid;
  std::array<unsigned char, 20> digest{};
  unsigned size = digest.size();
  const int made = EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  TEAL_ASSERT(made == 1 && size == digest.size());
  return base64(digest);
}

}  // namespace teal::net
