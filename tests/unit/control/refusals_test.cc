// A live group without health checks: what requests alone say of it
// (control/controller_refusals.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/control_room.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Refusals : public ControlRoom {
 protected:
  Refusals() {
    config.services[0].health.reset();
    start();
  }

  DeploymentId bake_unprobed() {
    const DeploymentId id = deploy();
    ports->pump();
    EXPECT_EQ(status(id), Status::baking);
    return id;
  }
  void refuse(std::size_t target, std::uint32_t in_a_row = 3, Failure failure = Failure::connect) {
    const TargetId id = ports->last().groups[Colour::blue].targets.at(target).id;
    controller->on_bad_outcome({id, failure, 0, in_a_row, clock.mono(), in_a_row});
  }
  void all_refuse() {
    refuse(0);
    refuse(1);
  }
  /// So many answers of the live group since it began.
  void answers(std::uint64_t all) {
    if (ports->traffic.empty())
      ports->traffic.push_back({{"shop", Colour::blue, "v1", Audience::split}, {}});
    ports->traffic[0].counters.requests[0][1] = all;
  }
  const GroupState& blue() { return ports->last().groups[Colour::blue]; }
  const GroupState& green() { return ports->last().groups[Colour::green]; }
};

TEST_F(Refusals, OfTheWholeLiveGroupKeepTheReleaseThatServesInItsPlace) {
  const DeploymentId id = bake_unprobed();
  all_refuse();
  EXPECT_FALSE(accepts_requests(blue())) << "the release serves everybody";
  const auto answer = command(id, Command::stop);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->error_code, "NO_HEALTHY_BASELINE");
  EXPECT_TRUE(green().fallback);
  EXPECT_TRUE(accepts_requests(green()));
}

TEST_F(Refusals, OfOneTargetOrTooFewOfThemSayNothing) {
  bake_unprobed();
  refuse(0);
  refuse(1, 2);
  EXPECT_TRUE(accepts_requests(blue()));
  refuse(1, 3, Failure::status);
  EXPECT_TRUE(accepts_requests(blue())) << "it answers";
  EXPECT_TRUE(blue().targets[0].accepts_requests());
}

TEST_F(Refusals, SayNothingWhereTheGroupHasAnsweredMeanwhile) {
  bake_unprobed();
  answers(10);
  refuse(0);
  answers(11);
  refuse(1);
  EXPECT_TRUE(accepts_requests(blue()));
  refuse(0);
  EXPECT_FALSE(accepts_requests(blue())) << "both since then";
}

TEST_F(Refusals, TakeNobodyOutWhereNoReleaseServes) {
  all_refuse();
  EXPECT_TRUE(accepts_requests(blue())) << "503 is no better than 502";
}

TEST_F(Refusals, LeaveTheGroupUnknownUntilItHasAnsweredSomebody) {
  const DeploymentId id = bake_unprobed();
  answers(10);
  all_refuse();
  advance(31s);
  EXPECT_TRUE(accepts_requests(blue())) << "the ejection is over, and somebody has to try";
  command(id, Command::stop);
  ports->pump();
  EXPECT_TRUE(green().fallback) << "nobody knows yet";
  answers(11);
  advance(100ms);
  ports->pump();
  EXPECT_FALSE(green().fallback);
  EXPECT_TRUE(green().targets.empty());
}

TEST_F(Refusals, KeepAFallbackUntilTheGroupHasAnsweredForKeepOld) {
  const DeploymentId id = bake_unprobed();
  answers(10);
  all_refuse();
  command(id, Command::stop);
  ports->pump();
  ASSERT_TRUE(shop().fallback);
  advance(31s);
  EXPECT_THAT(shop().fallback->text, HasSubstr("is asked again and has answered nobody yet"));
  advance(24h);
  EXPECT_TRUE(green().fallback);
  answers(11);
  advance(100ms);
  advance(config.services[0].deploy.keep_old);
  EXPECT_FALSE(green().fallback);
}

TEST_F(Refusals, AreNotLookedAtWhereHealthIsChecked) {
  config.services[0].health = config::HealthCheck{};
  start();
  bake();
  all_refuse();
  EXPECT_TRUE(accepts_requests(blue()));
}

}  // namespace
}  // namespace teal::control
