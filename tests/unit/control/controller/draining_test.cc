// Draining a target that a running deployment counts on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class DrainingOneOfTwo : public ControllerTestBase {
 protected:
  ApiResult<ServiceReport> drain(std::uint16_t port, bool force = false) {
    return controller->delete_target("shop", Colour::green, target_address(port), force);
  }
  std::size_t targets() { return ports->last().groups[Colour::green].targets.size(); }
};

TEST_F(DrainingOneOfTwo, IsRefusedWithWhatItWouldDo) {
  const DeploymentId id = bake();
  const auto answer = drain(3);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().status, 409);
  EXPECT_EQ(answer.error().type, "below-minimum-healthy");
  EXPECT_EQ(answer.error().detail,
            "d-1 needs 2 healthy targets of green and would have 1: it would be rolled back");
  EXPECT_EQ(answer.error().remedy,
            "add another target first, or count anew (1 of 1): teal target drain shop green "
            "10.0.0.1:3 --force");
  EXPECT_EQ(status(id), Status::baking);
  EXPECT_FALSE(ports->last().groups[Colour::green].targets[0].draining);
}

TEST_F(DrainingOneOfTwo, CountsAnewWhereItIsForced) {
  const DeploymentId id = bake();
  ASSERT_TRUE(drain(3, true));
  ports->pump();
  EXPECT_EQ(targets(), 1U);
  EXPECT_EQ(status(id), Status::baking);
  EXPECT_THAT(report(id).timeline.back().what,
              HasSubstr("counted anew on request: 1 must be healthy"));
  start();
  probe(Colour::green, Health::healthy);
  ports->pump();
  EXPECT_EQ(status(id), Status::baking) << "it survives a restart";
  probe(Colour::green, Health::unhealthy);
  EXPECT_EQ(report(id).reason, "0 of 2 targets are healthy, 1 must be (1 drained)");
}

TEST_F(DrainingOneOfTwo, SaysHowItWouldEndWithoutTraffic) {
  deploy();
  EXPECT_THAT(drain(3).error().detail, HasSubstr("it would wait for others, and fail in time"));
}

TEST_F(DrainingOneOfTwo, LetsAReleaseGoOnWithoutTheOneThatNeverComes) {
  const DeploymentId id = deploy();
  controller->on_health(ports->last().groups[Colour::green].targets[0].id, Health::healthy, "");
  controller->on_health(ports->last().groups[Colour::green].targets[1].id, Health::unhealthy, "");
  ports->pump();
  ASSERT_EQ(report(id).phase, "Preparing");
  ASSERT_TRUE(drain(4, true));
  ports->pump();
  EXPECT_EQ(status(id), Status::baking);
}

TEST_F(DrainingOneOfTwo, IsNoMatterWhereEnoughAreLeft) {
  config.services[0].deploy.minimum_healthy = {true, 50};
  start();
  const DeploymentId id = bake();
  ASSERT_TRUE(drain(3));
  EXPECT_EQ(status(id), Status::baking);
}

TEST_F(DrainingOneOfTwo, IsNoMatterAfterAnotherWasAdded) {
  bake();
  ASSERT_TRUE(controller->put_target("shop", Colour::green, target_address(5)));
  EXPECT_TRUE(drain(3));
}

TEST_F(DrainingOneOfTwo, IsRefusedOfTheLastOneEvenByForce) {
  config.services[0].deploy.minimum_healthy = {true, 50};
  start();
  deploy();
  ASSERT_TRUE(drain(3));
  const auto last = drain(4, true);
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().type, "last-target");
  EXPECT_THAT(last.error().remedy, HasSubstr("teal stop d-1"));
}

TEST_F(DrainingOneOfTwo, CountsInARollbackThatInstallsTheOldTargetsAgain) {
  const DeploymentId id = succeed();
  advance(10min);
  ports->pump();
  ASSERT_TRUE(command(id, Command::rollback).value());
  const auto drain_old = [&](bool force) {
    return controller->delete_target("shop", Colour::blue, target_address(1), force);
  };
  EXPECT_EQ(drain_old(false).error().type, "below-minimum-healthy");
  ASSERT_TRUE(drain_old(true));
  controller->on_health(ports->last().groups[Colour::blue].targets[1].id, Health::healthy, "");
  ports->pump();
  EXPECT_EQ(status("d-2"), Status::succeeded);
}

/// The group that a deployment at 100 % may have to go back to.
class DrainingTheOldGroup : public ControllerTestBase {
 protected:
  DrainingTheOldGroup() {
    config.services[0].deploy.plan = {"AllAtOnce", {}};
    config.services[0].deploy.watch_after = 5min;
    start();
    probe(Colour::blue, Health::healthy);
    watched_ = deploy();
    probe(Colour::green, Health::healthy);
    ports->pump();
    EXPECT_EQ(report(watched_).phase, "Watching");
  }
  ApiResult<ServiceReport> drain(std::uint16_t port, bool force = false) {
    return controller->delete_target("shop", Colour::blue, target_address(port), force);
  }
  DeploymentId watched_;
};

TEST_F(DrainingTheOldGroup, IsRefusedOfTheLastOne) {
  ASSERT_TRUE(drain(1));
  ports->pump();
  const auto answer = drain(2);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().status, 409);
  EXPECT_EQ(answer.error().type, "last-of-old-group");
  EXPECT_EQ(answer.error().detail,
            "blue 10.0.0.1:2 is the last one of blue (v1), and d-1 is not over: nobody would be "
            "left to take v2 back to");
  EXPECT_EQ(answer.error().remedy,
            "wait until d-1 is over, or take it out all the same: teal target drain shop blue "
            "10.0.0.1:2 --force");
  EXPECT_TRUE(accepts_requests(ports->last().groups[Colour::blue]));
}

TEST_F(DrainingTheOldGroup, IsDoneByForceAndLeavesNobodyToGoBackTo) {
  ASSERT_TRUE(drain(1));
  ASSERT_TRUE(drain(2, true));
  ports->pump();
  EXPECT_TRUE(ports->last().groups[Colour::blue].targets.empty());
  command(watched_, Command::rollback);
  EXPECT_EQ(report(watched_).error_code, "NO_HEALTHY_BASELINE");
  EXPECT_TRUE(accepts_requests(ports->last().groups[Colour::green])) << "it serves yet";
}

TEST_F(DrainingTheOldGroup, IsRefusedOfTheLastThatIsHealthy) {
  controller->on_health(ports->last().groups[Colour::blue].targets[0].id, Health::unhealthy, "");
  EXPECT_TRUE(drain(1)) << "nobody would go back to that one";
  EXPECT_EQ(drain(2).error().type, "last-of-old-group");
}

TEST_F(DrainingTheOldGroup, IsNoMatterOnceTheWatchIsOver) {
  advance(5min);
  ASSERT_EQ(status(watched_), Status::succeeded);
  EXPECT_TRUE(drain(1));
  EXPECT_TRUE(drain(2));
}

TEST_F(DrainingOneOfTwo, AndAnEjectionAreNotCalledIllness) {
  const DeploymentId id = bake();
  controller->on_bad_outcome(
      {ports->last().groups[Colour::green].targets[0].id, Failure::connect, 0, 5, clock.mono()});
  EXPECT_EQ(status(id), Status::failed);
  EXPECT_EQ(report(id).reason, "1 of 2 targets are healthy, 2 must be (1 ejected)");
}

}  // namespace
}  // namespace teal::control
