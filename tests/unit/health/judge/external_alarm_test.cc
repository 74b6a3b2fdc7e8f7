#include "health/judge/external_alarm.h"

#include <gtest/gtest.h>

namespace teal::health {
namespace {

TEST(ExternalAlarm, IsHealthyUntilSomebodyFiresIt) {
  ExternalAlarm alarm("pager");
  EXPECT_EQ(alarm.name(), "pager");
  EXPECT_EQ(alarm.condition(), "external");
  EXPECT_EQ(alarm.judge(Reading{}), Verdict{Healthy{}});
}

TEST(ExternalAlarm, IsBreachedFromFiringToResolving) {
  ExternalAlarm alarm("pager");
  alarm.set_external(true, "checkout fails");
  EXPECT_EQ(alarm.judge(Reading{}), Verdict{Breached{"fired from outside: checkout fails"}});
  EXPECT_EQ(alarm.judge(Reading{}), Verdict{Breached{"fired from outside: checkout fails"}});
  alarm.set_external(false, "fixed");
  EXPECT_EQ(alarm.judge(Reading{}), Verdict{Healthy{}});
}

TEST(ExternalAlarm, SaysWhichAlertsItMeans) {
  ExternalAlarm alarm("pager", {{{"alertname", "HighErrorRate"}, {"severity", "page"}}});
  EXPECT_EQ(alarm.condition(), "external {alertname=\"HighErrorRate\", severity=\"page\"}");
}

TEST(ExternalAlarm, NeedsNoReasonToFire) {
  ExternalAlarm alarm("pager");
  alarm.set_external(true, "");
  EXPECT_EQ(alarm.judge(Reading{}), Verdict{Breached{"fired from outside"}});
}

}  // namespace
}  // namespace teal::health
