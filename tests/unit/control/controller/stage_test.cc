// Whose requests a verdict counts, in the controller and with the real judges: those that began in
// the deployment, and at the end of a bake those that began in its own step.
#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class StageTest : public ControllerTestBase {
 protected:
  StageTest() {
    config.services[0].deploy.plan = {
        "custom",
        {config::SetWeight{Weight::percent(20)}, config::Bake{seconds{6}},
         config::SetWeight{Weight::percent(50)}, config::Bake{seconds{6}}}};
    config.services[0].deploy.alarms = {
        {"errors", config::ErrorRateAlarm{{config::Threshold::Op::above, 0.01}}, seconds{30}, 20}};
    start_judged();
  }

  void start_judged() {
    controller.reset();
    ports = std::make_unique<FakePorts>(clock);
    controller = std::make_unique<Controller>(std::make_shared<const config::Config>(config), clock,
                                              log, *ports, make_store());
    ASSERT_TRUE(controller->start());
  }
  void judge_latency() {
    config.services[0].deploy.alarms.push_back(
        {"slow", config::LatencyAlarm{0.99, {config::Threshold::Op::above, 250}}, seconds{30}, 20});
    start_judged();
  }

  /// What is counted of green's requests that begin now.
  Begun& green() {
    const ServiceState& state = ports->last();
    return ports->begun[{{"shop", Colour::green, "v2", Audience::split}, state.stage()}];
  }
  static void serve(Begun& begun, std::uint64_t requests, std::size_t status_class = 2,
                    Micros took = milliseconds{3}) {
    begun.ended.requests[0][status_class - 1] += requests;
    for (std::uint64_t i = 0; i < requests; ++i) {
      begun.ended.duration.record(static_cast<std::uint64_t>(took.count()));
      begun.reached.record(static_cast<std::uint64_t>(took.count()));
    }
  }
  static void hang(Begun& begun, std::uint64_t requests, Micros age) {
    for (std::uint64_t i = 0; i < requests; ++i)
      begun.reached.record(static_cast<std::uint64_t>(age.count()));
  }
  void pass(seconds time) {
    for (seconds passed{0}; passed < time; passed += seconds{1}) advance(seconds{1});
    ports->pump();
  }
  /// To the bake at 50 %, good so far.
  DeploymentId bake_at_half() {
    const DeploymentId id = bake();
    pass(seconds{1});
    serve(green(), 200);
    pass(seconds{5});
    EXPECT_EQ(ports->last().split.of(Colour::green), Weight::percent(50));
    EXPECT_EQ(status(id), Status::baking) << report(id).reason;
    return id;
  }
  std::string phase(const DeploymentId& id) { return std::string(report(id).phase); }
};

TEST_F(StageTest, ABakeDoesNotEndWellOnTheRequestsOfTheStepBefore) {
  const DeploymentId id = bake_at_half();
  pass(seconds{6});  // And of its own requests none comes back.
  EXPECT_EQ(phase(id), "Holding");
  EXPECT_EQ(report(id).timeline.back().what, "not enough evidence: errors: 0 of 20 requests");
  serve(green(), 20);
  pass(seconds{1});
  EXPECT_EQ(status(id), Status::succeeded);
}

TEST_F(StageTest, LateAnswersToTheStepBeforeAreNoEvidenceForThisOne) {
  const DeploymentId id = bake();
  pass(seconds{1});
  Begun& first = green();
  serve(first, 200);
  pass(seconds{5});
  ASSERT_EQ(ports->last().split.of(Colour::green), Weight::percent(50));
  serve(first, 100);
  pass(seconds{6});
  EXPECT_EQ(phase(id), "Holding");
}

TEST_F(StageTest, LateFailuresOfTheStepBeforeStillBreach) {
  const DeploymentId id = bake();
  pass(seconds{1});
  Begun& first = green();
  serve(first, 200);
  pass(seconds{5});
  serve(first, 100, 5);
  pass(seconds{1});
  EXPECT_EQ(report(id).error_code, "ALARM_ACTIVE") << "they began in the deployment";
}

TEST_F(StageTest, TheRequestsOfTheStepAloneAreEnoughToBreach) {
  config.services[0].deploy.alarms = {
      {"errors", config::ErrorRateAlarm{{config::Threshold::Op::above, 0.5}}, seconds{30}, 20}};
  start_judged();
  const DeploymentId id = bake_at_half();
  serve(green(), 30, 5);
  pass(seconds{1});
  EXPECT_EQ(report(id).reason, "alarm errors: error_rate 100% > 50% over 30s (30 of 30 requests)");
}

TEST_F(StageTest, AReleaseThatHangsIsSlowBeforeItsRequestsEnd) {
  judge_latency();
  const DeploymentId id = bake_at_half();
  hang(green(), 30, seconds{2});
  pass(seconds{1});
  EXPECT_EQ(report(id).error_code, "ALARM_ACTIVE");
  EXPECT_EQ(report(id).reason,
            "alarm slow: latency_p99 over 250ms > 250ms over 30s (230 requests, 30 in flight)");
}

TEST_F(StageTest, WorkersWatchAgesOnlyWhileAnAlarmOnLatencyIsJudged) {
  bake();
  EXPECT_FALSE(ports->last().watches_ages) << "nobody asks for them";
  judge_latency();
  probe(Colour::blue, Health::healthy);
  probe(Colour::green, Health::healthy);
  ports->pump();
  const DeploymentId id = *shop().deployment;
  EXPECT_FALSE(ports->last().watches_ages) << "the running deployment has the alarms of its start";
  ASSERT_TRUE(command(id, Command::rollback));
  ports->pump();
  const DeploymentId next = deploy("v3");
  EXPECT_FALSE(ports->last().watches_ages) << "the release has no traffic yet";
  probe(Colour::green, Health::healthy);
  ports->pump();
  EXPECT_TRUE(ports->last().watches_ages);
  ASSERT_TRUE(command(next, Command::rollback));
  EXPECT_FALSE(ports->last().watches_ages);
}

TEST_F(StageTest, AFinishedDeploymentIsWatchedNoMore) {
  judge_latency();
  const DeploymentId id = bake();
  ASSERT_TRUE(command(id, Command::promote));
  ports->pump();
  ASSERT_EQ(status(id), Status::succeeded);
  EXPECT_FALSE(ports->last().watches_ages);
}

// 20 requests hang, rollback, the target is repaired, the same revision is shipped again; the old
// failures arrive.
TEST_F(StageTest, LateFailuresOfAnEarlierTryDoNotCondemnTheNextOne) {
  const DeploymentId first = bake();
  Begun& hung = green();
  ASSERT_TRUE(command(first, Command::rollback));
  ports->pump();
  const DeploymentId again = deploy("v2");
  probe(Colour::green, Health::healthy);
  ports->pump();
  ASSERT_EQ(status(again), Status::baking);
  EXPECT_NE(&green(), &hung);
  serve(green(), 50);
  serve(hung, 20, 5, seconds{60});
  pass(seconds{6});
  serve(green(), 50);
  pass(seconds{6});
  EXPECT_EQ(status(again), Status::succeeded) << report(again).reason;
  EXPECT_EQ(shop().groups[Colour::green].errors, 20U) << "the group's sum has them all the same";
}

TEST_F(StageTest, TheNextDeploymentStartsAtNothingWhateverItsRevisionDidBefore) {
  const DeploymentId first = bake();
  serve(green(), 1000, 5);
  advance(seconds{1});
  ports->pump();
  ASSERT_EQ(report(first).error_code, "ALARM_ACTIVE");
  const DeploymentId again = deploy("v2");
  probe(Colour::green, Health::healthy);
  ports->pump();
  serve(green(), 19);
  advance(seconds{1});
  EXPECT_EQ(std::get<health::NotEnoughEvidence>(report(again).alarms.at(0).verdict).missing,
            "19 of 20 requests");
}

TEST_F(StageTest, ASecondBakeAtOneWeightHasEvidenceOfItsOwn) {
  config.services[0].deploy.plan = {
      "custom",
      {config::SetWeight{Weight::percent(20)}, config::Bake{seconds{6}}, config::Bake{seconds{6}}}};
  start_judged();
  const DeploymentId id = bake();
  const Stage first = ports->last().stage();
  serve(green(), 200);
  pass(seconds{6});
  ASSERT_EQ(status(id), Status::baking);
  EXPECT_NE(ports->last().stage(), first);
  EXPECT_EQ(ports->last().split.of(Colour::green), Weight::percent(20));
  pass(seconds{6});
  EXPECT_EQ(phase(id), "Holding");
}

TEST_F(StageTest, ABakeSharesTheStageOfItsShift) {
  const DeploymentId id = bake();
  EXPECT_EQ(ports->last().stage(), (Stage{1, 0}));
  const std::size_t published = ports->published.size();
  ASSERT_TRUE(command(id, Command::pause));
  ASSERT_TRUE(command(id, Command::proceed));
  EXPECT_EQ(ports->published.size(), published) << "a pause is no step either";
}

TEST_F(StageTest, AnEventOfAnEarlierTryIsNoneOfTheNextOnes) {
  config::Alarm worse;
  worse.name = "worse";
  worse.condition = config::CompareAlarm{};
  config.services[0].deploy.alarms = {worse};
  start_judged();
  const DeploymentId first = bake();
  std::vector<JudgedEvent> late(8);
  for (std::size_t i = 0; i < late.size(); ++i) {
    late[i].group = Colour::green;
    late[i].release_probability = 0.1;
    late[i].began = clock.mono();
    late[i].request = i + 1;
    late[i].table = ports->versions.back();
  }
  ASSERT_TRUE(command(first, Command::rollback));
  ports->pump();
  const DeploymentId again = deploy("v2");
  probe(Colour::green, Health::healthy);
  ports->pump();
  ASSERT_EQ(status(again), Status::baking);
  advance(seconds{1});
  for (JudgedEvent& event : late) {
    event.seen = clock.mono();
    controller->on_judged_event(0, event);
  }
  controller->check_breach(clock.mono());
  EXPECT_EQ(status(again), Status::baking) << report(again).reason;
  EXPECT_EQ(controller->evidence(again).value().evidence.events().size(), 0U);
  for (JudgedEvent& event : late) {
    event.table = ports->versions.back();
    controller->on_judged_event(0, event);
  }
  controller->check_breach(clock.mono());
  EXPECT_EQ(report(again).error_code, "ALARM_ACTIVE") << "its own events do count";
}

TEST_F(StageTest, TheReportTellsWhatIsInFlightInEachGroup) {
  ports->in_flight[Colour::green] = {63, seconds{12}};
  EXPECT_EQ(shop().groups[Colour::green].in_flight, (GroupInFlight{63, seconds{12}}));
  EXPECT_EQ(shop().groups[Colour::blue].in_flight, GroupInFlight{});
}

}  // namespace
}  // namespace teal::control
