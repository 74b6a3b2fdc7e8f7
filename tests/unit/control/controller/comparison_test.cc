// Comparisons in the controller, with the real judges: what the workers are told to tell, what
// becomes of an event, what of the evidence.
#include <cmath>

#include <boost/json.hpp>

#include "control/report_json/report_json.h"
#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class ComparisonTest : public ControllerTestBase {
 protected:
  ComparisonTest() {
    config.services[0].deploy.alarms = {alarm("worse")};
    start_judged();
  }

  static config::Alarm alarm(const std::string& name) {
    config::Alarm alarm;
    alarm.name = name;
    alarm.condition = config::CompareAlarm{};
    return alarm;
  }

  void start_judged() {
    controller.reset();
    ports = std::make_unique<FakePorts>(clock);
    controller = std::make_unique<Controller>(std::make_shared<const config::Config>(config), clock,
                                              log, *ports, make_store());
    ASSERT_TRUE(controller->start());
  }

  /// A bad request of that group, drawn at 10 %; it began 2 ms ago and ended now.
  JudgedEvent bad(Colour group) {
    JudgedEvent event;
    event.group = group;
    event.release_probability = 0.1;
    event.began = clock.mono() - Millis{2};
    event.seen = clock.mono();
    event.request = ++requests_;
    event.table = ports->versions.back();
    event.set_request_id("request-" + std::to_string(requests_));
    return event;
  }
  void see(const JudgedEvent& event) {
    controller->on_judged_event(0, event);
    clock.advance(Millis{1});
    controller->check_breach(clock.mono());
  }
  void serve(std::uint64_t live, std::uint64_t release, std::uint64_t release_errors = 0) {
    TrafficReading blue{{"shop", Colour::blue, "v1", Audience::split}, {}};
    TrafficReading green{{"shop", Colour::green, "v2", Audience::split}, {}};
    blue.counters.requests[0][1] = live;
    green.counters.requests[0][1] = release - release_errors;
    green.counters.requests[0][4] = release_errors;
    ports->traffic = {blue, green};
  }
  /// Another process goes on with what is on the disk.
  void resume() {
    start_judged();
    ports->pump();
    probe(Colour::blue, Health::healthy);
    probe(Colour::green, Health::healthy);
    controller->tick();
  }
  int failures_until_the_end(const DeploymentId& id) {
    int failures = 0;
    for (; status(id) == Status::baking && failures < 20; ++failures) see(bad(Colour::green));
    return failures;
  }
  EvidenceReport evidence(const DeploymentId& id) { return controller->evidence(id).value(); }

  std::uint64_t requests_ = 0;
};

TEST_F(ComparisonTest, TheWorkersTellOnlyWhileADeploymentIsCompared) {
  probe(Colour::blue, Health::healthy);
  EXPECT_FALSE(ports->last().judging);
  const DeploymentId id = deploy();
  EXPECT_FALSE(ports->last().judging) << "the release has no traffic yet";
  probe(Colour::green, Health::healthy);
  ports->pump();
  EXPECT_TRUE(ports->last().judging);
  for (const auto& states : ports->published)
    EXPECT_EQ(states[0].judging.has_value(), states[0].split != Split::all_to(Colour::blue))
        << "together with the split";
  ASSERT_TRUE(command(id, Command::rollback));
  EXPECT_FALSE(ports->last().judging);
}

TEST_F(ComparisonTest, NothingIsToldWhereNothingIsCompared) {
  config.services[0].deploy.alarms = {{"errors", config::ErrorRateAlarm{}, seconds{30}, 50, false}};
  start_judged();
  bake();
  EXPECT_FALSE(ports->last().judging);
}

TEST_F(ComparisonTest, AReleaseThatAloneFailsIsTakenBackBeforeAnythingIsWritten) {
  const DeploymentId id = bake();
  bool published_first = true;
  const std::size_t commits = disk->commits;
  disk->on_commit = [&] {
    published_first = published_first && ports->last().split == Split::all_to(Colour::blue);
  };
  int events = 0;
  while (status(id) == Status::baking && events < 8) {
    see(bad(Colour::green));
    ++events;
  }
  EXPECT_LE(events, 5);
  EXPECT_EQ(status(id), Status::stopped);
  EXPECT_EQ(report(id).error_code, "ALARM_ACTIVE");
  EXPECT_TRUE(published_first);
  EXPECT_GT(disk->commits, commits);
  EXPECT_FALSE(ports->last().judging);
}

// The release's first failures come while this is written.
TEST_F(ComparisonTest, TheAcknowledgementOfASplitIsWrittenWithoutWaitingForTheDisk) {
  probe(Colour::blue, Health::healthy);
  const DeploymentId id = deploy();
  probe(Colour::green, Health::healthy);
  while (ports->last().split.of(Colour::green) == Weight::none()) {
    ASSERT_FALSE(ports->waiting.empty());
    const auto applied = std::move(ports->waiting.front());
    ports->waiting.erase(ports->waiting.begin());
    applied(clock.mono());
  }
  const std::size_t commits = disk->commits;
  const std::size_t waited_for = disk->waited_for;
  ports->pump();
  ASSERT_EQ(status(id), Status::baking);
  EXPECT_GT(disk->commits, commits);
  EXPECT_EQ(disk->waited_for, waited_for);
  advance(seconds{10});
  EXPECT_EQ(disk->waited_for, waited_for) << "clocks and evidence";
  while (status(id) == Status::baking) see(bad(Colour::green));
  EXPECT_GT(disk->waited_for, waited_for) << "the rollback";
}

TEST_F(ComparisonTest, TroubleOfBothGroupsIsNobodysFault) {
  const DeploymentId id = bake();
  for (int i = 0; i < 300; ++i) see(bad(i % 10 == 0 ? Colour::green : Colour::blue));
  EXPECT_EQ(status(id), Status::baking);
}

TEST_F(ComparisonTest, AVerdictWaitsForOlderRequestsToSettle) {
  const DeploymentId id = bake();
  ports->settled = clock.mono() - seconds{1};
  const Mono oldest = bad(Colour::green).began;
  for (int i = 0; i < 8; ++i) see(bad(Colour::green));
  EXPECT_EQ(status(id), Status::baking) << "an older request may yet fail on blue";
  EXPECT_EQ(ports->wanted, oldest) << "a worker must say when";
  EXPECT_TRUE(controller->check_breach(clock.mono()))
      << "the driver is to ask again, should none say";
  ports->settled = Mono::max();
  EXPECT_FALSE(controller->check_breach(clock.mono()));
  EXPECT_EQ(status(id), Status::stopped);
}

TEST_F(ComparisonTest, ARollbacksTimeRunsFromTheRequestThatDecidedToTheLastWorkerThatTookTheSplit) {
  const DeploymentId id = bake();
  while (status(id) == Status::baking) {
    controller->on_judged_event(0, bad(Colour::green));
    const Mono ended = clock.mono();
    clock.advance(Millis{2});
    controller->check_breach(ended);
  }
  clock.advance(Millis{5});
  const Mono taken = clock.mono();
  clock.advance(Millis{100});  // The disk was slow.
  for (const auto& applied : std::exchange(ports->waiting, {})) applied(taken);
  EXPECT_EQ(report(id).rollback_took, Millis{7});
}

TEST_F(ComparisonTest, NoTrafficForAWholeStepIsNotEnoughEvidenceAndNeverAVerdict) {
  const DeploymentId id = bake();
  advance(minutes{5});
  EXPECT_EQ(status(id), Status::ready);
  EXPECT_EQ(report(id).phase, "Holding");
  EXPECT_TRUE(std::holds_alternative<health::NotEnoughEvidence>(report(id).alarms.at(0).verdict));
  EXPECT_EQ(ports->last().split, Split::with(Colour::green, Weight::percent(10)));
}

TEST_F(ComparisonTest, TheDeadlineOfAHoldNamesWhatIsMissingThen) {
  const DeploymentId id = bake();
  advance(minutes{5});
  ASSERT_EQ(status(id), Status::ready);
  serve(900, 100);
  advance(hours{1});
  EXPECT_EQ(status(id), Status::failed);
  EXPECT_NE(report(id).reason.find("100"), std::string::npos) << report(id).reason;
}

TEST_F(ComparisonTest, AnObservedComparisonIsShownAndRecordedAndDoesNothing) {
  config.services[0].deploy.alarms[0].observe = true;
  start_judged();
  const DeploymentId id = bake();
  for (int i = 0; i < 12; ++i) see(bad(Colour::green));
  EXPECT_EQ(status(id), Status::baking);
  const AlarmReport alarm = report(id).alarms.at(0);
  EXPECT_TRUE(alarm.observed);
  EXPECT_TRUE(std::holds_alternative<health::Breached>(alarm.verdict));
  EXPECT_EQ(announced("alarm.observed"), 1U);
  EXPECT_GE(evidence(id).evidence.courses().at(0).breached_at, Micros{0});
  advance(minutes{5});
  ports->pump();
  EXPECT_EQ(status(id), Status::succeeded) << "no evidence of it is waited for";
}

TEST_F(ComparisonTest, TheEvidenceSaysWhatWasSeen) {
  const DeploymentId id = bake();
  serve(180, 20, 2);
  see(bad(Colour::green));
  see(bad(Colour::blue));
  controller->tick();
  const Evidence seen = evidence(id).evidence;
  ASSERT_EQ(seen.steps().size(), 1U);
  EXPECT_EQ(seen.steps()[0].weight, Weight::percent(10));
  EXPECT_EQ(seen.steps()[0].release, (Tally{20, 2}));
  EXPECT_EQ(seen.steps()[0].live, (Tally{180, 0}));
  EXPECT_EQ(seen.release_samples().at(0).request_id, "request-1");
  EXPECT_EQ(seen.live_samples().at(0).request_id, "request-2");
  EXPECT_EQ(seen.events().size(), 2U);
  EXPECT_FALSE(seen.courses().at(0).points.empty());
}

TEST_F(ComparisonTest, TheCourseFollowsErrorsBetweenTheTicks) {
  const DeploymentId id = bake();
  controller->tick();
  const std::size_t before = evidence(id).evidence.courses().at(0).points.size();
  for (int i = 0; i < 3; ++i) {
    clock.advance(Millis{10});
    see(bad(Colour::green));
  }
  const auto points = evidence(id).evidence.courses().at(0).points;
  ASSERT_EQ(points.size(), before + 3);
  EXPECT_LT(points[before].e_value, points[before + 1].e_value);
  EXPECT_EQ(points.back().release, 3U);
}

TEST_F(ComparisonTest, TheEvidenceCountsWhatTheVerdictCounted) {
  const DeploymentId id = bake();
  serve(36, 3, 3);
  controller->tick();
  for (int i = 0; i < 4; ++i) controller->on_judged_event(0, bad(Colour::green));
  serve(36, 4, 4);  // Since the last look at the counters.
  controller->check_breach(clock.mono());
  ASSERT_EQ(status(id), Status::stopped);
  EXPECT_EQ(evidence(id).evidence.steps().at(0).release, (Tally{4, 4}));
}

TEST_F(ComparisonTest, TheEvidenceOfAFinishedDeploymentIsInTheStoreAndNotInMemory) {
  const DeploymentId id = bake();
  for (int i = 0; i < 8; ++i) see(bad(Colour::green));
  ASSERT_EQ(status(id), Status::stopped);
  const AlarmReport alarm = report(id).alarms.at(0);
  EXPECT_TRUE(std::holds_alternative<health::Breached>(alarm.verdict));
  EXPECT_TRUE(alarm.comparison.has_value());
  EXPECT_FALSE(evidence(id).evidence.courses().empty());
  disk->evidence.clear();
  EXPECT_TRUE(evidence(id).evidence.courses().empty());
}

TEST_F(ComparisonTest, TheEvidenceOfAFinishedDeploymentOutlivesTheProcess) {
  const DeploymentId id = bake();
  for (int i = 0; i < 8; ++i) see(bad(Colour::green));
  ASSERT_EQ(status(id), Status::stopped);
  const Evidence before = evidence(id).evidence;
  start_judged();
  const Evidence after = evidence(id).evidence;
  EXPECT_EQ(after.steps(), before.steps());
  EXPECT_EQ(after.readings(), before.readings());
  EXPECT_EQ(after.release_samples(), before.release_samples());
  EXPECT_EQ(after.events().size(), before.events().size());
  ASSERT_EQ(after.courses().size(), 1U);
  EXPECT_EQ(after.courses()[0].verdict, before.courses()[0].verdict);
  EXPECT_EQ(after.courses()[0].breached_at, before.courses()[0].breached_at);
  EXPECT_EQ(after.courses()[0].points.size(), before.courses()[0].points.size());
}

TEST_F(ComparisonTest, AReplaySaysWhatOtherSettingsWouldHaveDoneAndWhen) {
  const DeploymentId id = bake();
  for (int i = 0; i < 8; ++i) see(bad(Colour::green));
  ASSERT_EQ(status(id), Status::stopped);
  const ReplayReport same = controller->replay(id, {}).value();
  ASSERT_EQ(same.alarms.size(), 1U);
  ASSERT_TRUE(same.alarms[0].breached_at);
  ASSERT_TRUE(same.alarms[0].breached_before);
  const ReplayReport sooner = controller->replay(id, {std::nullopt, 0.9}).value();
  ASSERT_TRUE(sooner.alarms[0].breached_at);
  EXPECT_LT(*sooner.alarms[0].breached_at, *same.alarms[0].breached_at);
  const ReplayReport never = controller->replay(id, {50, std::nullopt}).value();
  EXPECT_FALSE(never.alarms[0].breached_at);
  EXPECT_TRUE(never.alarms[0].breached_before);
}

TEST_F(ComparisonTest, WhatWasNotComparedCannotBeJudgedAgain) {
  const DeploymentId id = deploy();
  EXPECT_EQ(controller->replay(id, {}).error().status, 409);
  EXPECT_EQ(controller->replay("d-9", {}).error().status, 404);
  EXPECT_EQ(controller->evidence("d-9").error().status, 404);
}

TEST_F(ComparisonTest, AComparisonGoesOnWhereItStoodAfterARestart) {
  const DeploymentId id = bake();
  for (int i = 0; i < 3; ++i) see(bad(Colour::green));
  ASSERT_EQ(status(id), Status::baking);
  const double before = report(id).alarms.at(0).comparison->log_e;
  ASSERT_GT(before, 0);
  advance(seconds{10});  // Written with the clock.
  resume();
  EXPECT_TRUE(ports->last().judging);
  EXPECT_NEAR(report(id).alarms.at(0).comparison->log_e, before, 1e-6);
  EXPECT_EQ(status(id), Status::baking) << "a restart is no verdict";
  EXPECT_LE(failures_until_the_end(id), 3) << "the three of before count";
}

// Condition 8: alpha is the deployment's, over all processes that judge it.
TEST_F(ComparisonTest, Condition8_ARestartThatMayHaveLostSomethingHasAPartOfAlphaOfItsOwn) {
  const DeploymentId id = bake();
  see(bad(Colour::green));
  advance(seconds{10});
  const double needed = report(id).alarms.at(0).comparison->log_e_needed;
  for (int restarts = 1; restarts <= 3; ++restarts) {
    resume();
    EXPECT_NEAR(report(id).alarms.at(0).comparison->log_e_needed,
                needed + std::log(20.0 * restarts * (restarts + 1)), 1e-6);
    advance(seconds{10});
  }
}

TEST_F(ComparisonTest, Condition6_AlphaIsDividedAmongTheComparisonsThatCanRollBack) {
  config.services[0].deploy.alarms = {alarm("worse"), alarm("worse still"), alarm("watched")};
  config.services[0].deploy.alarms[2].observe = true;
  start_judged();
  const DeploymentId id = bake();
  controller->tick();
  for (const AlarmReport& alarm : report(id).alarms)
    EXPECT_NEAR(alarm.comparison->log_e_needed, std::log(2000.0), 1e-9) << alarm.name;
}

TEST_F(ComparisonTest, Condition7_EachStepLooksWithFreshEyes) {
  config.services[0].deploy.plan = {
      "custom",
      {config::SetWeight{Weight::percent(10)}, config::Bake{minutes{5}},
       config::SetWeight{Weight::percent(20)}, config::Bake{minutes{5}}}};
  config.services[0].deploy.not_enough_evidence = config::NotEnoughEvidence::proceed;
  start_judged();
  const DeploymentId id = bake();
  // As bad as live for so long that nothing of the first step speaks against the release.
  for (int i = 0; i < 3000; ++i)
    controller->on_judged_event(0, bad(i % 10 == 0 ? Colour::green : Colour::blue));
  see(bad(Colour::blue));
  ASSERT_EQ(status(id), Status::baking);
  advance(minutes{5});
  ports->pump();
  ASSERT_EQ(ports->last().split.of(Colour::green), Weight::percent(20));
  EXPECT_LE(failures_until_the_end(id), 8);
}

TEST_F(ComparisonTest, AnEndInGoodOrderLosesNothing) {
  const DeploymentId id = bake();
  for (int i = 0; i < 3; ++i) see(bad(Colour::green));
  const double needed = report(id).alarms.at(0).comparison->log_e_needed;
  controller->close();
  resume();
  EXPECT_NEAR(report(id).alarms.at(0).comparison->log_e_needed, needed, 1e-9);
  EXPECT_EQ(failures_until_the_end(id), 1);
}

TEST_F(ComparisonTest, AnEndInGoodOrderCountsForOneStartOnly) {
  const DeploymentId id = bake();
  see(bad(Colour::green));
  const double needed = report(id).alarms.at(0).comparison->log_e_needed;
  controller->close();
  resume();
  see(bad(Colour::blue));
  resume();  // Killed before anything more was written.
  EXPECT_GT(report(id).alarms.at(0).comparison->log_e_needed, needed + 1);
}

TEST_F(ComparisonTest, Condition8_AKillBeforeAnythingWasRecordedIsALoss) {
  const DeploymentId id = bake();
  see(bad(Colour::green));
  double needed = report(id).alarms.at(0).comparison->log_e_needed;
  for (int restarts = 1; restarts <= 3; ++restarts) {
    resume();
    ASSERT_EQ(status(id), Status::baking);
    see(bad(Colour::blue));
    EXPECT_NEAR(report(id).alarms.at(0).comparison->log_e_needed,
                needed + std::log(20.0 * restarts * (restarts + 1)), 1e-6);
  }
}

TEST_F(ComparisonTest, Condition8_AStepsCertificateHasItsLevelOverAllProcessesThatLookForIt) {
  const DeploymentId id = bake();
  const auto needed = [&] {
    controller->tick();
    return report(id).alarms.at(0).comparison->non_inferiority_log_e_needed;
  };
  const double level = -std::log(1 - config::CompareAlarm{}.certify);
  EXPECT_NEAR(needed(), level - std::log(0.95), 1e-9);
  controller->close();
  resume();
  EXPECT_NEAR(needed(), level + std::log(2 / 0.05), 1e-6) << "nothing was lost, but it begins anew";
  advance(seconds{10});
  resume();
  EXPECT_NEAR(needed(), level + std::log(6 / 0.05), 1e-6);
}

// Beyond what is recorded, evidence may have turned; a restart must not bring the old one back for
// nothing.
TEST_F(ComparisonTest, Condition8_EvidenceThatWasNotRecordedIsALoss) {
  const DeploymentId id = bake();
  for (int i = 0; i < 3; ++i) see(bad(Colour::green));
  for (std::size_t i = 3; i < Evidence::kEvents; ++i) {
    JudgedEvent event = bad(Colour::blue);
    event.release_probability = 0;  // Says nothing.
    controller->on_judged_event(0, event);
  }
  see(bad(Colour::blue));
  const double needed = report(id).alarms.at(0).comparison->log_e_needed;
  const double before = report(id).alarms.at(0).comparison->log_e;
  for (int i = 0; i < 500; ++i) controller->on_judged_event(0, bad(Colour::blue));
  see(bad(Colour::blue));
  ASSERT_LT(report(id).alarms.at(0).comparison->log_e, before - 1);
  ASSERT_GE(evidence(id).evidence.dropped(), 500U);
  controller->close();
  resume();
  EXPECT_GT(report(id).alarms.at(0).comparison->log_e_needed, needed + 1);
  EXPECT_EQ(status(id), Status::baking);
}

TEST_F(ComparisonTest, AFinishedDeploymentsAlarmsSayTheSameAfterARestart) {
  config.services[0].deploy.alarms.push_back(
      {"errors", config::ErrorRateAlarm{}, seconds{30}, 50, false});
  start_judged();
  const DeploymentId id = bake();
  for (int i = 0; i < 8; ++i) see(bad(Colour::green));
  ASSERT_EQ(status(id), Status::stopped);
  const auto text = [&] {
    std::string said;
    for (const AlarmReport& alarm : report(id).alarms)
      said += boost::json::serialize(to_json(alarm)) + "\n";
    return said;
  };
  const std::string before = text();
  start_judged();
  EXPECT_EQ(text(), before);
  ASSERT_TRUE(report(id).alarms.at(0).comparison);
  EXPECT_EQ(evidence(id).deployment.alarms.at(0).comparison->release.bad,
            report(id).alarms.at(0).comparison->release.bad);
}

TEST_F(ComparisonTest, ThresholdsAreTheLiveGroupsOwnAndFrozenForTheStep) {
  config::Alarm slow = alarm("slow");
  config::CompareAlarm compare;
  compare.what = config::CompareAlarm::What::latency;
  slow.condition = compare;
  config.services[0].deploy.alarms = {slow};
  start_judged();
  TrafficReading blue{{"shop", Colour::blue, "v1", Audience::split}, {}};
  for (std::uint64_t i = 1; i <= 10'000; ++i) blue.counters.duration.record(i * 10);
  blue.counters.requests[0][1] = 10'000;
  ports->traffic = {blue};
  controller->tick();
  const DeploymentId id = bake();
  ASSERT_TRUE(ports->last().judging);
  const std::vector<Micros> thresholds = ports->last().judging->slower_than;
  ASSERT_GE(thresholds.size(), 3U);
  EXPECT_NEAR(static_cast<double>(thresholds[0].count()), 50'000, 5000);
  EXPECT_EQ(evidence(id).evidence.steps().at(0).slower_than, thresholds);
  for (std::uint64_t i = 1; i <= 10'000; ++i) ports->traffic[0].counters.duration.record(900'000);
  advance(seconds{30});
  EXPECT_EQ(ports->last().judging->slower_than, thresholds);
}

TEST_F(ComparisonTest, EventsOfAServiceThatDeploysNothingAreNobodys) {
  see(bad(Colour::green));
  controller->on_judged_event(17, bad(Colour::green));
  controller->check_breach(clock.mono());
  EXPECT_EQ(shop().split, Split::all_to(Colour::blue));
}

}  // namespace
}  // namespace teal::control
