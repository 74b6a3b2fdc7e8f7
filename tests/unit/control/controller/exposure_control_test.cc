// The exposure budget as control sees it: where it hangs, what is written down, when it ends
// things.
#include <gtest/gtest.h>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;

class ExposureControl : public ControllerTestBase {
 protected:
  ExposureControl() {
    config.services[0].deploy.exposure_budget = 3;
    start();
  }
  void spend(int failures) {
    for (int i = 0; i < failures; ++i) {
      ASSERT_TRUE(ports->last().exposure->reserve());
      ports->last().exposure->spend();
    }
    controller->on_exposed();
  }
};

TEST_F(ExposureControl, ReachesTheWorkersWithTheReleaseAndLeavesWhereAPersonSetsTheSplit) {
  EXPECT_EQ(ports->last().exposure, nullptr);
  config.services[0].deploy.rollback_on.deployment_stop_on_alarm = false;
  start();
  bake();
  ASSERT_NE(ports->last().exposure, nullptr);
  EXPECT_EQ(ports->last().exposure->budget(), 3U);
  spend(3);
  ASSERT_NE(ports->last().exposure, nullptr) << "the split stays, and so does its limit";
  EXPECT_EQ(ports->last().split.of(Colour::green), Weight::percent(10));
  controller->set_split("shop", Split::with(Colour::green, Weight::percent(20)), std::nullopt,
                        [](const ApiResult<ServiceReport>&) {});
  EXPECT_EQ(ports->last().exposure, nullptr);
}

TEST_F(ExposureControl, IsReportedAsItIsSpentAndRollsBackAtItsEnd) {
  const DeploymentId id = bake();
  spend(2);
  EXPECT_EQ(report(id).exposure_spent, 2U);
  EXPECT_EQ(status(id), Status::baking);
  spend(1);
  EXPECT_EQ(status(id), Status::stopped);
  EXPECT_EQ(report(id).error_code, "ALARM_ACTIVE");
  EXPECT_EQ(ports->last().split.of(Colour::green), Weight::none());
}

TEST_F(ExposureControl, GoesOnAfterARestart) {
  const DeploymentId id = bake();
  spend(2);
  start();
  ASSERT_NE(ports->last().exposure, nullptr);
  EXPECT_EQ(ports->last().exposure->spent(), 2U);
  EXPECT_EQ(report(id).exposure_spent, 2U);
  spend(1);
  EXPECT_EQ(status(id), Status::stopped);
}

TEST_F(ExposureControl, IsSeenAtTheNextTickWhereTheWordWasLost) {
  const DeploymentId id = bake();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(ports->last().exposure->reserve());
    ports->last().exposure->spend();
  }
  advance(100ms);
  EXPECT_EQ(status(id), Status::stopped);
}

}  // namespace
}  // namespace teal::control
