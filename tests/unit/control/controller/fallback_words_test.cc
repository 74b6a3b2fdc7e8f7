// What people are told of a group that serves nobody and of the release that stays beside it
// (docs/adr/0021-fallback.md), and where the remedies lead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class FallbackWords : public ControllerTestBase {
 protected:
  DeploymentReport forced(const DeploymentId& id, Command what) {
    std::optional<DeploymentReport> answer;
    controller->command(
        id, what, [&](ApiResult<DeploymentReport> got) { answer = got.value(); }, true);
    ports->pump();
    EXPECT_TRUE(answer);
    return answer.value_or(DeploymentReport{});
  }
  void split(Split wanted) {
    controller->set_split("shop", wanted, std::nullopt,
                          [](const auto& answer) { EXPECT_TRUE(answer) << answer.error().detail; });
    ports->pump();
  }
  std::string last_said(const std::string& type) {
    std::string text;
    for (const Announcement& said : controller->announcements())
      if (said.type == type) text = said.text;
    return text;
  }
};

TEST_F(FallbackWords, AReasonSaysThatWhatWasKeptIsRetired) {
  const DeploymentId id = stopped_beside_the_dead();
  EXPECT_THAT(report(id).reason, HasSubstr("v2 was kept in green as fallback"));
  EXPECT_THAT(report(id).reason, Not(HasSubstr("retired")));
  forced(id, Command::rollback);
  EXPECT_THAT(report(id).reason,
              HasSubstr("v2 was kept in green as fallback, and is retired by now"));
}

TEST_F(FallbackWords, AForceThatLeavesNobodyServingIsSaidLoudly) {
  const DeploymentId id = bake_beside_the_dead();
  const DeploymentReport answer = forced(id, Command::stop);
  EXPECT_THAT(answer.warnings,
              ElementsAre(AllOf(HasSubstr("nobody serves shop any more: no target of blue (v1) is "
                                          "healthy, and green (v2) is retired"),
                                HasSubstr("teal target add shop blue IP:PORT"))));
  EXPECT_EQ(last_said("service.unserved"), answer.warnings.at(0));
}

TEST_F(FallbackWords, AForceBesideALiveGroupThatServesWarnsOfNothing) {
  const DeploymentId id = stopped_beside_the_dead();
  probe(Colour::blue, Health::healthy);
  EXPECT_THAT(forced(id, Command::rollback).warnings, IsEmpty());
  EXPECT_EQ(announced("service.unserved"), 0U);
}

TEST_F(FallbackWords, AShareByHandIsWhatItStaysFor) {
  stopped_beside_the_dead();
  probe(Colour::blue, Health::healthy);
  advance(0ms);
  split(Split::with(Colour::green, Weight::percent(25)));
  advance(24h);
  const FallbackReport fallback = shop().fallback.value();
  EXPECT_FALSE(fallback.leaves_in);
  EXPECT_EQ(fallback.text,
            "blue (v1) serves again; green (v2), the fallback, stays as long as it is given 25% by "
            "hand: `teal split shop blue=100%` lets it go");
}

TEST_F(FallbackWords, WhatIsSaidAgainstADeploymentLeadsToOne) {
  stopped_beside_the_dead();
  probe(Colour::blue, Health::healthy);
  split(Split::with(Colour::green, Weight::percent(25)));
  const auto refused = controller->deploy("shop", request("v3"), "", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().type, "idle-group-has-traffic");
  EXPECT_EQ(refused.error().remedy, "`teal split shop blue=100%` takes that away");
  split(Split::all_to(Colour::blue));
  EXPECT_TRUE(controller->deploy("shop", request("v3"), "", ""));
}

TEST_F(FallbackWords, AForceTakesTheShareByHandAsWell) {
  const DeploymentId id = stopped_beside_the_dead();
  probe(Colour::blue, Health::healthy);
  split(Split::with(Colour::green, Weight::percent(25)));
  forced(id, Command::rollback);
  EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
  EXPECT_TRUE(controller->deploy("shop", request("v3"), "", ""));
}

TEST_F(FallbackWords, ADeploymentBesideTheOnlyOneThatServesIsToldHowToMendTheOther) {
  stopped_beside_the_dead();
  EXPECT_THAT(controller->deploy("shop", request("v3"), "", "").error().remedy,
              HasSubstr("mend blue (`teal target add shop blue IP:PORT` gives it another target)"));
}

TEST_F(FallbackWords, APauseOfAHoldSaysWhatItHeldFor) {
  const DeploymentId id = bake_beside_the_dead();
  advance(5min);
  ASSERT_EQ(report(id).phase, "Holding");
  command(id, Command::pause);
  EXPECT_EQ(report(id).wait.value().why, "paused while it holds for the live group");
}

TEST_F(FallbackWords, ABakeOverADeadLiveGroupSaysWhoServesEverybody) {
  const DeploymentId id = bake_beside_the_dead();
  EXPECT_THAT(report(id).warnings,
              ElementsAre("no target of blue (v1) is healthy: v2 serves everybody"));
  advance(5min);
  ASSERT_EQ(report(id).phase, "Holding");
  EXPECT_THAT(report(id).warnings, IsEmpty()) << "the hold says it";
  probe(Colour::blue, Health::healthy);
  EXPECT_THAT(report(id).warnings, IsEmpty());
}

TEST_F(FallbackWords, AReinstallInItsPlaceIsSaid) {
  const DeploymentId second = succeed();
  advance(24h);
  ports->pump();
  auto third = request("v3");
  third.targets = {target_address(5)};
  const DeploymentId id = controller->deploy("shop", third, "", "").value().id;
  probe(Colour::blue, Health::healthy);
  ports->pump();
  probe(Colour::green, Health::unhealthy);
  command(id, Command::stop);
  ASSERT_TRUE(ports->last().groups[Colour::blue].fallback);
  forced(second, Command::rollback);
  EXPECT_EQ(last_said("fallback.replaced"),
            "v3 in blue, which stayed as fallback, gives its place to v1");
}

}  // namespace
}  // namespace teal::control
