#include "proxy/policy/idle_budget.h"

#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace teal::proxy {
namespace {

std::uint32_t fill(IdleShare& share, std::uint32_t wanted) {
  std::uint32_t got = 0;
  while (got < wanted && share.enter()) ++got;
  return got;
}

void end_period(IdleShare& share) {
  const std::uint32_t closed = share.end_period();
  for (std::uint32_t i = 0; i < closed; ++i) share.leave();
  if (closed > 0) share.give_back_unused();
  share.look();
}

TEST(IdleBudget, LetsOneWorkerOfSixteenKeepAllThereIs) {
  IdleBudget budget(1000, 16);
  IdleShare busy(budget);
  EXPECT_EQ(fill(busy, 5000), 1000U);
  EXPECT_EQ(budget.taken(), 1000U);
}

TEST(IdleBudget, KeepsNothingWhereNothingMayBeKept) {
  IdleBudget budget(0, 4);
  IdleShare share(budget);
  EXPECT_FALSE(share.enter());
}

TEST(IdleBudget, IsNotAskedForConnectionsThatComeAndGo) {
  IdleBudget budget(1000, 2);
  IdleShare share(budget);
  ASSERT_EQ(fill(share, 10), 10U);
  const std::uint32_t taken = budget.taken();
  for (int i = 0; i < 100; ++i) {
    share.leave();
    ASSERT_TRUE(share.enter());
  }
  EXPECT_EQ(budget.taken(), taken);
}

TEST(IdleBudget, TakesASmallLimitPlaceByPlace) {
  IdleBudget budget(3, 16);
  IdleShare a(budget), b(budget), c(budget);
  EXPECT_TRUE(a.enter());
  EXPECT_TRUE(b.enter());
  EXPECT_TRUE(c.enter());
  EXPECT_FALSE(a.enter());
  b.leave();
  bool got = false;
  for (int period = 0; period < 4 && !got; ++period) {
    end_period(b);
    a.look();
    got = a.enter();
  }
  EXPECT_TRUE(got) << "what b does not use any more is for others";
}

TEST(IdleBudget, AsksOnceOnlyUntilItLooksAgain) {
  IdleBudget budget(1, 1);
  IdleShare share(budget);
  ASSERT_TRUE(share.enter());
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(share.enter());
  EXPECT_EQ(budget.misses(), 1U);
}

TEST(IdleBudget, AWorkerThatGoesShortGetsItsPartFromOneThatHasMore) {
  IdleBudget budget(100, 2);
  IdleShare rich(budget), poor(budget);
  ASSERT_EQ(fill(rich, 100), 100U);
  std::uint32_t kept = 0;
  for (int period = 0; period < 20; ++period) {
    kept += fill(poor, 50 - kept);
    end_period(rich);
    end_period(poor);
    ASSERT_LE(budget.taken(), 100U);
  }
  EXPECT_EQ(kept, 50U);
  EXPECT_EQ(rich.used(), 50U);
}

TEST(IdleBudget, AWorkerThatIsShortByItselfGivesNothingAway) {
  IdleBudget budget(100, 4);
  IdleShare only(budget);
  for (int period = 0; period < 10; ++period) {
    fill(only, 200);
    end_period(only);
    EXPECT_EQ(only.used(), 100U) << period;
  }
}

/// Workers that need now this, now that: the limit holds, and nothing is lost.
TEST(IdleBudget, IsNeverOverTheLimitWhateverWorkersDo) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    const std::uint32_t limit = rng.below(400);
    IdleBudget budget(limit, 8);
    {
      std::vector<std::unique_ptr<IdleShare>> shares;
      for (int i = 0; i < 8; ++i) shares.push_back(std::make_unique<IdleShare>(budget));
      for (int step = 0; step < 2000; ++step) {
        IdleShare& share = *shares[rng.below(8)];
        switch (rng.below(4)) {
          case 0: end_period(share); break;
          case 1:
            for (std::uint32_t i = rng.below(40); i > 0 && share.used() > 0; --i) share.leave();
            break;
          default: fill(share, rng.below(60));
        }
        std::uint32_t held = 0;
        for (const auto& each : shares) {
          ASSERT_LE(each->used(), each->held());
          held += each->held();
        }
        ASSERT_EQ(held, budget.taken()) << seed;
        ASSERT_LE(held, limit) << seed;
      }
    }
    EXPECT_EQ(budget.taken(), 0U);
  }
}

TEST(IdleBudget, IsExactOverThreads) {
  IdleBudget budget(100, 4);
  std::vector<std::jthread> threads;
  std::atomic<std::uint32_t> kept{0};
  std::atomic<bool> is_exact{true};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      IdleShare share(budget);
      for (int round = 0; round < 2000; ++round) {
        const std::uint32_t got = fill(share, 40);
        if (kept.fetch_add(got) + got > 100) is_exact = false;
        kept.fetch_sub(got);
        for (std::uint32_t j = 0; j < got; ++j) share.leave();
        end_period(share);
      }
    });
  threads.clear();
  EXPECT_TRUE(is_exact);
  EXPECT_EQ(budget.taken(), 0U);
}

}  // namespace
}  // namespace teal::proxy
