#include "control/services/stages.h"

#include "tests/support/one_service.h"

namespace teal::control {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class StagesTest : public OneService {
 protected:
  StagesTest() { install("v2"); }
  /// To the bake at 10 %, watched by the alarms of the spec.
  DeploymentRunner& bake(DeploymentSpec of) {
    DeploymentRunner& runner = begin(std::move(of));
    runner.watch(health::make_source_in, patience_of(config.services[0]));
    step(runner, event::HealthChanged{2, 0, 0, 0});
    apply(runner);
    return runner;
  }
  DeploymentSpec compared() {
    DeploymentSpec of = spec();
    of.deploy.alarms = {{"worse", config::CompareAlarm{}, seconds{30}, 0}};
    return of;
  }
  action::Publish publication(const DeploymentRunner& runner) {
    return {runner.engine().facts().shift, Colour::blue,
            Split::with(Colour::green, runner.engine().facts().weight)};
  }

  Publisher publisher{ports, services};
  Stages stages{services, figures, publisher, ports, clock};
};

TEST_F(StagesTest, ARequestOfAnyGroupHasEndedBadlyAfterItsTimeoutsAndALittle) {
  config.services[0].timeouts.connect = seconds{2};
  config.services[0].timeouts.response_header = seconds{10};
  EXPECT_EQ(patience_of(config.services[0]), seconds{15});
}

TEST_F(StagesTest, WhatBeginsUnderAPublicationIsOfItsStep) {
  const DeploymentRunner& runner = bake(spec());
  stages.set_stage(shop(), runner);
  EXPECT_EQ(shop().state().step, runner.engine().facts().step);
  EXPECT_FALSE(shop().state().watches_ages);
}

TEST_F(StagesTest, AgesAreWatchedForAnAlarmOnLatencyOnly) {
  DeploymentSpec of = spec();
  of.deploy.alarms = {{"slow", config::LatencyAlarm{}, seconds{30}, 0}};
  stages.set_stage(shop(), bake(of));
  EXPECT_TRUE(shop().state().watches_ages);
}

TEST_F(StagesTest, ABakeBehindAShiftOfItsOwnHasTheStageOfTheShift) {
  const DeploymentRunner& runner = bake(spec());
  shop().edit().step = 0;
  EXPECT_FALSE(stages.begins_own(runner));
}

TEST_F(StagesTest, ABakeBehindABakeBeginsItsOwn) {
  DeploymentSpec of = spec();
  of.deploy.plan.steps = {config::SetWeight{Weight::percent(10)}, config::Bake{minutes{1}},
                          config::Bake{minutes{1}}};
  DeploymentRunner& runner = bake(of);
  shop().edit().step = 1;
  EXPECT_FALSE(stages.begins_own(runner));
  clock.advance(minutes{1});
  step(runner, event::Evidence{""});
  step(runner, event::Wake{});
  EXPECT_TRUE(stages.begins_own(runner));
}

TEST_F(StagesTest, WorkersTellOfSingleRequestsOnlyWhereSomebodyCompares) {
  DeploymentRunner& plain = bake(spec());
  stages.set_judging(shop(), plain, publication(plain));
  EXPECT_FALSE(shop().state().judging);
  deployments.end(plain);
  DeploymentRunner& runner = bake(compared());
  stages.set_judging(shop(), runner, publication(runner));
  EXPECT_TRUE(shop().state().judging);
}

TEST_F(StagesTest, NobodyIsComparedWithWithoutAShareOrAfterTheCutOver) {
  DeploymentRunner& runner = bake(compared());
  stages.set_judging(shop(), runner, publication(runner));
  action::Publish cut_over = publication(runner);
  cut_over.live = Colour::green;
  stages.set_judging(shop(), runner, cut_over);
  EXPECT_FALSE(shop().state().judging);
  stages.set_judging(shop(), runner, {1, Colour::blue, Split::all_to(Colour::blue)});
  EXPECT_FALSE(shop().state().judging);
}

TEST_F(StagesTest, AReadingIsOfWhatBeganInTheDeployment) {
  const DeploymentRunner& runner = bake(spec());
  shop().edit().step = 1;
  const TrafficKey release{"shop", Colour::green, "v2", Audience::split};
  TrafficCounters counted;
  counted.requests[0][1] = 40;
  ports.begun[{release, {runner.number, 1}}].ended = counted;
  ports.begun[{release, {runner.number + 1, 0}}].ended = counted;  // Another deployment's.
  const health::Reading reading = stages.reading_of(runner);
  EXPECT_EQ(reading.release.total(), 40);
  EXPECT_EQ(reading.live.total(), 0);
  EXPECT_EQ(reading.in_step->step, 1);
  EXPECT_EQ(stages.read_counts(runner).release.usual.requests, 40);
}

}  // namespace
}  // namespace teal::control
