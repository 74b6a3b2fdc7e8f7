// `teal rollback SERVICE`: what is taken back where nothing is running, and who comes second.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using WorkerProgress = std::optional<ApiResult<DeploymentReport>>;

class ServiceRollback : public ControllerTestBase {
 protected:
  /// The answer, if it has come.
  std::shared_ptr<WorkerProgress> ask() {
    auto heard = std::make_shared<WorkerProgress>();
    controller->rollback("shop", [heard](ApiResult<DeploymentReport> got) { *heard = got; });
    return heard;
  }
  ApiResult<DeploymentReport> roll_back() {
    const auto heard = ask();
    if (!*heard) ports->pump();
    return heard->value();
  }
  /// A try that is taken back by its alarm.
  DeploymentId fail(const std::string& revision) {
    config::DeploymentRequest wanted = request(revision);
    wanted.targets = {target_address(7)};
    const DeploymentId id = controller->deploy("shop", wanted, "", "")->id;
    probe(other(ports->last().live), Health::healthy);
    ports->pump();
    verdicts["errors"] = health::Breached{"error_rate 9% > 1%"};
    advance(100ms);
    verdicts.clear();
    ports->pump();
    EXPECT_EQ(status(id), Status::stopped);
    return id;
  }
};

TEST_F(ServiceRollback, TakesBackWhatIsRunning) {
  const DeploymentId id = bake();
  const auto answer = roll_back();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->rollback_of, id);
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
}

TEST_F(ServiceRollback, AfterAFailedTryTakesBackWhatMadeTheLiveRevisionLive) {
  const DeploymentId good = succeed();
  const DeploymentId failed = fail("v3");
  ASSERT_EQ(ports->last().live, Colour::green);
  const auto answer = roll_back();
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->rollback_of, good);
  EXPECT_EQ(answer->revision, "v1");
  EXPECT_EQ(report(failed).rolled_back_by, "d-3");
  probe(Colour::blue, Health::healthy);
  ports->pump();
  EXPECT_EQ(ports->last().live, Colour::blue);
}

TEST_F(ServiceRollback, AfterAFailedRollbackTakesTheSameOneBackAgain) {
  const DeploymentId good = succeed();
  advance(10min);
  ports->pump();
  ASSERT_EQ(roll_back()->phase, "Reinstalling");
  advance(config.services[0].deploy.healthy_deadline);
  ASSERT_EQ(status("d-2"), Status::failed);
  EXPECT_EQ(roll_back()->rollback_of, good);
}

TEST_F(ServiceRollback, SurvivesARestartAndAHundredFailedTries) {
  const DeploymentId good = succeed();
  for (int i = 0; i < 110; ++i) fail("r" + std::to_string(i));
  EXPECT_FALSE(controller->deployment("d-2")) << "history has an end";
  start();
  EXPECT_EQ(roll_back()->rollback_of, good);
}

TEST_F(ServiceRollback, AnswersASecondPersonWithTheRollbackThatIsUnderWay) {
  const DeploymentId id = succeed();
  const auto first = ask();
  const auto second = ask();
  auto third = std::make_shared<WorkerProgress>();
  const auto keep = [third](ApiResult<DeploymentReport> got) { *third = got; };
  controller->command(id, Command::rollback, keep);
  auto fourth = std::make_shared<WorkerProgress>();
  const auto keep_fourth = [fourth](ApiResult<DeploymentReport> got) { *fourth = got; };
  controller->command("d-2", Command::rollback, keep_fourth);
  EXPECT_FALSE(*second) << "not before it is published";
  ports->pump();
  for (const auto& each : {first, second, third, fourth}) {
    ASSERT_TRUE(*each && **each);
    EXPECT_EQ((**each)->id, "d-2");
  }
}

TEST_F(ServiceRollback, DoesNotGoBackFurtherForWhoComesWhenItIsOver) {
  const DeploymentId id = succeed();
  ASSERT_TRUE(roll_back());
  const auto late = roll_back();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().status, 409);
  EXPECT_EQ(late.error().type, "already-rolled-back");
  EXPECT_EQ(late.error().detail, "v1 is live because d-2 has taken " + id + " back");
  EXPECT_EQ(ports->last().live, Colour::blue);
}

TEST_F(ServiceRollback, TakesBackTheShareThatAStoppedReleaseWasLeftWith) {
  const DeploymentId good = succeed();
  config::DeploymentRequest wanted = request("v3");
  wanted.targets = {target_address(7)};
  wanted.deploy.rollback_on.deployment_stop_on_request = false;
  const DeploymentId left = controller->deploy("shop", wanted, "", "")->id;
  probe(Colour::blue, Health::healthy);
  ports->pump();
  command(left, Command::stop);
  ASSERT_EQ(ports->last().split.of(Colour::blue), Weight::percent(10));
  EXPECT_EQ(roll_back()->rollback_of, left);
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::green));
  EXPECT_EQ(roll_back()->rollback_of, good) << "and then what is live";
}

TEST_F(ServiceRollback, SaysOfTheFirstReleasesRollbackThatItHasBeen) {
  const DeploymentId id = bake();
  const DeploymentId rollback = roll_back()->id;
  ports->pump();
  const auto late = roll_back();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().type, "already-rolled-back");
  EXPECT_EQ(late.error().detail,
            rollback + " has taken " + id + " back, and nothing is older than v1");
}

TEST_F(ServiceRollback, SaysThatThereIsNothingOlder) {
  const auto answer = roll_back();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().type, "no-older-release");
  EXPECT_THAT(answer.error().remedy, HasSubstr("teal deploy shop"));
  const auto heard = std::make_shared<WorkerProgress>();
  controller->rollback("nobody", [heard](ApiResult<DeploymentReport> got) { *heard = got; });
  EXPECT_EQ((*heard)->error().status, 404);
}

}  // namespace
}  // namespace teal::control
