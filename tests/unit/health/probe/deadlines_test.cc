#include "health/probe/deadlines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "base/rng.h"

namespace teal::health {
namespace {

struct Item : HasDeadline {
  int name = 0;
};

constexpr Mono at(int micros) {
  return Mono(Micros{micros});
}

TEST(Deadlines, GivesTheEarliestFirst) {
  Deadlines<Item> deadlines;
  std::vector<Item> items(3);
  deadlines.set(items[0], at(30));
  deadlines.set(items[1], at(10));
  deadlines.set(items[2], at(20));
  EXPECT_EQ(deadlines.earliest(), at(10));
  EXPECT_EQ(&deadlines.take(), &items[1]);
  EXPECT_FALSE(items[1].has_deadline());
  EXPECT_EQ(&deadlines.take(), &items[2]);
  EXPECT_EQ(&deadlines.take(), &items[0]);
  EXPECT_TRUE(deadlines.empty());
}

TEST(Deadlines, MovesADeadlineEitherWay) {
  Deadlines<Item> deadlines;
  std::vector<Item> items(2);
  deadlines.set(items[0], at(10));
  deadlines.set(items[1], at(20));
  deadlines.set(items[0], at(30));
  EXPECT_EQ(deadlines.size(), 2U);
  EXPECT_EQ(deadlines.earliest(), at(20));
  deadlines.set(items[0], at(5));
  EXPECT_EQ(&deadlines.take(), &items[0]);
}

TEST(Deadlines, ForgetsWhoHasNone) {
  Deadlines<Item> deadlines;
  Item item;
  deadlines.erase(item);
  deadlines.set(item, at(1));
  deadlines.erase(item);
  EXPECT_TRUE(deadlines.empty());
}

TEST(Deadlines, KeepsTheOrderWhateverIsSetAndErased) {
  constexpr std::uint64_t kSeed = 5;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  Rng rng(kSeed);
  Deadlines<Item> deadlines;
  std::vector<Item> items(200);
  std::map<Item*, Mono> expected;
  for (int step = 0; step < 20'000; ++step) {
    Item& item = items[rng.below(200)];
    switch (rng.below(4)) {
      case 0:
        deadlines.erase(item);
        expected.erase(&item);
        break;
      case 1:
        if (!deadlines.empty()) {
          Mono least = Mono::max();
          for (const auto& [each, when] : expected) least = std::min(least, when);
          ASSERT_EQ(deadlines.earliest(), least);
          Item& first = deadlines.take();
          ASSERT_EQ(expected.at(&first), least);
          expected.erase(&first);
        }
        break;
      default: {
        const Mono when = at(static_cast<int>(rng.below(1000)));
        deadlines.set(item, when);
        expected[&item] = when;
      }
    }
    ASSERT_EQ(deadlines.size(), expected.size());
  }
}

}  // namespace
}  // namespace teal::health
