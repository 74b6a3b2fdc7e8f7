// What ships is what was meant: targets, and keys of requests that come again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Shipping : public ControllerTestBase {
 protected:
  config::DeploymentRequest without_targets(const std::string& revision) {
    config::DeploymentRequest wanted = request(revision);
    wanted.targets.clear();
    return wanted;
  }
  std::string said(const std::string& type) {
    for (const Announcement& each : controller->announcements())
      if (each.type == type) return each.service + ": " + each.text;
    return "";
  }
};

TEST_F(Shipping, ABakeEndsAtItsTimeAndNotAtTheNextTick) {
  const DeploymentId id = bake();
  ASSERT_EQ(ports->deadline, clock.mono() + 5min);
  const auto run_deadline = [&] {
    const std::function<void()> asked_for = ports->on_deadline;  // It asks for the next one.
    asked_for();
  };
  clock.advance(5min - 1ms);
  run_deadline();
  EXPECT_EQ(status(id), Status::baking);
  EXPECT_EQ(ports->deadline, clock.mono() + 1ms);
  clock.advance(1ms);
  ports->deadline.reset();
  run_deadline();
  EXPECT_FALSE(ports->deadline) << "a deadline is carried out once";
  ports->pump();
  EXPECT_EQ(status(id), Status::succeeded);
}

TEST_F(Shipping, ARestartKeepsTheDeadline) {
  bake();
  advance(2min);
  start();
  ports->pump();
  EXPECT_EQ(ports->deadline, clock.mono() + 3min);
}

TEST_F(Shipping, RefusesAListOfNoTargets) {
  config.services[0].groups[Colour::green].targets = {target_address(3)};
  start();
  config::DeploymentRequest wanted = without_targets("v2");
  wanted.lists_no_targets = true;
  const auto answer = controller->deploy("shop", wanted, "", "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().status, 422);
  EXPECT_EQ(answer.error().type, "no-targets");
}

TEST_F(Shipping, TakesTheFilesTargetsWhereNoneAreGivenAndTellsThem) {
  config.services[0].groups[Colour::green] = {"v2", {target_address(3)}};
  start();
  const auto answer = controller->deploy("shop", without_targets("v2"), "", "");
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->targets, std::vector<Address>{target_address(3)});
}

TEST_F(Shipping, DoesNotTakeWhatRunsAnotherRevisionForTheNewOne) {
  succeed();
  const auto answer = controller->deploy("shop", without_targets("v9"), "", "");
  ASSERT_FALSE(answer) << "the file's blue targets run v1";
  EXPECT_EQ(answer.error().status, 409);
  EXPECT_EQ(answer.error().type, "idle-group-is-warm");
  EXPECT_EQ(answer.error().detail,
            "blue runs v1 on 10.0.0.1:1, 10.0.0.1:2, and the request names no targets for v9");
  EXPECT_EQ(answer.error().remedy,
            "say where v9 runs: teal deploy shop --revision v9 --target IP:PORT")
      << "whoever types it must not ship what runs v1";
  config::DeploymentRequest meant = request("v9");
  meant.targets = {target_address(1), target_address(2)};
  EXPECT_TRUE(controller->deploy("shop", meant, "", ""));
}

TEST_F(Shipping, TakesTheFilesTargetsAgainWhenTheOldOnesAreRetired) {
  succeed();
  advance(10min);
  ports->pump();
  const auto answer = controller->deploy("shop", without_targets("v3"), "", "");
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->targets, config.services[0].groups[Colour::blue].targets);
}

// ---- keys ---------------------------------------------------------------------------------------

class ShippingByKey : public Shipping {
 protected:
  ShippingByKey() {
    config.services[0].deploy.plan.steps.clear();
    config.services[0].health.reset();
    start();
  }
  ApiResult<DeploymentReport> ship(std::uint16_t number, const std::string& key) {
    config::DeploymentRequest wanted = request("r" + std::to_string(number));
    wanted.targets = {target_address(number)};
    const auto answer = controller->deploy("shop", wanted, key, key);
    ports->pump();
    return answer;
  }
};

TEST_F(ShippingByKey, NeverShipsAgainWhatIsForgotten) {
  ASSERT_TRUE(ship(1000, "build-1"));
  for (std::uint16_t i = 1; i <= 101; ++i)
    ASSERT_TRUE(ship(static_cast<std::uint16_t>(1000 + i), ""));
  ASSERT_FALSE(controller->deployment("d-1"));
  for (const bool restarted : {false, true}) {
    if (restarted) start();
    const auto again = ship(1000, "build-1");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().status, 409);
    EXPECT_EQ(again.error().type, "deployment-forgotten");
    EXPECT_THAT(again.error().detail, HasSubstr("the Idempotency-Key started d-1 at 2023-"));
  }
  clock.advance(24h);
  EXPECT_TRUE(ship(2000, "build-1")) << "after a day it is a new key";
}

TEST_F(ShippingByKey, KnowsAKeyForADayByTheClockThatNobodySets) {
  const DeploymentId id = ship(1000, "build-1")->id;
  clock.jump(25h);
  EXPECT_EQ(ship(1000, "build-1").value().id, id) << "somebody set the date";
  clock.jump(-75h);
  clock.advance(24h);
  const auto next = ship(2000, "build-1");
  ASSERT_TRUE(next) << next.error().detail;
  EXPECT_NE(next->id, id) << "a day has passed";
}

// ---- services that the file has no more ---------------------------------------------------------

TEST_F(Shipping, SaysThatADeploymentStandsStillWhoseServiceTheFileHasNoMore) {
  const DeploymentId id = bake();
  const config::Config both = config;
  config.services[0].name = "other";
  start();
  EXPECT_EQ(
      said("deployment.parked"),
      "shop: the configuration file has no service 'shop' any more, and its deployment d-1 "
      "stands still (v2, Baking at 10%); put the service back to go on with it, to stop it or to "
      "roll it back");
  EXPECT_EQ(controller->announcements().back().deployment, id);
  ASSERT_TRUE(controller->parked().contains("shop"));
  EXPECT_EQ("shop: " + controller->parked().at("shop"), said("deployment.parked"));
  config = both;
  start();
  EXPECT_TRUE(controller->parked().empty());
  EXPECT_EQ(said("deployment.parked"), "");
  EXPECT_EQ(report(id).weight, Weight::percent(10)) << "and goes on";
}

TEST_F(Shipping, SaysWhichServicesWaitInTheStore) {
  succeed();
  config.services[0].name = "other";
  start();
  EXPECT_THAT(said("service.parked"), HasSubstr("shop: the configuration file has no service"));
  EXPECT_EQ(announced("deployment.parked"), 0U);
}

}  // namespace
}  // namespace teal::control
