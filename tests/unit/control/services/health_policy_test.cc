#include "control/services/health_policy.h"

#include <gmock/gmock.h>

#include "tests/support/one_service.h"

namespace teal::control {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HealthPolicyTest : public OneService {
 protected:
  TargetState& target(std::size_t nth) { return group(Colour::blue).targets[nth]; }
  void fail(std::size_t nth, std::uint32_t in_a_row) {
    BadOutcome outcome;
    outcome.target = target(nth).id;
    outcome.failure = Failure::status;
    outcome.status = 500;
    outcome.consecutive = in_a_row;
    outcome.at = clock.mono();
    policy.on_bad_outcome(outcome);
  }

  const std::vector<ServiceId> all{0};
  std::vector<std::string> asked;
  ControlStats stats;
  HealthPolicy policy{services,
                      clock,
                      announcer,
                      stats,
                      {.publish = [this](ServiceEntry&) { asked.emplace_back("publish"); },
                       .check = [this](ServiceEntry&) { asked.emplace_back("check"); },
                       .check_live = [this](ServiceEntry&) { asked.emplace_back("check_live"); }}};
};

TEST_F(HealthPolicyTest, AChangeIsPublishedAnnouncedAndChecked) {
  policy.on_health(target(0).id, Health::unhealthy, "503");
  EXPECT_EQ(target(0).health, Health::unhealthy);
  EXPECT_EQ(target(0).reason, "503");
  EXPECT_THAT(asked, ElementsAre("publish", "check"));
  EXPECT_THAT(announced(), ElementsAre("target.unhealthy"));
}

TEST_F(HealthPolicyTest, TheSameWordAgainIsNoChange) {
  policy.on_health(target(0).id, Health::healthy, "200");
  policy.on_health(4711, Health::unhealthy, "gone");
  EXPECT_THAT(asked, IsEmpty());
}

TEST_F(HealthPolicyTest, ATargetThatIsBackIsNewToTheBalancer) {
  policy.on_health(target(0).id, Health::unhealthy, "503");
  clock.advance(seconds{9});
  policy.on_health(target(0).id, Health::healthy, "200");
  EXPECT_EQ(target(0).accepts_since, clock.mono());
}

TEST_F(HealthPolicyTest, FailuresInARowEjectForAWhile) {
  fail(0, 4);
  EXPECT_FALSE(target(0).ejected);
  fail(0, 5);
  EXPECT_TRUE(target(0).ejected);
  EXPECT_THAT(asked, ElementsAre("publish", "check"));
  EXPECT_EQ(stats.of("shop").ejected[Colour::blue], 1);
  clock.advance(seconds{29});
  policy.return_ejected(all);
  EXPECT_TRUE(target(0).ejected);
  clock.advance(seconds{2});
  policy.return_ejected(all);
  EXPECT_FALSE(target(0).ejected);
  EXPECT_THAT(announced(), ElementsAre("target.ejected", "target.returned"));
}

TEST_F(HealthPolicyTest, TheProbesWordEndsAnEjection) {
  fail(0, 5);
  policy.on_health(target(0).id, Health::unhealthy, "503");
  policy.on_health(target(0).id, Health::healthy, "200");
  EXPECT_FALSE(target(0).ejected);
}

TEST_F(HealthPolicyTest, TheWorstOfAGroupIsEjectedOnceInAnInterval) {
  services.install(shop(), Colour::blue, "v1",
                   {target_address(1), target_address(2), target_address(5), target_address(6),
                    target_address(7), target_address(8)},
                   clock.wall());
  set_health(Colour::blue, Health::healthy);
  for (std::size_t i = 0; i < 6; ++i) policy.on_tally({target(i).id, 200, i == 3 ? 100U : 0U});
  clock.advance(seconds{11});
  policy.compare_targets(all);
  EXPECT_TRUE(target(3).ejected);
  EXPECT_EQ(stats.of("shop").ejected[Colour::blue], 1);
}

TEST_F(HealthPolicyTest, PanicIsSaidWhenItBeginsAndWhenItEnds) {
  policy.watch_panic(all);
  EXPECT_THAT(asked, IsEmpty());  // Nobody has asked for it.
  config.services[0].panic_percent = 60;
  target(0).health = Health::unhealthy;
  policy.watch_panic(all);
  policy.watch_panic(all);
  EXPECT_THAT(asked, ElementsAre("check_live", "check_live"));
  EXPECT_THAT(announced(), ElementsAre("group.panicking"));
  target(0).health = Health::healthy;
  policy.watch_panic(all);
  EXPECT_THAT(announced(), ElementsAre("group.panicking", "group.calm"));
}

TEST_F(HealthPolicyTest, ServicesThatATickDoesNotLookAtStayAsTheyAre) {
  fail(0, 5);
  clock.advance(seconds{31});
  policy.return_ejected({});
  EXPECT_TRUE(target(0).ejected);
}

TEST_F(HealthPolicyTest, TargetsThatAreComparedHaveATickLookAtThem) {
  services.take_visits(clock.mono());
  const TargetId compared =
      std::as_const(services).find("shop")->state().groups[Colour::blue].targets[0].id;
  policy.on_tally({compared, 200, 0});
  EXPECT_THAT(services.take_visits(clock.mono()), ElementsAre(0));
}

}  // namespace
}  // namespace teal::control
