#include "proxy/policy/placement.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace teal::proxy {
namespace {

/// How many connections each of `workers` carries after `connections` were accepted by chance, as
/// the kernel's hash deals them out.
std::vector<std::uint32_t> deal(std::size_t workers, std::size_t connections, std::uint64_t seed) {
  ConnectionLoads loads(workers);
  Rng rng(seed);
  for (std::size_t i = 0; i < connections; ++i)
    loads.place(rng.below(static_cast<std::uint32_t>(workers)));
  std::vector<std::uint32_t> open;
  for (std::size_t i = 0; i < workers; ++i) open.push_back(loads.open(i));
  return open;
}

TEST(ConnectionLoads, SpreadsTwelveConnectionsOverEightWorkersAsEvenlyAsCanBe) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto open = deal(8, 12, seed);
    EXPECT_EQ(*std::ranges::min_element(open), 1U) << seed;
    EXPECT_EQ(*std::ranges::max_element(open), 2U) << seed;
  }
}

TEST(ConnectionLoads, KeepsManyConnectionsWithinAnEighth) {
  const auto open = deal(8, 8000, 1);
  const std::uint32_t least = *std::ranges::min_element(open);
  EXPECT_LE(*std::ranges::max_element(open), least + least / 8 + 1);
}

TEST(ConnectionLoads, LeavesAConnectionWhereItIsIfOthersHaveHardlyFewer) {
  ConnectionLoads loads(2);
  for (int i = 0; i < 16; ++i) loads.keep(0);
  for (int i = 0; i < 15; ++i) loads.keep(1);
  EXPECT_EQ(loads.place(0), 0U);
  EXPECT_EQ(loads.open(0), 17U);
  EXPECT_EQ(loads.place(0), 1U);
}

TEST(ConnectionLoads, FillsTheRoomThatAClosedConnectionLeaves) {
  ConnectionLoads loads(2);
  loads.keep(0);
  loads.keep(1);
  loads.closed(1);
  EXPECT_EQ(loads.place(0), 1U);
}

}  // namespace
}  // namespace teal::proxy
