#include "proxy/routing/splitter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

constexpr std::uint64_t kSeed = 20261123;

std::uint32_t release_count(Splitter& splitter, Weight weight, std::uint32_t requests) {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < requests; ++i) count += splitter.draw(weight).release ? 1 : 0;
  return count;
}

TEST(Splitter, GivesTheReleaseItsExactShareOfTenThousandRequests) {
  for (const std::uint32_t points : {50U, 100U, 1000U, 3333U, 5000U, 1U, 9999U, 6667U, 33U}) {
    Splitter splitter{kSeed};
    const std::uint32_t count = release_count(splitter, Weight{points}, 10'000);
    EXPECT_NEAR(count, points, 1) << points;
  }
}

TEST(Splitter, IsNeverFurtherFromItsShareThanTheRarerSidesPlacesOfOneBlock) {
  for (std::uint32_t points = 1; points < Weight::kWhole; points += 13) {
    const Weight weight{points};
    Splitter splitter{kSeed + points};
    const double share = points / 10'000.0;
    const double length = Splitter::block_length(weight);
    const double bound = std::ceil(length * std::min(share, 1 - share)) + 1;
    double count = 0;
    for (int n = 1; n <= 3000; ++n) {
      count += splitter.draw(weight).release ? 1 : 0;
      ASSERT_LE(std::abs(count - n * share), bound) << points << " after " << n;
    }
  }
}

TEST(Splitter, IsWithinOneRequestAtEveryBlockBorder) {
  for (std::uint32_t points = 1; points < Weight::kWhole; points += 11) {
    const Weight weight{points};
    Splitter splitter{kSeed + points};
    const std::uint32_t length = Splitter::block_length(weight);
    std::uint64_t count = 0;
    for (std::uint64_t block = 1; block <= 20; ++block) {
      count += release_count(splitter, weight, length);
      ASSERT_EQ(count, block * length * points / 10'000) << points << " after " << block;
    }
  }
}

TEST(Splitter, ChoosesTheShortestBlockOfWholePlacesOrAboutAHundred) {
  EXPECT_EQ(Splitter::block_length(Weight{5000}), 2U);
  EXPECT_EQ(Splitter::block_length(Weight{1000}), 10U);
  EXPECT_EQ(Splitter::block_length(Weight{50}), 200U);
  EXPECT_EQ(Splitter::block_length(Weight{10}), 1000U);
  EXPECT_EQ(Splitter::block_length(Weight{3333}), 100U);
  EXPECT_EQ(Splitter::block_length(Weight{33}), 304U);
  EXPECT_EQ(Splitter::block_length(Weight{9967}), 304U);
  EXPECT_EQ(Splitter::block_length(Weight{1}), 10'000U);
  EXPECT_EQ(Splitter::block_length(Weight{9999}), 10'000U);
}

TEST(Splitter, SendsNobodyToTheReleaseAtZeroAndEverybodyAtTheWhole) {
  Splitter splitter{kSeed};
  EXPECT_EQ(release_count(splitter, Weight::none(), 1000), 0U);
  EXPECT_EQ(release_count(splitter, Weight::all(), 1000), 1000U);
}

TEST(Splitter, DrawsNoRandomNumberAtZeroAndAtTheWhole) {
  Splitter idle{kSeed};
  Splitter fresh{kSeed};
  release_count(idle, Weight::none(), 17);
  release_count(idle, Weight::all(), 17);
  for (int i = 0; i < 200; ++i)
    ASSERT_EQ(idle.draw(Weight{1000}).release, fresh.draw(Weight{1000}).release);
}

TEST(Splitter, StartsANewBlockWhenTheWeightChanges) {
  Splitter splitter{kSeed};
  for (int round = 0; round < 50; ++round) {
    release_count(splitter, Weight{1000}, 7);
    EXPECT_EQ(release_count(splitter, Weight{2500}, 4), 1U);
  }
}

TEST(Splitter, TakesAChangeToZeroWithTheVeryNextRequest) {
  Splitter splitter{kSeed};
  release_count(splitter, Weight{9999}, 5);
  EXPECT_EQ(release_count(splitter, Weight::none(), 100), 0U);
}

/// Where the one release request of each block of ten stands.
std::vector<std::size_t> places(std::uint64_t seed, std::size_t blocks) {
  Splitter splitter{seed};
  std::vector<std::size_t> result;
  for (std::size_t block = 0; block < blocks; ++block)
    for (std::size_t place = 0; place < 10; ++place)
      if (splitter.draw(Weight{1000}).release) result.push_back(place);
  return result;
}

double chi_square(const std::vector<std::uint32_t>& counts, double expected) {
  double sum = 0;
  for (const std::uint32_t count : counts)
    sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST(Splitter, PutsTheReleaseAtEveryPlaceOfABlockEquallyOften) {
  std::vector<std::uint32_t> counts(10);
  for (const std::size_t place : places(kSeed, 20'000)) ++counts[place];
  // 9 degrees of freedom: above 27.9 in one of a thousand fair generators.
  EXPECT_LT(chi_square(counts, 2000), 27.9) << "seed " << kSeed;
}

TEST(Splitter, ChoosesThePlaceOfABlockIndependentlyOfTheLastBlocks) {
  const auto chosen = places(kSeed, 100'001);
  std::vector<std::uint32_t> counts(100);
  for (std::size_t i = 1; i < chosen.size(); ++i) ++counts[chosen[i - 1] * 10 + chosen[i]];
  // 99 degrees of freedom: above 148.2 in one of a thousand fair generators.
  EXPECT_LT(chi_square(counts, 1000), 148.2) << "seed " << kSeed;
}

TEST(Splitter, MakesEveryOrderOfABlockEquallyLikely) {
  Splitter splitter{kSeed};
  // 40 % in blocks of five: ten ways to place two.
  std::vector<std::uint32_t> counts(32);
  for (int block = 0; block < 20'000; ++block) {
    std::size_t order = 0;
    for (int i = 0; i < 5; ++i) order = order * 2 + (splitter.draw(Weight{4000}).release ? 1 : 0);
    ++counts[order];
  }
  std::erase(counts, 0U);
  ASSERT_EQ(counts.size(), 10U);
  EXPECT_LT(chi_square(counts, 2000), 27.9) << "seed " << kSeed;
}

TEST(Splitter, TellsTheChanceThatItsDrawHadGivenTheDrawsBefore) {
  Splitter splitter{kSeed};
  for (int block = 0; block < 100; ++block) {
    bool drawn = false;
    for (int left = 10; left > 0; --left) {
      const Drawn next = splitter.draw(Weight{1000});
      ASSERT_EQ(next.release_probability, drawn ? 0.0 : 1.0 / left);
      drawn = drawn || next.release;
    }
    ASSERT_TRUE(drawn);
  }
}

TEST(Splitter, LeavesNothingToChanceAtZeroAndAtTheWhole) {
  Splitter splitter{kSeed};
  EXPECT_EQ(splitter.draw(Weight::none()).release_probability, 0.0);
  EXPECT_EQ(splitter.draw(Weight::all()).release_probability, 1.0);
}

}  // namespace
}  // namespace teal::proxy
