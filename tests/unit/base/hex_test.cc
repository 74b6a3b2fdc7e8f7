#include "base/hex.h"

#include <array>

#include <gtest/gtest.h>

namespace teal {
namespace {

TEST(Hex, EveryByteIsTwoDigits) {
  EXPECT_EQ(to_hex(std::array<std::uint8_t, 4>{0x00, 0x0a, 0xa0, 0xff}), "000aa0ff");
  EXPECT_EQ(to_hex({}), "");
}

}  // namespace
}  // namespace teal
