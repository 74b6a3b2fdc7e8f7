#include "app/serve/scrape_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/remembered_log.h"

namespace teal::app {
namespace {

using ::testing::HasSubstr;

constexpr Mono kStart{};

TEST(ScrapeWatch, SaysNothingOfAScrapeThatIsWhole) {
  RememberedLog log;
  ScrapeWatch watch(log);
  watch.check({500, 1000, {}}, 0, kStart);
  EXPECT_FALSE(watch.warning());
  EXPECT_TRUE(log.lines.empty());
}

TEST(ScrapeWatch, SaysWhatIsLeftOutAndWhatToSetOnceAMinute) {
  RememberedLog log;
  ScrapeWatch watch(log);
  watch.check({1000, 1000, {234, 0}}, 0, kStart);
  ASSERT_TRUE(watch.warning());
  EXPECT_EQ(*watch.warning(),
            "GET /metrics leaves out 234 lines over limits.metric_samples (1000)");
  ASSERT_EQ(log.lines.size(), 1U);
  EXPECT_THAT(log.lines[0], HasSubstr("metrics are left out"));
  EXPECT_THAT(log.lines[0], HasSubstr("raise limits.metric_samples to 1234 or more"));
  watch.check({1000, 1000, {234, 0}}, 0, kStart + Millis{59'999});
  EXPECT_EQ(log.lines.size(), 1U);
  watch.check({1000, 1000, {234, 0}}, 0, kStart + Millis{60'000});
  EXPECT_EQ(log.lines.size(), 2U);
}

TEST(ScrapeWatch, TakesTheWarningBackWhenAScrapeIsWholeAgain) {
  RememberedLog log;
  ScrapeWatch watch(log);
  watch.check({500, 1000, {}}, 3, kStart);
  EXPECT_EQ(*watch.warning(),
            "GET /metrics leaves out 3 targets more than are counted by themselves");
  watch.check({500, 1000, {}}, 0, kStart);
  EXPECT_FALSE(watch.warning());
  watch.check({500, 1000, {0, 2}}, 0, kStart);
  EXPECT_EQ(*watch.warning(), "GET /metrics leaves out 2 lines that were there already");
}

}  // namespace
}  // namespace teal::app
