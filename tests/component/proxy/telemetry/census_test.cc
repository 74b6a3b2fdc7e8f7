#include "proxy/telemetry/census.h"

#include <thread>

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

constexpr std::uint64_t kRounds = 50'000;

TEST(CensusBox, HandsOverTheNewestWhileBothSidesWork) {
  CensusBox box;
  std::jthread worker([&] {
    for (std::uint64_t round = 1; round <= kRounds; ++round) {
      std::unique_ptr<Census> census = box.take_spare();
      census->table = round;
      census->slots.assign(round % 7, {static_cast<SlotId>(round % 5), round, Mono{}});
      box.put(std::move(census));
    }
  });
  std::uint64_t last = 0;
  while (last < kRounds) {
    const Census* const census = box.latest();
    if (census == nullptr || census->table == last) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_GE(census->table, last) << "never an older one again";
    last = census->table;
    ASSERT_EQ(census->slots.size(), last % 7);
    for (const Census::Slot& slot : census->slots) ASSERT_EQ(slot.requests, last);
  }
}

TEST(CensusBox, HasNothingBeforeTheFirst) {
  CensusBox box;
  EXPECT_EQ(box.latest(), nullptr);
  box.put(box.take_spare());
  const Census* const census = box.latest();
  EXPECT_NE(census, nullptr);
  EXPECT_EQ(box.latest(), census) << "the same until there is a newer one";
}

}  // namespace
}  // namespace teal::proxy
