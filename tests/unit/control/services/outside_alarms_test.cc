// OutsideAlarms without a controller: what a word does to episodes and judges, and what is to be
// written. What the controller makes of it is tests/unit/control/controller/outside_alarms_test.cc.
#include "control/services/outside_alarms.h"

#include <gmock/gmock.h>

#include "tests/support/one_service.h"

namespace teal::control {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Standing = health::Standing::State;

class OutsideAlarmsTest : public OneService {
 protected:
  OutsideAlarmsTest() {
    outside.know(shop());
    services.take_unsaved();
  }
  /// Of the alarm "pager", which the file has.
  ExternalAlarmReport pager() { return outside.reports(shop()).at(0); }
  Alert alert(const std::string& name, bool firing = true) {
    Alert one;
    one.firing = firing;
    one.labels = {{"alertname", name}};
    one.fingerprint = name;
    one.starts = clock.wall();
    return one;
  }
  AlertsReport send(std::vector<Alert> alerts) {
    AlertBatch batch;
    batch.alerts = std::move(alerts);
    return outside.take(batch);
  }
  DeploymentRunner& begin_watched() {
    install("v2");
    DeploymentRunner& runner = begin();
    runner.watch(
        [this](const config::Alarm& alarm, const health::JudgeContext&) {
          return std::make_unique<ScriptedSource>(alarm, verdicts);
        },
        seconds{60});
    outside.begin(shop(), runner);
    return runner;
  }

  const std::vector<ServiceId> all{0};
  Verdicts verdicts;
  std::vector<DeploymentId> judged;
  OutsideAlarms outside{
      services, deployments,
      clock,    announcer,
      log,      [this](DeploymentRunner& runner) { judged.push_back(runner.spec().id); }};
};

TEST_F(OutsideAlarmsTest, KnowsTheAlarmsOfTheFileAndThoseOfTheRunningDeployment) {
  EXPECT_EQ(outside.of(shop()).size(), 1);
  install("v2");
  DeploymentSpec with_own = spec();
  with_own.deploy.alarms = {{"own", config::ExternalAlarm{}, seconds{30}, 0}};
  begin(with_own);
  ASSERT_EQ(outside.of(shop()).size(), 2);
  EXPECT_EQ(outside.of(shop())[0].name, "own");
  EXPECT_EQ(outside.of(shop())[1].name, "pager");
}

TEST_F(OutsideAlarmsTest, AWordIsForThoseThatKnowTheAlarm) {
  EXPECT_EQ(outside.set("pager", "", true, "paged"), 1);
  EXPECT_EQ(outside.set("pager", "shop", true, "paged"), 1);
  EXPECT_EQ(outside.set("nobody's", "", true, ""), 0);
  EXPECT_EQ(pager().standing.state, Standing::firing);
  EXPECT_EQ(services.take_unsaved().size(), 1) << "it is to be written";
  EXPECT_THAT(announced(), ElementsAre("alarm.firing"));
}

TEST_F(OutsideAlarmsTest, NobodyIsJudgedWhereNoDeploymentRuns) {
  outside.set("pager", "", true, "");
  EXPECT_THAT(judged, IsEmpty());
}

TEST_F(OutsideAlarmsTest, TheJudgesAreAskedBeforePeopleAreTold) {
  const DeploymentRunner& runner = begin_watched();
  outside.set("pager", "", true, "paged");
  EXPECT_THAT(judged, ElementsAre(runner.spec().id));
  EXPECT_EQ(pager().deployment, runner.spec().id);
}

TEST_F(OutsideAlarmsTest, WhatFiredBeforeADeploymentIsNotItsFault) {
  outside.set("pager", "", true, "");
  clock.advance(seconds{5});
  const DeploymentRunner& runner = begin_watched();
  EXPECT_EQ(pager().standing.state, Standing::ignored);
  EXPECT_THAT(announced(), ElementsAre("alarm.firing", "alarm.ignored"));
  DeploymentReport report;
  report.alarms = runner.alarms();
  outside.add_to(shop(), report);
  EXPECT_EQ(report.alarms.back().outside->state, Standing::ignored);
}

TEST_F(OutsideAlarmsTest, APersonResolvesAllEpisodesAtOnce) {
  outside.set("pager", "", true, "");
  send({alert("pager")});
  EXPECT_EQ(pager().standing.firing, 2);
  EXPECT_EQ(outside.resolve("pager", ""), 1);
  EXPECT_EQ(pager().standing.state, Standing::resolved);
  EXPECT_EQ(announced().back(), "alarm.resolved");
}

TEST_F(OutsideAlarmsTest, AlertsThatConcernNobodyAreCountedAndNamed) {
  const AlertsReport report = send({alert("pager"), alert("other")});
  EXPECT_EQ(report.matched, 1);
  EXPECT_THAT(report.unmatched, ElementsAre("other"));
  std::vector<MetricSample> samples;
  outside.add_metrics(samples);
  const auto unmatched =
      std::ranges::find(samples, "teal_alerts_unmatched_total", &MetricSample::name);
  ASSERT_NE(unmatched, samples.end());
  EXPECT_EQ(unmatched->value, 1.0);
}

TEST_F(OutsideAlarmsTest, ATruncatedGroupIsToldOfUntilItComesWhole) {
  AlertBatch batch;
  batch.group = "g";
  batch.truncated = 3;
  outside.take(batch);
  outside.take(batch);
  EXPECT_THAT(announced(), ElementsAre("alerts.truncated"));
  batch.truncated = 0;
  outside.take(batch);
  batch.truncated = 1;
  outside.take(batch);
  EXPECT_THAT(announced(), ElementsAre("alerts.truncated", "alerts.truncated"));
}

TEST_F(OutsideAlarmsTest, TimeAloneChangesWhatNobodyRepeats) {
  EXPECT_FALSE(outside.advance(all));
  send({alert("pager")});
  clock.advance(hours{25});
  EXPECT_TRUE(outside.advance(all));
  EXPECT_EQ(announced().back(), "alarm.stale");
  EXPECT_EQ(pager().standing.state, Standing::stale);
}

}  // namespace
}  // namespace teal::control
