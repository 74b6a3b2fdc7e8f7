// Other meanings of "error" than every 5xx in the controller, with the real judges: what workers
// are told to count, whose events are whose, what is shown, and what a restart keeps of it.
#include <algorithm>

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "control/json/text.h"
#include "control/metrics/exporter.h"
#include "control/report_json/report_json.h"
#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr Ending kNotFound{.status = 404};
constexpr Ending kBroken{.status = 500};

class MeaningControlTest : public ControllerTestBase {
 protected:
  static config::Alarm rate(const std::string& name, const ErrorMeaning& meaning) {
    return {name, config::ErrorRateAlarm{{config::Threshold::Op::above, 0.05}, meaning},
            seconds{30}, 20};
  }
  static config::Alarm compare(const std::string& name, const ErrorMeaning& meaning) {
    config::CompareAlarm condition;
    condition.meaning = meaning;
    config::Alarm alarm;
    alarm.name = name;
    alarm.condition = condition;
    return alarm;
  }
  void start_judged(std::vector<config::Alarm> alarms) {
    config.services[0].deploy.alarms = std::move(alarms);
    start_judged();
  }
  void start_judged() {
    controller.reset();
    ports = std::make_unique<FakePorts>(clock);
    controller = std::make_unique<Controller>(std::make_shared<const config::Config>(config), clock,
                                              log, *ports, make_store());
    ASSERT_TRUE(controller->start());
  }
  void see(Colour group, MeaningSet meanings) {
    JudgedEvent event;
    event.group = group;
    event.meanings = meanings;
    event.release_probability = 0.1;
    event.began = clock.mono() - Millis{2};
    event.seen = clock.mono();
    event.request = ++requests_;
    event.table = ports->versions.back();
    event.set_request_id("request-" + std::to_string(requests_));
    controller->on_judged_event(0, event);
    clock.advance(Millis{1});
    controller->check_breach(clock.mono());
  }
  /// What green has answered in the present stage: all well by the usual meaning.
  void serve(std::uint64_t total, TalliesByMeaning counted) {
    const ServiceState& state = ports->last();
    TrafficCounters& ended =
        ports->begun[{{"shop", Colour::green, "v2", Audience::split}, state.stage()}].ended;
    ended.requests[0][2 - 1] = total;
    ended.by_meaning = std::move(counted);
    advance(seconds{1});
  }

  std::uint64_t requests_ = 0;
};

TEST_F(MeaningControlTest, WorkersCountByWhatTheRunningDeploymentsAlarmsAskFor) {
  start_judged({rate("errors", {}), rate("gone", {.errors = {{404, 404}}}),
                rate("refused", ErrorMeaning::of_clients())});
  probe(Colour::blue, Health::healthy);
  EXPECT_EQ(ports->last().meanings, nullptr);
  const DeploymentId id = bake();
  const auto meanings = ports->last().meanings;
  ASSERT_NE(meanings, nullptr);
  EXPECT_EQ(meanings->errors(kNotFound), meaning_bit(1) | meaning_bit(2));
  EXPECT_EQ(meanings->errors(kBroken), 0U);
  ASSERT_TRUE(command(id, Command::rollback));
  EXPECT_EQ(ports->last().meanings, nullptr);
}

TEST_F(MeaningControlTest, NothingIsCountedBesidesOnceTheDeploymentHasSucceeded) {
  config.services[0].deploy.not_enough_evidence = config::NotEnoughEvidence::proceed;
  start_judged({rate("refused", ErrorMeaning::of_clients())});
  succeed();
  EXPECT_EQ(ports->last().meanings, nullptr);
}

TEST_F(MeaningControlTest, NothingIsCountedBesidesWhereAllAlarmsAreUsual) {
  start_judged({rate("errors", {}), compare("worse", {})});
  bake();
  EXPECT_EQ(ports->last().meanings, nullptr);
  EXPECT_EQ(ports->last().judging->compared, kUsualMeaning);
}

TEST_F(MeaningControlTest, OnlyWhatIsComparedIsTold) {
  start_judged(
      {rate("gone", {.errors = {{404, 404}}}), compare("refused", ErrorMeaning::of_clients())});
  bake();
  EXPECT_EQ(ports->last().judging->compared, kUsualMeaning | meaning_bit(2));
}

TEST_F(MeaningControlTest, AReleaseThatAnswers404IsTakenBackByAThresholdThatCountsIt) {
  start_judged({rate("errors", {}), rate("refused", ErrorMeaning::of_clients())});
  const DeploymentId id = bake();
  serve(40, {{40, 40}});
  EXPECT_EQ(status(id), Status::stopped);
  EXPECT_EQ(report(id).reason,
            "alarm refused: client_error_rate 100% > 5% over 30s (40 of 40 requests)");
}

TEST_F(MeaningControlTest, ByDefaultItIsNot) {
  start_judged({rate("errors", {}), compare("worse", {})});
  const DeploymentId id = bake();
  serve(40, {});
  EXPECT_EQ(status(id), Status::baking);
}

TEST_F(MeaningControlTest, AComparisonOfClientErrorsTakesItBackByItsFourthAnswer) {
  start_judged({compare("worse", {}), compare("refused", ErrorMeaning::of_clients())});
  const DeploymentId id = bake();
  int refused = 0;
  for (; status(id) == Status::baking && refused < 20; ++refused)
    see(Colour::green, meaning_bit(1));
  EXPECT_EQ(refused, 4 + 1) << "alpha is divided by two";
  EXPECT_THAT(report(id).reason, StartsWith("alarm refused: client errors: 5 of 5 against 0 of 0"));
}

TEST_F(MeaningControlTest, ARequestOfAnEarlierDeploymentIsNoEventOfThisOne) {
  start_judged({compare("refused", ErrorMeaning::of_clients())});
  const DeploymentId first = bake();
  const std::uint64_t table = ports->versions.back();
  ASSERT_TRUE(command(first, Command::rollback));
  ports->pump();
  const DeploymentId second = bake();
  JudgedEvent late;
  late.group = Colour::green;
  late.meanings = meaning_bit(1);
  late.release_probability = 0.1;
  late.began = late.seen = clock.mono();
  late.table = table;
  for (int i = 0; i < 10; ++i) {
    late.request = 100 + i;
    controller->on_judged_event(0, late);
  }
  controller->check_breach(clock.mono());
  EXPECT_EQ(status(second), Status::baking);
}

TEST_F(MeaningControlTest, WhatIsCountedIsShown) {
  start_judged(
      {rate("errors", {}), rate("gone", {.errors = {{500, 599}, {404, 404}}, .paths = {"/api"}})});
  const DeploymentId id = bake();
  const DeploymentReport shown = report(id);
  EXPECT_FALSE(shown.alarms.at(0).counts);
  EXPECT_EQ(shown.alarms.at(1).condition, "error_rate > 5% over 30s (5xx, 404 under /api)");
  EXPECT_TRUE(to_json(shown.alarms.at(0)).at("counts").is_null());
  EXPECT_EQ(to_text(to_json(shown.alarms.at(1)).at("counts")),
            R"({"errors":["5xx","404"],"except":[],"paths":["/api"]})");
}

TEST_F(MeaningControlTest, WhatIsCountedIsShownAfterARestartToo) {
  start_judged({compare("refused", ErrorMeaning::of_clients())});
  const DeploymentId id = bake();
  for (int i = 0; i < 8; ++i) see(Colour::green, meaning_bit(1));
  ASSERT_EQ(status(id), Status::stopped);
  start_judged();
  EXPECT_EQ(controller->evidence(id)->deployment.alarms.at(0).counts, ErrorMeaning::of_clients());
}

TEST_F(MeaningControlTest, AComparisonGoesOnByItsMeaningAfterARestart) {
  start_judged(
      {rate("gone", {.errors = {{404, 404}}}), compare("refused", ErrorMeaning::of_clients())});
  const DeploymentId id = bake();
  serve(30, {{30, 0}, {30, 2}});
  for (int i = 0; i < 2; ++i) see(Colour::green, kUsualMeaning | meaning_bit(1));
  for (int i = 0; i < 2; ++i) see(Colour::green, meaning_bit(2));
  controller->close();
  start_judged();
  ports->pump();
  probe(Colour::blue, Health::healthy);
  probe(Colour::green, Health::healthy);
  controller->tick();
  ASSERT_EQ(status(id), Status::baking);
  ASSERT_NE(ports->last().meanings, nullptr);
  EXPECT_EQ(ports->last().meanings->errors(kNotFound), meaning_bit(1) | meaning_bit(2));
  const auto comparison = report(id).alarms.at(1).comparison;
  ASSERT_TRUE(comparison);
  EXPECT_EQ(comparison->release.bad, 2U);
  const EvidenceReport evidence = controller->evidence(id).value();
  EXPECT_EQ(evidence.evidence.readings().back().release.of(2), (Tally{30, 2}));
  int refused = 0;
  for (; status(id) == Status::baking && refused < 20; ++refused)
    see(Colour::green, meaning_bit(2));
  EXPECT_EQ(refused, 2);
}

TEST_F(MeaningControlTest, AReplayJudgesByTheSameMeaning) {
  start_judged(
      {rate("gone", {.errors = {{404, 404}}}), compare("refused", ErrorMeaning::of_clients())});
  const DeploymentId id = bake();
  for (int i = 0; i < 6; ++i) see(Colour::green, kUsualMeaning);
  ASSERT_EQ(status(id), Status::baking);
  for (int i = 0; i < 6; ++i) see(Colour::green, meaning_bit(2));
  ASSERT_EQ(status(id), Status::stopped);
  const ReplayReport same = controller->replay(id, {}).value();
  ASSERT_EQ(same.alarms.size(), 1U);
  EXPECT_TRUE(same.alarms[0].breached_at);
  EXPECT_THAT(same.alarms[0].condition, StartsWith("client errors at most"));
  const ReplayReport never = controller->replay(id, {50, std::nullopt}).value();
  EXPECT_FALSE(never.alarms[0].breached_at);
}

}  // namespace
}  // namespace teal::control
