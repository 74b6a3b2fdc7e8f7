#include "control/traffic/status_windows.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TrafficCounters counted(std::uint64_t good, std::uint64_t bad = 0) {
  TrafficCounters counters;
  counters.requests[0][1] = good;  // 2xx of the target
  counters.requests[0][4] = bad;
  return counters;
}

class StatusWindowsTest : public testing::Test {
 protected:
  void feed(Colour colour, const TrafficCounters& counters, const std::string& revision = "v1") {
    windows.feed("shop", colour, revision, now, counters);
  }
  std::uint64_t recent(Colour colour) const {
    const auto view = windows.recent("shop", colour);
    return view ? view->tally.requests : 0;
  }

  StatusWindows windows;
  Mono now{std::chrono::hours{1}};
};

TEST_F(StatusWindowsTest, KnowNothingBeforeTheSecondReading) {
  EXPECT_EQ(windows.recent("shop", Colour::blue), std::nullopt);
  feed(Colour::blue, counted(100));
  EXPECT_EQ(windows.recent("shop", Colour::blue), std::nullopt);
  EXPECT_EQ(windows.rates("shop", Colour::green), std::nullopt);
  EXPECT_EQ(windows.shares("shop"), std::nullopt);
  now += seconds(1);
  feed(Colour::blue, counted(130));
  EXPECT_EQ(recent(Colour::blue), 30);
}

TEST_F(StatusWindowsTest, ForgetWhatIsOlderThanTenSeconds) {
  feed(Colour::blue, counted(0));
  for (std::uint64_t second = 1; second <= 60; ++second) {
    now += seconds(1);
    feed(Colour::blue, counted(10 * second));
  }
  EXPECT_EQ(recent(Colour::blue), 100);
}

TEST_F(StatusWindowsTest, BeginAnewWithAnotherRevision) {
  feed(Colour::blue, counted(100));
  now += seconds(1);
  feed(Colour::blue, counted(5), "v2");
  EXPECT_EQ(windows.recent("shop", Colour::blue), std::nullopt);
  now += seconds(1);
  feed(Colour::blue, counted(8), "v2");
  EXPECT_EQ(recent(Colour::blue), 3);
}

TEST_F(StatusWindowsTest, ShareTheRequestsAmongTheGroups) {
  feed(Colour::blue, counted(0));
  feed(Colour::green, counted(0));
  now += seconds(1);
  feed(Colour::blue, counted(60));
  feed(Colour::green, counted(10, 10));
  ASSERT_TRUE(windows.shares("shop"));
  EXPECT_EQ((*windows.shares("shop"))[Colour::blue], 0.75);
  EXPECT_EQ((*windows.shares("shop"))[Colour::green], 0.25);
}

TEST_F(StatusWindowsTest, HaveNoSharesOfNoRequests) {
  feed(Colour::blue, counted(7));
  now += seconds(1);
  feed(Colour::blue, counted(7));
  EXPECT_EQ(windows.shares("shop"), std::nullopt);
}

TEST_F(StatusWindowsTest, TellRatesOnceThereIsAWholeSecond) {
  feed(Colour::blue, counted(0));
  feed(Colour::green, counted(0));
  now += milliseconds(900);
  feed(Colour::blue, counted(90));
  EXPECT_EQ(windows.rates("shop", Colour::green), std::nullopt);
  now += milliseconds(1100);
  feed(Colour::blue, counted(200));
  feed(Colour::green, counted(20));
  const auto rates = windows.rates("shop", Colour::green);
  ASSERT_TRUE(rates);
  EXPECT_DOUBLE_EQ(rates->release, 10);
  EXPECT_DOUBLE_EQ(rates->live, 100);
}

TEST_F(StatusWindowsTest, AGroupMostlySucceedsIfLessThanHalfIsErrors) {
  feed(Colour::blue, counted(0));
  now += seconds(1);
  feed(Colour::blue, counted(10, 10));
  EXPECT_FALSE(windows.mostly_succeeds("shop", Colour::blue, "v1"));
  feed(Colour::blue, counted(11, 10));
  EXPECT_TRUE(windows.mostly_succeeds("shop", Colour::blue, "v1"));
  EXPECT_FALSE(windows.mostly_succeeds("shop", Colour::blue, "v2")) << "of that nothing is known";
  EXPECT_FALSE(windows.mostly_succeeds("shop", Colour::green, "v1"));
  EXPECT_FALSE(windows.mostly_succeeds("cart", Colour::blue, "v1"));
}

TEST_F(StatusWindowsTest, NothingAnsweredIsNoSuccess) {
  feed(Colour::blue, counted(7));
  now += seconds(1);
  feed(Colour::blue, counted(7));
  EXPECT_FALSE(windows.mostly_succeeds("shop", Colour::blue, "v1"));
}

// ---- without reading ----------------------------------------------------------------------------

TEST_F(StatusWindowsTest, AGroupNeedNotBeReadWhereNoRequestHasEnded) {
  EXPECT_FALSE(windows.feed_unchanged("shop", Colour::blue, "v1", now, 0)) << "nothing is known";
  feed(Colour::blue, counted(7));
  EXPECT_FALSE(windows.feed_unchanged("shop", Colour::blue, "v1", now, 8));
  EXPECT_FALSE(windows.feed_unchanged("shop", Colour::blue, "v2", now, 7));
  EXPECT_FALSE(windows.feed_unchanged("shop", Colour::green, "v1", now, 7));
  now += seconds(2);
  EXPECT_TRUE(windows.feed_unchanged("shop", Colour::blue, "v1", now, 7));
  ASSERT_TRUE(windows.rates("shop", Colour::green));
  EXPECT_EQ(windows.rates("shop", Colour::green)->live, 0);
}

TEST_F(StatusWindowsTest, ClientsThatWentAwayHaveEndedToo) {
  TrafficCounters counters = counted(7, 2);
  counters.requests[2][4] = 3;
  feed(Colour::blue, counters);
  EXPECT_TRUE(windows.feed_unchanged("shop", Colour::blue, "v1", now, 12));
}

TEST_F(StatusWindowsTest, TenSecondsWithoutARequestAreNoRequestsPerSecond) {
  feed(Colour::blue, counted(0));
  now += seconds(1);
  feed(Colour::blue, counted(100));
  for (int second = 0; second < 9; ++second) {
    now += seconds(1);
    ASSERT_TRUE(windows.feed_unchanged("shop", Colour::blue, "v1", now, 100));
  }
  EXPECT_EQ(recent(Colour::blue), 100);
  now += seconds(1);
  ASSERT_TRUE(windows.feed_unchanged("shop", Colour::blue, "v1", now, 100));
  EXPECT_EQ(recent(Colour::blue), 0);
  EXPECT_EQ(windows.recent("shop", Colour::blue)->span, RecentTraffic::kOver);
  EXPECT_EQ(windows.shares("shop"), std::nullopt);
}

}  // namespace
}  // namespace teal::control
