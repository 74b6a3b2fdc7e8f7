#include "net/tls/tickets.h"

#include <array>
#include <cstdint>

#include <gtest/gtest.h>

namespace teal::net {
namespace {

TicketKey key(std::uint8_t byte) {
  std::array<std::uint8_t, TicketKey::kBytes> random{};
  random.fill(byte);
  return TicketKey::from(random);
}

TEST(TicketKeys, SealWithTheNewestAndOpenWithTheTwoBeforeIt) {
  const TicketKeys keys = TicketKeys(key(1)).rotated(key(2)).rotated(key(3));
  EXPECT_EQ(keys.newest(), key(3));
  for (const std::uint8_t each : std::array<std::uint8_t, 3>{1, 2, 3}) {
    const TicketKey* found = keys.find(key(each).name);
    ASSERT_NE(found, nullptr) << int{each};
    EXPECT_EQ(*found, key(each));
  }
}

TEST(TicketKeys, ForgetWhatIsOlder) {
  TicketKeys keys(key(1));
  for (std::uint8_t next = 2; next < 100; ++next) keys = keys.rotated(key(next));
  EXPECT_EQ(keys.size(), TicketKeys::kKept);
  EXPECT_EQ(keys.find(key(96).name), nullptr);
  EXPECT_NE(keys.find(key(97).name), nullptr);
}

TEST(TicketKeys, DoNotKnowOthers) {
  EXPECT_EQ(TicketKeys(key(1)).find(key(7).name), nullptr);
}

TEST(TicketKeys, TakeTheirPartsFromDifferentBytes) {
  std::array<std::uint8_t, TicketKey::kBytes> random{};
  for (std::size_t i = 0; i < random.size(); ++i) random[i] = static_cast<std::uint8_t>(i);
  const TicketKey made = TicketKey::from(random);
  EXPECT_EQ(made.name[0], 0);
  EXPECT_EQ(made.cipher[0], 16);
  EXPECT_EQ(made.mac[0], 48);
  EXPECT_EQ(made.mac[31], 79);
}

}  // namespace
}  // namespace teal::net
