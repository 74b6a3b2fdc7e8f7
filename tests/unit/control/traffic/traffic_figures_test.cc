#include "control/traffic/traffic_figures.h"

#include <gtest/gtest.h>

#include <deque>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TrafficFiguresTest : public testing::Test {
 protected:
  void add(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      services.push_back(shop_config().services[0]);
      services.back().name = "service-" + std::to_string(i);
      registry.add(services.back(), clock.wall());
    }
    figures.begin(registry, clock.mono());
    ports.asked = ports.read = 0;
  }
  /// Of the live group.
  void finish(const std::string& service, std::uint64_t requests) {
    TrafficReading reading;
    reading.key = {service, Colour::blue, "v1"};
    reading.counters.requests[0][1] = requests;
    reading.counters.duration.record(1000);
    ports.traffic.push_back(reading);
  }
  void tick(std::vector<ServiceId> visited = {}) {
    clock.advance(milliseconds{100});
    figures.tick(registry, visited, clock.mono());
  }
  std::uint64_t recent(const std::string& service) const {
    const auto view = figures.windows.recent(service, Colour::blue);
    return view ? view->tally.requests : 0;
  }

  ManualClock clock;
  FakePorts ports{clock};
  std::deque<config::Service> services;
  ServiceRegistry registry;
  TrafficFigures figures{ports};
};

TEST_F(TrafficFiguresTest, ATickAsksForATenthOfTheServicesAndReadsThoseWithTraffic) {
  add(1000);
  for (int i = 0; i < 10; ++i) finish("service-" + std::to_string(i * 100), 1);
  for (int ticks = 0; ticks < 10; ++ticks) {
    ports.asked = 0;
    tick();
    EXPECT_EQ(ports.asked, 2 * 100);
  }
  EXPECT_EQ(ports.read, 10);
  for (int ticks = 0; ticks < 20; ++ticks) tick();
  EXPECT_EQ(ports.read, 10) << "nothing has come since";
}

TEST_F(TrafficFiguresTest, AServiceThatIsShippedIsReadWithEachTick) {
  add(100);
  finish("service-50", 1);
  tick({50});
  EXPECT_EQ(recent("service-50"), 1);
  finish("service-50", 2);
  tick({50});
  EXPECT_EQ(recent("service-50"), 3);
}

TEST_F(TrafficFiguresTest, EveryServicesTrafficIsKnownAfterASecond) {
  add(7);
  for (int i = 0; i < 7; ++i) finish("service-" + std::to_string(i), 5);
  for (int ticks = 0; ticks < 10; ++ticks) tick();
  for (int i = 0; i < 7; ++i) EXPECT_EQ(recent("service-" + std::to_string(i)), 5) << i;
}

TEST_F(TrafficFiguresTest, AGroupIsKnownToBeIdleWithoutBeingRead) {
  add(3);
  finish("service-1", 5);
  for (int ticks = 0; ticks < 130; ++ticks) tick();
  EXPECT_EQ(ports.read, 1);
  EXPECT_EQ(recent("service-1"), 0);
}

TEST_F(TrafficFiguresTest, WhatIsCalledSlowIsReadOncePerPeriod) {
  add(1);
  finish("service-0", 5);
  for (int ticks = 0; ticks < 10; ++ticks) tick();
  ASSERT_EQ(ports.read, 1);
  clock.advance(LiveBaseline::kRecent);
  tick();
  EXPECT_EQ(ports.read, 2);
  for (int ticks = 0; ticks < 20; ++ticks) tick();
  EXPECT_EQ(ports.read, 2);
}

TEST_F(TrafficFiguresTest, AServiceAtRestIsOnlyAskedWhetherARequestHasEnded) {
  for (ServiceId id = 0; id < 3; ++id) ports.activity[id] = 0;
  add(3);
  for (int ticks = 0; ticks < 120; ++ticks) tick();
  ports.asked = 0;
  for (int ticks = 0; ticks < 600; ++ticks) tick();
  EXPECT_EQ(ports.asked, 0);
  const auto view = figures.windows.recent("service-1", Colour::blue);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->span, RecentTraffic::kOver) << "as if it had been read all the time";

  finish("service-1", 5);
  ports.activity[1] = 5;
  for (int ticks = 0; ticks < 10; ++ticks) tick();
  EXPECT_EQ(recent("service-1"), 5);
  EXPECT_LE(figures.windows.recent("service-1", Colour::blue)->span,
            RecentTraffic::kOver + 2 * TrafficFigures::kRound)
      << "what came is of the time since the last look, not of the whole rest";
  for (int ticks = 0; ticks < 4000; ++ticks) tick();
  ports.asked = 0;
  for (int ticks = 0; ticks < 20; ++ticks) tick();
  EXPECT_EQ(ports.asked, 0) << "and is at rest again";
}

TEST_F(TrafficFiguresTest, WhatIsCalledSlowAfterARestIsNotTakenFromBeforeIt) {
  add(1);
  const auto finish_all = [&](std::uint64_t requests, milliseconds took) {
    TrafficReading reading;
    reading.key = {"service-0", Colour::blue, "v1"};
    reading.counters.requests[0][1] = requests;
    for (std::uint64_t i = 0; i < requests; ++i)
      reading.counters.duration.record(static_cast<std::uint64_t>(Micros{took}.count()));
    ports.traffic.push_back(reading);
    ports.activity[0] += requests;
    for (int ticks = 0; ticks < 100; ++ticks) tick();
    return reading.counters;
  };
  finish_all(100, milliseconds{200});
  for (int ticks = 0; ticks < 4000; ++ticks) tick();
  ports.asked = 0;
  for (int ticks = 0; ticks < 100; ++ticks) tick();
  EXPECT_EQ(ports.asked, 0) << "it is at rest";
  const TrafficCounters fresh = finish_all(100, milliseconds{1});

  DeploymentSpec spec;
  spec.service = "service-0";
  spec.replaces = "v1";
  config::CompareAlarm latency;
  latency.what = config::CompareAlarm::What::latency;
  spec.deploy.alarms = {{"slower", latency}};
  const EvidenceStep step =
      figures.baselines.freeze(spec, figures.read("service-0", Colour::blue, "v1"));
  EXPECT_EQ(step.slower_than, LiveBaseline{}.freeze(spec, fresh).slower_than);
  EXPECT_EQ(step.overdue, LiveBaseline{}.freeze(spec, fresh).overdue);
}

TEST_F(TrafficFiguresTest, ARestEndsWithAnotherRevision) {
  ports.activity[0] = 0;
  add(1);
  for (int ticks = 0; ticks < 120; ++ticks) tick();
  registry.find("service-0")->edit().groups[Colour::blue].revision = "v2";
  tick({0});
  EXPECT_FALSE(figures.windows.recent("service-0", Colour::blue));
  for (int ticks = 0; ticks < 10; ++ticks) tick();
  EXPECT_TRUE(figures.windows.recent("service-0", Colour::blue));
}

TEST_F(TrafficFiguresTest, AServiceThatComesBackIsReadAlsoIfItWasAtRestWhenItLeft) {
  for (ServiceId id = 0; id < 2; ++id) ports.activity[id] = 0;
  add(2);
  for (int ticks = 0; ticks < 120; ++ticks) tick();
  registry.remove("service-1");
  for (int ticks = 0; ticks < 10; ++ticks) tick();
  registry.add(services[1], clock.wall());
  ports.asked = 0;
  for (int ticks = 0; ticks < 10; ++ticks) tick();
  EXPECT_EQ(ports.asked, 2);
}

TEST_F(TrafficFiguresTest, AServiceThatIsGoneIsSkipped) {
  add(3);
  registry.remove("service-1");
  for (int ticks = 0; ticks < 10; ++ticks) tick({1});
  EXPECT_EQ(ports.asked, 2 * 2);
}

}  // namespace
}  // namespace teal::control
