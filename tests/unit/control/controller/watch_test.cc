// The watch in the controller: what it goes back to, what ends it, and what it leaves to others.
#include <algorithm>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;

class WatchTest : public ControllerTestBase {
 protected:
  WatchTest() {
    config.services[0].deploy.plan = {"AllAtOnce", {}};
    config.services[0].deploy.watch_after = 5min;
    config.services[0].deploy.keep_old = 10min;
    start();
  }

  /// To the beginning of the watch.
  DeploymentId cut_over(const std::string& revision = "v2") {
    probe(Colour::blue, Health::healthy);
    const DeploymentId id = deploy(revision);
    probe(Colour::green, Health::healthy);
    ports->pump();
    EXPECT_EQ(report(id).phase, "Watching");
    return id;
  }
  void breach() {
    verdicts["errors"] = health::Breached{"error_rate 100% > 1%"};
    advance(100ms);
  }
  bool is_blue_warm() {
    const auto& targets = ports->last().groups[Colour::blue].targets;
    return targets.size() == 2 && std::ranges::none_of(targets, &TargetState::draining);
  }
  void expect_back(const DeploymentId& id) {
    EXPECT_EQ(ports->last().live, Colour::blue);
    EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
    ports->pump();
    ASSERT_TRUE(report(id).rolled_back_by);
    EXPECT_EQ(status(*report(id).rolled_back_by), Status::succeeded);
    EXPECT_TRUE(ports->last().groups[Colour::green].targets.empty());
    EXPECT_TRUE(is_blue_warm());
  }
};

TEST_F(WatchTest, TakesAReleaseBackThatWasShippedAllAtOnce) {
  const DeploymentId id = cut_over();
  EXPECT_EQ(status(id), Status::baking);
  EXPECT_EQ(ports->last().live, Colour::green);
  const std::size_t before = ports->published.size();
  breach();
  EXPECT_EQ(ports->published.size(), before + 1) << "a swap is one publication";
  EXPECT_EQ(report(id).error_code, "ALARM_ACTIVE");
  expect_back(id);
}

TEST_F(WatchTest, EndsWellAndTheOldGroupIsKeptFromTheCutOverOn) {
  const DeploymentId id = cut_over();
  EXPECT_EQ(*report(id).step_ends - clock.wall(), 5min);
  advance(5min - 1ms);
  EXPECT_EQ(status(id), Status::baking);
  advance(1ms);
  EXPECT_EQ(status(id), Status::succeeded);
  EXPECT_EQ(report(id).reason, "");
  EXPECT_EQ(*shop().old_kept_until - clock.wall(), 5min);
  breach();
  EXPECT_EQ(ports->last().live, Colour::green) << "nobody watches any more";
}

TEST_F(WatchTest, SaysWhatWasNotJudged) {
  verdicts["errors"] = health::NotEnoughEvidence{"3 of 50 requests"};
  const DeploymentId id = cut_over();
  advance(5min);
  EXPECT_EQ(status(id), Status::succeeded);
  EXPECT_EQ(report(id).reason, "not judged since the cut-over: errors: 3 of 50 requests");
  start();
  EXPECT_EQ(report(id).reason, "not judged since the cut-over: errors: 3 of 50 requests");
}

TEST_F(WatchTest, LastsFiveMinutesOrAsLongAsTheOldGroupIsKeptUnlessTheFileSaysHowLong) {
  config.services[0].deploy.watch_after.reset();
  start();
  EXPECT_EQ(*report(cut_over()).step_ends - clock.wall(), 5min);
  disk = std::make_shared<Disk>();
  config.services[0].deploy.keep_old = 30s;
  start();
  EXPECT_EQ(*report(cut_over()).step_ends - clock.wall(), 30s);
  disk = std::make_shared<Disk>();
  config.services[0].deploy.alarms.clear();
  start();
  probe(Colour::blue, Health::healthy);
  const DeploymentId id = deploy();
  probe(Colour::green, Health::healthy);
  ports->pump();
  EXPECT_EQ(status(id), Status::succeeded) << "nobody would judge";
}

TEST_F(WatchTest, ANewDeploymentEndsItAndOneThatIsRefusedDoesNot) {
  const DeploymentId id = cut_over();
  auto live = request("v3");
  live.targets = {target_address(3)};
  EXPECT_EQ(controller->deploy("shop", live, "", "").error().type, "target-is-live");
  EXPECT_EQ(report(id).phase, "Watching");
  auto next = request("v3");
  next.targets = {target_address(5)};
  const ApiResult<DeploymentReport> started = controller->deploy("shop", next, "", "");
  ASSERT_TRUE(started) << started.error().detail;
  EXPECT_EQ(started->colour, Colour::blue);
  EXPECT_EQ(status(id), Status::succeeded);
  EXPECT_EQ(report(id).timeline.at(report(id).timeline.size() - 2).what,
            "the watch ends: v3 is to be shipped");
  EXPECT_EQ(shop().deployment, started->id);
  EXPECT_EQ(ports->last().live, Colour::green);
}

TEST_F(WatchTest, ANewDeploymentSaysWhatItTakesAway) {
  cut_over();
  auto next = request("v3");
  next.targets = {target_address(5)};
  const ApiResult<DeploymentReport> started = controller->deploy("shop", next, "", "");
  ASSERT_TRUE(started);
  ASSERT_EQ(started->warnings.size(), 1U);
  EXPECT_EQ(started->warnings[0],
            "the watch of d-1 ends: v2 stays live; v1 in blue, to which it could be taken back at "
            "once, gives its place to v3 now");
  EXPECT_EQ(announced("deployment.warned"), 1U);
}

TEST_F(WatchTest, ANewDeploymentWhileTheOldGroupIsKeptSaysThatItIsNotAnyMore) {
  const DeploymentId id = cut_over();
  advance(5min);
  ASSERT_EQ(status(id), Status::succeeded);
  auto next = request("v3");
  next.targets = {target_address(5)};
  EXPECT_EQ(
      controller->deploy("shop", next, "", "").value().warnings.at(0),
      "v2 stays live: v1 in blue, to which it could be taken back at once, gives its place to "
      "v3 now");
}

TEST_F(WatchTest, ShowsNoBudgetThatLimitsNothingAnyMore) {
  config.services[0].deploy.exposure_budget = 5;
  start();
  const DeploymentId id = cut_over();
  EXPECT_EQ(report(id).exposure_budget, 0U);
}

TEST_F(WatchTest, SaysThatThereIsNobodyToGoBackTo) {
  const DeploymentId id = cut_over();
  probe(Colour::blue, Health::unhealthy);
  ASSERT_EQ(report(id).warnings.size(), 1U);
  EXPECT_EQ(report(id).warnings[0],
            "no target of blue (v1) is healthy: there is nobody to take v2 back to");
}

TEST_F(WatchTest, ARepetitionOfTheRequestThatBeganItDoesNotEndIt) {
  probe(Colour::blue, Health::healthy);
  const DeploymentId id = controller->deploy("shop", request(), "key", "digest")->id;
  probe(Colour::green, Health::healthy);
  ports->pump();
  ASSERT_EQ(report(id).phase, "Watching");
  EXPECT_EQ(controller->deploy("shop", request(), "key", "digest")->id, id);
  EXPECT_EQ(report(id).phase, "Watching");
}

TEST_F(WatchTest, IsEndedByContinueKeptByPromoteAndHeldBackByNobody) {
  const DeploymentId id = cut_over();
  EXPECT_EQ((*command(id, Command::promote))->phase, "Watching");
  const auto paused = command(id, Command::pause);
  EXPECT_EQ(paused->error().status, 409);
  EXPECT_EQ(paused->error().remedy,
            "`teal continue shop` ends the watch, `teal rollback shop` takes the release back");
  std::optional<ApiError> split;
  controller->set_split("shop", Split::with(Colour::green, Weight::percent(50)), std::nullopt,
                        [&](const ApiResult<ServiceReport>& answer) { split = answer.error(); });
  EXPECT_EQ(split->remedy, "`teal continue shop` ends its watch");
  EXPECT_EQ((*command(id, Command::proceed))->status, Status::succeeded);
}

TEST_F(WatchTest, GoesBackOnAnOutsideAlarmOnHealthAndByHand) {
  cut_over();
  ASSERT_TRUE(controller->set_external_alarm("pager", "shop", true, "checkout is down"));
  expect_back("d-1");
  probe(Colour::green, Health::healthy);
  for (const Command by_hand : {Command::stop, Command::rollback}) {
    const DeploymentId id = cut_over("v" + std::to_string(7 + static_cast<int>(by_hand)));
    ASSERT_TRUE(command(id, by_hand));
    EXPECT_EQ(report(id).error_code, "MANUAL_STOP");
    expect_back(id);
  }
  const DeploymentId sick = cut_over("v20");
  probe(Colour::green, Health::unhealthy);
  EXPECT_EQ(report(sick).error_code, "HEALTH_CONSTRAINTS");
  expect_back(sick);
}

TEST_F(WatchTest, ResumesWithTheTimeLeftAndSaysSinceWhen) {
  const DeploymentId id = cut_over();
  const WallTime began = clock.wall();
  for (int i = 0; i < 24; ++i) advance(5s);
  clock.advance(10h);  // Down for long.
  start();
  EXPECT_EQ(ports->last().live, Colour::green);
  EXPECT_TRUE(is_blue_warm());
  ports->pump();
  probe(Colour::green, Health::healthy);
  probe(Colour::blue, Health::healthy);
  ASSERT_EQ(report(id).phase, "Watching");
  const Millis left = *report(id).step_ends - clock.wall();
  EXPECT_LE(left, 3min + 5s);
  EXPECT_GE(left, 2min + 50s);
  EXPECT_EQ(report(id).wait->since, began);
}

TEST_F(WatchTest, KeepsTheOldGroupWarmHoweverLongTealWasDown) {
  const DeploymentId id = cut_over();
  advance(5s);
  clock.advance(10h);
  start();
  ports->pump();
  probe(Colour::green, Health::healthy);
  probe(Colour::blue, Health::healthy);
  advance(1s);
  ports->pump();
  EXPECT_TRUE(is_blue_warm()) << "keep_old is over by the clock on the wall, the watch is not";
  breach();
  expect_back(id);
}

TEST_F(WatchTest, LetsTheOldGroupGoAfterItWhereKeepOldIsOver) {
  config.services[0].deploy.keep_old = 5min;
  start();
  const DeploymentId id = cut_over();
  advance(5min);
  EXPECT_EQ(status(id), Status::succeeded);
  advance(100ms);
  ports->pump();
  EXPECT_TRUE(ports->last().groups[Colour::blue].targets.empty());
}

TEST_F(WatchTest, NothingLimitsWhatIsLive) {
  config.services[0].deploy.exposure_budget = 2;
  config.services[0].deploy.plan = {"custom",
                                    {config::SetWeight{Weight::percent(10)}, config::Bake{1min}}};
  start();
  probe(Colour::blue, Health::healthy);
  const DeploymentId id = deploy();
  probe(Colour::green, Health::healthy);
  ports->pump();
  const std::shared_ptr<Exposure> budget = ports->last().exposure;
  ASSERT_TRUE(budget);
  advance(1min);
  ports->pump();
  ASSERT_EQ(report(id).phase, "Watching");
  for (int i = 0; i < 2; ++i) {
    budget->reserve();
    budget->spend();
  }
  advance(100ms);
  EXPECT_EQ(report(id).phase, "Watching");
  start();
  ports->pump();
  ASSERT_EQ(report(id).phase, "Watching");
  EXPECT_FALSE(ports->last().exposure);
}

// ---- comparisons --------------------------------------------------------------------------------

TEST_F(WatchTest, ComparisonsGoOnByTheirLimitAndBeyondItNobodyTellsOfRequests) {
  for (const bool has_limit : {true, false}) {
    config::CompareAlarm compare;
    if (has_limit) compare.at_most = 0.01;
    config.services[0].deploy.alarms = {{"worse", compare, 30s, 50}};
    disk = std::make_shared<Disk>();
    start();
    const DeploymentId id = cut_over();
    EXPECT_EQ(ports->last().judging.has_value(), has_limit);
    EXPECT_EQ(controller->evidence(id)->evidence.steps().back().weight, Weight::all());
    verdicts["worse"] = health::NotEnoughEvidence{"nobody to compare with"};
    advance(5min);
    EXPECT_EQ(status(id), Status::succeeded);
    EXPECT_FALSE(ports->last().judging);
    EXPECT_EQ(report(id).reason.empty(), !has_limit) << "without a limit it has no part in it";
    verdicts.clear();
  }
}

/// With the real judges.
class GuardTest : public WatchTest {
 protected:
  GuardTest() {
    config::CompareAlarm compare;
    compare.at_most = 0.01;
    config.services[0].deploy.alarms = {{"worse", compare, 30s, 50}};
    begin();
  }
  void begin() {
    controller.reset();
    ports = std::make_unique<FakePorts>(clock);
    controller = std::make_unique<Controller>(std::make_shared<const config::Config>(config), clock,
                                              log, *ports, make_store());
    ASSERT_TRUE(controller->start());
  }
  /// A failure of the group that is live: its draw left nothing to chance.
  void fail() {
    clock.advance(2ms);
    JudgedEvent event;
    event.group = Colour::green;
    event.release_probability = 0;
    event.began = clock.mono() - 1ms;
    event.seen = clock.mono();
    event.request = ++requests_;
    event.table = ports->versions.back();
    controller->on_judged_event(0, event);
    serve(served_ + 1, failed_ + 1);
    controller->check_breach(clock.mono());
  }
  void serve(std::uint64_t requests, std::uint64_t failed) {
    served_ = requests;
    failed_ = failed;
    TrafficReading green{{"shop", Colour::green, "v2", Audience::split}, {}};
    green.counters.requests[0][1] = requests - failed;
    green.counters.requests[0][4] = failed;
    ports->traffic = {green};
  }

  std::uint64_t served_ = 0, failed_ = 0, requests_ = 0;
};

TEST_F(GuardTest, ALimitTakesAReleaseBackThatNobodyCanBeComparedWith) {
  const DeploymentId id = cut_over();
  advance(100ms);
  int failures = 0;
  for (; report(id).phase == "Watching" && failures < 20; ++failures) fail();
  EXPECT_LE(failures, 6);
  EXPECT_EQ(report(id).error_code, "ALARM_ACTIVE");
  expect_back(id);
}

TEST_F(GuardTest, ARestartForgetsNoFailureThatTheLimitHasCounted) {
  const DeploymentId id = cut_over();
  advance(100ms);
  serve(1000, 0);
  advance(100ms);
  fail();
  fail();
  advance(5s);
  controller->close();
  begin();
  serve(0, 0);
  ports->pump();
  probe(Colour::green, Health::healthy);
  probe(Colour::blue, Health::healthy);
  advance(100ms);
  ASSERT_EQ(report(id).phase, "Watching");
  int failures = 0;
  for (; report(id).phase == "Watching" && failures < 60; ++failures) fail();
  EXPECT_GT(failures, 6) << "the good requests of before count, too";
  EXPECT_LT(failures, 60);
}

// ---- what people see ----------------------------------------------------------------------------

TEST_F(WatchTest, SaysWhyItDoesNotGoOnAndWhatToType) {
  using Steps = std::vector<config::Step>;
  config.services[0].deploy.plan = {
      "custom", Steps{config::SetWeight{Weight::percent(10)},
                      config::Gate{"qa", 1h, config::Gate::OnTimeout::stop}, config::Bake{1min}}};
  start();
  verdicts["errors"] = health::NotEnoughEvidence{"3 of 50 requests"};
  probe(Colour::blue, Health::healthy);
  const DeploymentId id = deploy();
  EXPECT_FALSE(report(id).wait);
  probe(Colour::green, Health::healthy);
  ports->pump();
  const WaitReport gated = report(id).wait.value();
  EXPECT_EQ(gated.phase, "Gated");
  EXPECT_EQ(gated.since, clock.wall());
  EXPECT_EQ(gated.by, "gate qa");
  EXPECT_EQ(gated.then, "it is stopped");
  ASSERT_EQ(gated.commands.size(), 2U);
  EXPECT_EQ(gated.commands[0].command, "teal continue shop");
  EXPECT_EQ(gated.commands[1].command, "teal rollback shop");

  command(id, Command::proceed);
  advance(20s);
  command(id, Command::pause);
  const WaitReport paused = report(id).wait.value();
  EXPECT_EQ(paused.phase, "Paused");
  EXPECT_EQ(paused.by, "request");
  EXPECT_EQ(paused.why, "paused in a bake of which 40s are left");
  EXPECT_EQ(paused.then, "");

  command(id, Command::proceed);
  EXPECT_FALSE(report(id).wait);
  advance(40s);
  const WaitReport holding = report(id).wait.value();
  EXPECT_EQ(holding.phase, "Holding");
  EXPECT_EQ(report(id).status, Status::ready);
  EXPECT_EQ(holding.by, "not_enough_evidence");
  EXPECT_EQ(holding.why, "not enough evidence: errors: 3 of 50 requests");
  EXPECT_EQ(holding.then, "it fails");

  command(id, Command::proceed);
  const WaitReport watching = report(id).wait.value();
  EXPECT_EQ(watching.phase, "Watching");
  EXPECT_EQ(watching.by, "watch_after");
  EXPECT_EQ(watching.why, "v2 is live; errors, pager and health may still take it back to v1");
  EXPECT_EQ(watching.then, "it has succeeded");
  EXPECT_EQ(watching.commands[0].does, "ends the watch");
  command(id, Command::proceed);
  EXPECT_FALSE(report(id).wait);
}

}  // namespace
}  // namespace teal::control
