#include "net/tls/mac.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace teal::net {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string hex(const Mac::Tag& tag) {
  std::string text;
  for (const std::uint8_t byte : tag) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

/// A shorter key is the same as one with zeros behind it (RFC 2104, section 2).
Mac mac_of(std::string_view key) {
  std::array<std::uint8_t, 32> padded{};
  std::ranges::copy(key, padded.begin());
  return Mac(padded);
}

// RFC 4231, section 4.
TEST(Mac, IsHmacSha256) {
  EXPECT_EQ(hex(mac_of(std::string(20, '\x0b')).of(bytes_of("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(mac_of("Jefe").of(bytes_of("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(mac_of(std::string(20, '\xaa')).of(bytes_of(std::string(50, '\xdd')))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
}

TEST(Mac, TakesMessagesOfAnyLength) {
  const Mac mac = mac_of("key");
  const std::string longer(200, 'x');
  for (const std::size_t size : {0U, 55U, 56U, 63U, 64U, 65U, 199U})
    EXPECT_NE(mac.of(bytes_of(std::string_view(longer).substr(0, size))), mac.of(bytes_of(longer)))
        << size;
}

TEST(Mac, ComparesEveryByte) {
  Mac::Tag a{};
  for (std::size_t i = 0; i < a.size(); ++i) {
    Mac::Tag b{};
    EXPECT_TRUE(are_equal_secretly(a, b));
    b[i] = 1;
    EXPECT_FALSE(are_equal_secretly(a, b)) << i;
  }
}

}  // namespace
}  // namespace teal::net
