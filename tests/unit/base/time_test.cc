#include "base/time.h"

#include <gtest/gtest.h>

namespace teal {
namespace {

using namespace std::chrono_literals;

TEST(Duration, IsReadWithUnitsAndSums) {
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("1h30m"), 90min);
  EXPECT_EQ(*parse_duration("2d"), 48h);
  EXPECT_EQ(*parse_duration("0"), 0ms);
}

TEST(Duration, RefusesWhatHasNoUnitOrIsNoNumber) {
  for (const char* text : {"", "5", "s", "5 s", "-5s", "5.5s", "5x", "99999999999s", "4000000000d"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, PrintsTheShortestFormThatReadsBack) {
  EXPECT_EQ(format_duration(5400000ms), "1h30m");
  EXPECT_EQ(format_duration(1250ms), "1s250ms");
  EXPECT_EQ(format_duration(0ms), "0s");
  for (const Millis each : {1ms, 999ms, 60000ms, 86400000ms, 90061001ms})
    EXPECT_EQ(*parse_duration(format_duration(each)), each);
}

TEST(Time, IsPrintedAsRfc3339InUtc) {
  EXPECT_EQ(format_time(WallTime{Millis{0}}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(WallTime{Millis{1795396448123}}), "2026-11-23T01:14:08.123Z");
}

}  // namespace
}  // namespace teal
