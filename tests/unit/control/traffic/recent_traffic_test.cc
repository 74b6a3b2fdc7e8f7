#include "control/traffic/recent_traffic.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RecentTrafficTest : public testing::Test {
 protected:
  /// Requests that ended since the last reading, and how long each took.
  void feed(std::uint64_t requests, Micros took = Micros{1000}) {
    counted.requests[0][1] += requests;
    for (std::uint64_t i = 0; i < requests; ++i)
      counted.duration.record(static_cast<std::uint64_t>(took.count()));
    recent.feed(now, counted);
  }
  /// As a service is read that is being shipped.
  void run(Millis duration, std::uint64_t requests_a_tick) {
    for (const Mono end = now + duration; now < end;) {
      now += milliseconds{100};
      feed(requests_a_tick);
    }
  }
  std::uint64_t requests() const { return recent.view()->tally.requests; }
  Micros span() const { return recent.view()->span; }

  RecentTraffic recent;
  TrafficCounters counted;
  Mono now{std::chrono::hours{1}};
};

TEST_F(RecentTrafficTest, WhatWasBeforeTheFirstReadingIsNotOfIt) {
  feed(100);
  EXPECT_FALSE(recent.view());
  now += seconds{1};
  feed(3);
  EXPECT_EQ(requests(), 3);
  EXPECT_EQ(span(), seconds{1});
  EXPECT_EQ(recent.duration().count(), 3);
}

TEST_F(RecentTrafficTest, ASteadyRateIsShownAsItIsHoweverOftenOneReads) {
  feed(0);
  run(seconds{60}, 7);
  EXPECT_GE(span(), seconds{10});
  EXPECT_LE(span(), seconds{11});
  EXPECT_EQ(requests() * 1'000'000, 70 * static_cast<std::uint64_t>(span().count()));
  for (int second = 0; second < 20; ++second) {
    now += seconds{1};
    feed(70);
  }
  EXPECT_EQ(requests() * 1'000'000, 70 * static_cast<std::uint64_t>(span().count()));
}

TEST_F(RecentTrafficTest, DurationsAreThoseOfTheWindowAlone) {
  feed(0);
  now += seconds{1};
  feed(1000, Micros{400'000});
  now += seconds{11};
  feed(10, Micros{2'000});
  EXPECT_EQ(recent.duration().count(), 10);
  EXPECT_EQ(recent.duration().quantile(0.99), 2'100);
  EXPECT_EQ(recent.duration().sum_micros, 20'000);
}

TEST_F(RecentTrafficTest, AQuietTimeEndsACell) {
  feed(0);
  run(seconds{1}, 1);
  now += milliseconds{500};
  recent.feed_unchanged(now);
  run(milliseconds{100}, 5);
  now += milliseconds{9'900};
  recent.feed_unchanged(now);
  EXPECT_EQ(requests(), 5) << "the second before is over";
  EXPECT_EQ(span(), seconds{10});
}

TEST_F(RecentTrafficTest, AGapBetweenReadingsIsShownAsALongerSpan) {
  feed(0);
  now += seconds{30};
  feed(60);
  EXPECT_EQ(requests(), 60);
  EXPECT_EQ(span(), seconds{30});
}

TEST_F(RecentTrafficTest, ErrorsAreThoseOfTheWindow) {
  feed(0);
  counted.requests[0][4] += 4;
  now += seconds{1};
  feed(6);
  EXPECT_EQ(recent.view()->tally, (Tally{10, 4}));
}

TEST_F(RecentTrafficTest, AStreamWithoutTrafficTakesLittleMemory) {
  EXPECT_LT(sizeof(RecentTraffic), 150U);
}

}  // namespace
}  // namespace teal::control
