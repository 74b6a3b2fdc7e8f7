#include "health/statistics/sticky_counts.h"

#include <gtest/gtest.h>

namespace teal::health {
namespace {

/// Of a client that was drawn for this request.
JudgedEvent fresh(std::uint64_t client) {
  JudgedEvent event;
  event.client = client;
  event.block = client;
  event.block_length = 10;
  event.block_release = 1;
  return event;
}

JudgedEvent returning(std::uint64_t client, std::uint64_t place) {
  JudgedEvent event;
  event.client = client;
  event.place = place;
  event.release_probability = 0.1;
  return event;
}

TEST(StickyCounts, CountsEverythingOfClientsThatAreNotSticky) {
  StickyCounts counts;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(counts.take(fresh(0)));
}

TEST(StickyCounts, CountsAClientOnce) {
  StickyCounts counts;
  EXPECT_TRUE(counts.take(fresh(1)));
  EXPECT_FALSE(counts.take(returning(1, 100)));
  EXPECT_TRUE(counts.take(returning(2, 100))) << "what does not count takes nobody's place";
  EXPECT_FALSE(counts.take(returning(2, 200))) << "a client that moves is the same";
}

TEST(StickyCounts, CountsOneOfTheClientsThatComeBackFromAPlace) {
  StickyCounts counts;
  EXPECT_TRUE(counts.take(returning(1, 100)));
  for (std::uint64_t client = 2; client < 1000; ++client)
    EXPECT_FALSE(counts.take(returning(client, 100)));
  EXPECT_TRUE(counts.take(returning(1000, 101)));
}

TEST(StickyCounts, CountsClientsThatWereDrawnJustNowWhereverTheyComeFrom) {
  StickyCounts counts;
  EXPECT_TRUE(counts.take(returning(1, 100)));
  for (std::uint64_t client = 2; client < 1000; ++client) EXPECT_TRUE(counts.take(fresh(client)));
}

TEST(StickyCounts, CountsAnotherOfAPlaceWhereTheFirstTurnedOutToBeNone) {
  StickyCounts counts;
  EXPECT_TRUE(counts.take(returning(1, 100)));
  counts.give_back(returning(1, 100));
  EXPECT_TRUE(counts.take(returning(2, 100)));
  EXPECT_FALSE(counts.take(returning(1, 100)));
}

TEST(StickyCounts, LeavesOutWhoComesBackWhenItCannotRememberAndNotWhoWasDrawnJustNow) {
  StickyCounts counts;
  for (std::uint64_t client = 1; client <= StickyCounts::kMaxClients; ++client)
    ASSERT_TRUE(counts.take(fresh(client)));
  EXPECT_TRUE(counts.take(fresh(StickyCounts::kMaxClients + 1)));
  EXPECT_FALSE(counts.take(returning(StickyCounts::kMaxClients + 2, 100)));
}

TEST(StickyCounts, LeavesOutPlacesBeyondItsMemory) {
  StickyCounts counts;
  for (std::uint64_t place = 1; place < StickyCounts::kMaxPlaces; ++place)
    ASSERT_TRUE(counts.take(returning(place, place)));
  ASSERT_TRUE(counts.take(returning(StickyCounts::kMaxPlaces, StickyCounts::kMaxPlaces)));
  EXPECT_FALSE(counts.take(returning(StickyCounts::kMaxPlaces + 1, StickyCounts::kMaxPlaces + 1)));
}

}  // namespace
}  // namespace teal::health
