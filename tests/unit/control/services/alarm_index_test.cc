#include "control/services/alarm_index.h"

#include <gmock/gmock.h>

namespace teal::control {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

config::Alarm external(const std::string& name, std::map<std::string, std::string> match = {}) {
  config::Alarm alarm;
  alarm.name = name;
  alarm.condition = config::ExternalAlarm{std::move(match)};
  return alarm;
}
Alert alert(AlertLabels labels) {
  Alert alert;
  alert.labels = std::move(labels);
  return alert;
}

TEST(AlarmIndex, FindsTheServicesThatHaveAnExternalAlarmOfTheName) {
  AlarmIndex index;
  index.add(1, {external("pager"), external("canary")});
  index.add(2, {external("pager")});
  index.add(3, {config::Alarm{"pager", config::ErrorRateAlarm{}}});
  EXPECT_THAT(index.named("pager"), ElementsAre(1, 2));
  EXPECT_THAT(index.named("canary"), ElementsAre(1));
  EXPECT_THAT(index.named("other"), IsEmpty());
}

TEST(AlarmIndex, AnAlarmWithoutLabelsTakesAlertsOfItsName) {
  AlarmIndex index;
  index.add(1, {external("pager")});
  EXPECT_THAT(index.candidates(alert({{"alertname", "pager"}})), ElementsAre(1));
  EXPECT_THAT(index.candidates(alert({{"alertname", "other"}})), IsEmpty());
}

TEST(AlarmIndex, EveryAlertIsFoundByTheLabelThatTellsMost) {
  AlarmIndex index;
  for (ServiceId id = 0; id < 1000; ++id)
    index.add(
        id, {external("pager", {{"app", "service-" + std::to_string(id)}, {"severity", "page"}})});
  EXPECT_THAT(index.candidates(alert({{"app", "service-7"}, {"severity", "page"}})),
              ElementsAre(7));
}

TEST(AlarmIndex, ALabelThatMustBeMissingLeadsToNoService) {
  AlarmIndex index;
  index.add(1, {external("pager", {{"silenced", ""}})});
  index.add(2, {external("pager", {{"silenced", ""}, {"team", "web"}})});
  EXPECT_THAT(index.candidates(alert({})), ElementsAre(1));
  EXPECT_THAT(index.candidates(alert({{"team", "web"}})), ElementsAre(1, 2));
}

TEST(AlarmIndex, WhatIsRemovedIsNotFound) {
  AlarmIndex index;
  index.add(1, {external("pager"), external("any", {{"x", ""}})});
  index.add(2, {external("pager")});
  index.remove(1);
  EXPECT_THAT(index.named("pager"), ElementsAre(2));
  EXPECT_THAT(index.candidates(alert({{"alertname", "pager"}})), ElementsAre(2));
}

}  // namespace
}  // namespace teal::control
