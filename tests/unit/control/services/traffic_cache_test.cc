#include "control/services/traffic_cache.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

class TrafficCacheTest : public testing::Test {
 protected:
  std::uint64_t retries(const std::string& service = "shop", Colour colour = Colour::blue,
                        const std::string& revision = "v1") const {
    return cache.counters(service, colour, revision).retries;
  }

  std::vector<TrafficKey> asked;
  std::uint64_t now = 1;
  TrafficCache cache{[this](const TrafficKey& key) {
    asked.push_back(key);
    TrafficCounters counters;
    counters.retries = now;
    return counters;
  }};
};

TEST_F(TrafficCacheTest, ReadsAStreamOnceHoweverManyAsk) {
  EXPECT_EQ(retries(), 1);
  now = 2;
  EXPECT_EQ(retries(), 1);
  EXPECT_EQ(asked.size(), 1);
}

TEST_F(TrafficCacheTest, ReadsItAgainAfterARenewal) {
  EXPECT_EQ(retries(), 1);
  now = 2;
  cache.renew();
  EXPECT_EQ(asked.size(), 1) << "not before somebody asks";
  EXPECT_EQ(retries(), 2);
  EXPECT_EQ(asked.size(), 2);
}

TEST_F(TrafficCacheTest, KeepsServicesGroupsAndRevisionsApart) {
  retries("shop", Colour::blue, "v1");
  retries("shop", Colour::green, "v1");
  retries("shop", Colour::blue, "v2");
  retries("cart", Colour::blue, "v1");
  ASSERT_EQ(asked.size(), 4);
  EXPECT_EQ(asked[1], (TrafficKey{"shop", Colour::green, "v1", Audience::split}));
}

TEST_F(TrafficCacheTest, ReadsAnewWhatNobodyHasAskedForMeanwhile) {
  retries();
  for (now = 2; now < 5; ++now) cache.renew();
  EXPECT_EQ(retries(), 5);
}

}  // namespace
}  // namespace teal::control
