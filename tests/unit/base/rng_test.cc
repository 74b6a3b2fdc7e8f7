#include "base/rng.h"

#include <gtest/gtest.h>

#include <array>

namespace teal {
namespace {

TEST(Rng, GivesTheSameNumbersForTheSameSeed) {
  Rng a{7};
  Rng b{7};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(Rng, DrawsEveryNumberBelowABoundAboutEquallyOften) {
  Rng rng{1};
  std::array<int, 10> seen{};
  for (int i = 0; i < 100'000; ++i) ++seen[rng.below(10)];
  for (const int n : seen) EXPECT_NEAR(n, 10'000, 400);
}

}  // namespace
}  // namespace teal
