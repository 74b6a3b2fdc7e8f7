#include "control/traffic/traffic_cache.h"

#include <gtest/gtest.h>

#include "tests/support/control_fakes.h"

namespace teal::control {
namespace {

class TrafficCacheTest : public testing::Test {
 protected:
  std::uint64_t requests(const std::string& service = "shop", Colour colour = Colour::blue,
                         const std::string& revision = "v1") const {
    return cache.totals(service, colour, revision).tally.requests;
  }
  void finish(std::uint64_t requests, const TrafficKey& key = {"shop", Colour::blue, "v1"}) {
    TrafficReading reading;
    reading.key = key;
    reading.counters.requests[0][1] = requests;
    ports.traffic.push_back(reading);
  }

  ManualClock clock;
  FakePorts ports{clock};
  TrafficCache cache{ports};
};

TEST_F(TrafficCacheTest, ReadsAGroupOnceHoweverManyAsk) {
  finish(1);
  EXPECT_EQ(requests(), 1);
  finish(1);
  EXPECT_EQ(requests(), 1);
  EXPECT_EQ(ports.read, 1);
}

TEST_F(TrafficCacheTest, ReadsItAgainAfterARenewal) {
  finish(1);
  EXPECT_EQ(requests(), 1);
  finish(1);
  cache.renew();
  EXPECT_EQ(ports.read, 1) << "not before somebody asks";
  EXPECT_EQ(requests(), 2);
  EXPECT_EQ(ports.read, 2);
}

TEST_F(TrafficCacheTest, DoesNotReadItWhereNoRequestHasEnded) {
  finish(5);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(requests(), 5);
    cache.renew();
  }
  EXPECT_EQ(ports.read, 1);
}

TEST_F(TrafficCacheTest, KeepsServicesGroupsAndRevisionsApart) {
  finish(1, {"shop", Colour::blue, "v1"});
  finish(2, {"shop", Colour::green, "v1"});
  finish(3, {"shop", Colour::blue, "v2"});
  finish(4, {"cart", Colour::blue, "v1"});
  EXPECT_EQ(requests("shop", Colour::blue, "v1"), 1);
  EXPECT_EQ(requests("shop", Colour::green, "v1"), 2);
  EXPECT_EQ(requests("shop", Colour::blue, "v2"), 3);
  EXPECT_EQ(requests("cart", Colour::blue, "v1"), 4);
}

}  // namespace
}  // namespace teal::control
