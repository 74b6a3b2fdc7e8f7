#include "proxy/routing/balancer.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

constexpr std::uint64_t kSeed = 42;

std::vector<std::string> target_names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("10.0.0." + std::to_string(i) + ":8080");
  return names;
}

HashRing ring_of(const std::vector<std::string>& names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  return HashRing{views};
}

std::uint64_t key_number(std::size_t i) {
  return hash_key("client-" + std::to_string(i));
}

TEST(HashRing, SpreadsKeysEvenlyOverTargets) {
  const HashRing ring = ring_of(target_names(10));
  const std::vector<Candidate> candidates(10);
  std::vector<std::size_t> keys(10);
  for (std::size_t i = 0; i < 100'000; ++i) ++keys[ring.pick(key_number(i), candidates)];
  for (const std::size_t count : keys) EXPECT_NEAR(static_cast<double>(count), 10'000.0, 3000.0);
}

TEST(HashRing, MovesOnlyTheKeysOfATargetThatLeft) {
  std::vector<std::string> names = target_names(10);
  const HashRing before = ring_of(names);
  names.erase(names.begin() + 3);
  const HashRing after = ring_of(names);
  const std::vector<Candidate> ten(10);
  const std::vector<Candidate> nine(9);
  for (std::size_t i = 0; i < 20'000; ++i) {
    const std::size_t was = before.pick(key_number(i), ten);
    const std::size_t is = after.pick(key_number(i), nine);
    if (was == 3) continue;
    ASSERT_EQ(is, was > 3 ? was - 1 : was) << i;
  }
}

TEST(HashRing, SpreadsTheKeysOfATargetThatLeftOverTheOthers) {
  const HashRing ring = ring_of(target_names(5));
  const std::vector<Candidate> all(5);
  std::vector<Candidate> without = all;
  without[2].usable = false;
  std::vector<int> moved(5);
  for (std::size_t i = 0; i < 20'000; ++i)
    if (ring.pick(key_number(i), all) == 2) ++moved[ring.pick(key_number(i), without)];
  EXPECT_EQ(moved[2], 0);
  for (const std::size_t target : {0U, 1U, 3U, 4U}) EXPECT_GT(moved[target], 400) << target;
}

TEST(HashRing, GivesUnusableTargetsKeysToTheirSuccessorsAndTakesThemBack) {
  const HashRing ring = ring_of(target_names(4));
  std::vector<Candidate> candidates(4);
  const std::size_t home = ring.pick(77, candidates);
  candidates[home].usable = false;
  const std::size_t second = ring.pick(77, candidates);
  EXPECT_NE(second, home);
  candidates[second].usable = false;
  EXPECT_NE(ring.pick(77, candidates), second);
  candidates[home].usable = true;
  EXPECT_EQ(ring.pick(77, candidates), home);
}

TEST(HashRing, FindsTheOneUsableTargetOfManyForEveryKey) {
  const HashRing ring = ring_of(target_names(50));
  std::vector<Candidate> candidates(50, Candidate{0, false});
  candidates[31].usable = true;
  for (std::size_t i = 0; i < 1000; ++i) ASSERT_EQ(ring.pick(key_number(i), candidates), 31U);
}

TEST(HashRing, FindsNobodyWhereNobodyIsUsable) {
  const HashRing ring = ring_of(target_names(3));
  const std::vector<Candidate> candidates(3, Candidate{0, false});
  EXPECT_EQ(ring.pick(1, candidates), kNobody);
  EXPECT_EQ(HashRing{}.pick(1, {}), kNobody);
  EXPECT_TRUE(HashRing{}.empty());
}

TEST(HashRing, GoesRoundTheEndOfTheCircle) {
  const HashRing ring = ring_of(target_names(2));
  EXPECT_NE(ring.pick(~std::uint64_t{0}, std::vector<Candidate>(2)), kNobody);
}

TEST(RoundRobin, GivesEveryUsableTargetExactlyTheSame) {
  std::vector<Candidate> candidates(7);
  // The neighbours of unusable targets must not inherit their turns.
  for (const std::size_t unusable : {1U, 2U, 5U}) candidates[unusable].usable = false;
  Balancer balancer{kSeed};
  std::vector<int> picks(7);
  for (int i = 0; i < 400; ++i) ++picks[balancer.round_robin(candidates)];
  EXPECT_EQ(picks, (std::vector<int>{100, 0, 0, 100, 100, 0, 100}));
}

TEST(RoundRobin, TakesTargetsInTurn) {
  const std::vector<Candidate> candidates(5);
  Balancer balancer{kSeed};
  std::size_t last = balancer.round_robin(candidates);
  for (int i = 0; i < 20; ++i) {
    const std::size_t next = balancer.round_robin(candidates);
    EXPECT_EQ(next, (last + 1) % 5);
    last = next;
  }
}

TEST(RoundRobin, StartsAtDifferentTargetsInDifferentWorkers) {
  const std::vector<Candidate> candidates(4);
  std::vector<int> first(4);
  for (std::uint64_t worker = 0; worker < 400; ++worker)
    ++first[Balancer{worker}.round_robin(candidates)];
  for (const int count : first) EXPECT_GT(count, 60);
}

TEST(RoundRobin, SurvivesAChangeOfTheNumberOfTargets) {
  Balancer balancer{kSeed};
  for (std::size_t size = 9; size > 0; --size) {
    const std::vector<Candidate> candidates(size);
    for (int i = 0; i < 5; ++i) EXPECT_LT(balancer.round_robin(candidates), size);
  }
}

TEST(RoundRobin, FindsNobodyWhereNobodyIsUsable) {
  Balancer balancer{kSeed};
  EXPECT_EQ(balancer.round_robin({}), kNobody);
  EXPECT_EQ(balancer.round_robin(std::vector<Candidate>(3, Candidate{0, false})), kNobody);
}

TEST(LeastRequest, TakesTheLessBusyOfTwo) {
  Balancer balancer{kSeed};
  const std::vector<Candidate> candidates{{5, true}, {4, true}};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(balancer.least_request(candidates), 1U);
}

TEST(LeastRequest, NeverTakesTheBusiestOfMany) {
  Balancer balancer{kSeed};
  const std::vector<Candidate> candidates{{1, true}, {9, true}, {2, true}, {3, true}};
  for (int i = 0; i < 1000; ++i) EXPECT_NE(balancer.least_request(candidates), 1U);
}

TEST(LeastRequest, FavoursNobodyAmongEquals) {
  Balancer balancer{kSeed};
  const std::vector<Candidate> candidates(5, Candidate{3, true});
  std::vector<int> picks(5);
  for (int i = 0; i < 10'000; ++i) ++picks[balancer.least_request(candidates)];
  for (const int count : picks) EXPECT_NEAR(count, 2000, 200);
}

TEST(LeastRequest, PicksOnlyUsableTargetsHoweverFewTheyAre) {
  for (std::size_t usable = 1; usable <= 3; ++usable) {
    Balancer balancer{kSeed};
    std::vector<Candidate> candidates(100, Candidate{0, false});
    for (std::size_t i = 0; i < usable; ++i) candidates[20 + 30 * i].usable = true;
    std::vector<int> picks(100);
    for (int i = 0; i < 3000; ++i) ++picks[balancer.least_request(candidates)];
    for (std::size_t i = 0; i < usable; ++i)
      EXPECT_NEAR(picks[20 + 30 * i], 3000.0 / static_cast<double>(usable), 200) << usable;
  }
}

TEST(LeastRequest, ComparesLoadsWhenItHasToCountTheUsableOnes) {
  Balancer balancer{kSeed};
  std::vector<Candidate> candidates(100, Candidate{0, false});
  candidates[10] = {7, true};
  candidates[90] = {6, true};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(balancer.least_request(candidates), 90U);
}

TEST(LeastRequest, FindsNobodyWhereNobodyIsUsable) {
  Balancer balancer{kSeed};
  EXPECT_EQ(balancer.least_request({}), kNobody);
  EXPECT_EQ(balancer.least_request(std::vector<Candidate>(1, Candidate{0, false})), kNobody);
  EXPECT_EQ(balancer.least_request(std::vector<Candidate>(8, Candidate{0, false})), kNobody);
  EXPECT_EQ(balancer.least_request(std::vector<Candidate>(1)), 0U);
}

TEST(HashKey, TellsSimilarKeysApartInTheHighBits) {
  std::vector<std::uint64_t> tops;
  for (std::size_t i = 0; i < 64; ++i) tops.push_back(key_number(i) >> 56U);
  std::ranges::sort(tops);
  const auto repeated = std::ranges::unique(tops);
  EXPECT_GT(std::distance(tops.begin(), repeated.begin()), 40);
}

// ---- slow start ---------------------------------------------------------------------------------

TEST(SlowStart, GrowsFromItsLeastToTheWhole) {
  const config::SlowStart even{.window = std::chrono::seconds{10}};
  EXPECT_EQ(slow_start_share(even, Millis{0}), 1000U);
  EXPECT_EQ(slow_start_share(even, Millis{500}), 1000U);
  EXPECT_EQ(slow_start_share(even, Millis{5000}), 5000U);
  EXPECT_EQ(slow_start_share(even, Millis{10'000}), 10'000U);
  EXPECT_EQ(slow_start_share(even, Millis{99'000}), 10'000U);
}

TEST(SlowStart, GrowsFasterAtFirstWithMoreAggression) {
  const config::SlowStart eager{.window = std::chrono::seconds{10}, .aggression = 2};
  EXPECT_EQ(slow_start_share(eager, Millis{2500}), 5000U);
}

TEST(SlowStart, TakesATimeInTheFutureForTheBeginning) {
  const config::SlowStart even{.window = std::chrono::seconds{10}};
  EXPECT_EQ(slow_start_share(even, Millis{-50}), 1000U);
}

}  // namespace
}  // namespace teal::proxy
