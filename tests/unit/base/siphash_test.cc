#include "base/siphash.h"

#include <gtest/gtest.h>

namespace teal {
namespace {

// The reference implementation's vectors_sip64[16] (github.com/veorq/SipHash): key 00 to 0f,
// message 00 to 0f.
TEST(SipHash, IsThatOfItsAuthors) {
  const SipKey key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
  EXPECT_EQ(siphash(key, 0x0706050403020100U, 0x0f0e0d0c0b0a0908U), 0x3f2acc7f57c29bdbU);
}

TEST(SipHash, DependsOnEveryWord) {
  const SipKey key{1, 2};
  const std::uint64_t hash = siphash(key, 3, 4);
  EXPECT_NE(siphash(key, 3, 5), hash);
  EXPECT_NE(siphash(key, 4, 4), hash);
  EXPECT_NE(siphash({1, 3}, 3, 4), hash);
  EXPECT_NE(siphash({2, 2}, 3, 4), hash);
}

}  // namespace
}  // namespace teal
