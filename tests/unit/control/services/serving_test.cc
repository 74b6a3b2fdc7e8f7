#include "control/services/serving.h"

#include <gmock/gmock.h>

#include "tests/support/one_service.h"

namespace teal::control {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

class ServingTest : public OneService {
 protected:
  /// What blue has answered by now.
  void feed(std::uint64_t good, std::uint64_t bad) {
    TrafficCounters counters;
    counters.requests[0][1] = good;
    counters.requests[0][4] = bad;
    figures.windows.feed("shop", Colour::blue, "v1", clock.mono(), counters);
  }
  void keep_fallback() {
    install("v2");
    services.keep_fallback(shop(), {Colour::green, minutes{10}, "d-7"});
  }
};

TEST_F(ServingTest, CountsTargetsThatDrainNowhereAndEjectedOnesAsUnhealthy) {
  group(Colour::blue).targets[0].draining = true;
  group(Colour::blue).targets[1].ejected = true;
  EXPECT_EQ(health_of(group(Colour::blue)), (event::HealthChanged{0, 1, 0, 1}));
  set_health(Colour::blue, Health::unknown);
  group(Colour::blue).targets[1].ejected = false;
  EXPECT_EQ(health_of(group(Colour::blue)), (event::HealthChanged{0, 0, 1, 0}));
}

TEST_F(ServingTest, InPanicAGroupServesIfMostOfItsAnswersAreNoErrors) {
  config.services[0].panic_percent = 50;
  set_health(Colour::blue, Health::unhealthy);
  EXPECT_FALSE(serving.in_panic(shop()));
  feed(0, 0);
  clock.advance(seconds{1});
  feed(90, 10);
  EXPECT_TRUE(serving.in_panic(shop()));
  clock.advance(seconds{11});
  feed(90, 200);
  clock.advance(seconds{11});
  feed(91, 400);
  EXPECT_FALSE(serving.in_panic(shop()));
}

TEST_F(ServingTest, NotesSinceWhenNobodyOfTheLiveGroupServes) {
  serving.note_live(shop());
  EXPECT_EQ(shop().live_lost, std::nullopt);
  set_health(Colour::blue, Health::unhealthy);
  const Mono lost = clock.mono();
  serving.note_live(shop());
  clock.advance(seconds{5});
  serving.note_live(shop());
  EXPECT_EQ(shop().live_lost, lost);
  set_health(Colour::blue, Health::healthy);
  serving.note_live(shop());
  EXPECT_EQ(shop().live_lost, std::nullopt);
}

TEST_F(ServingTest, TellsADeploymentOfTheOldGroupAndForHowLongItIsDead) {
  install("v2");
  const DeploymentRunner& runner = begin();
  EXPECT_EQ(serving.release_of(runner), (event::HealthChanged{2, 0, 0, 0}));
  EXPECT_EQ(serving.baseline_of(runner).healthy, 2);
  set_health(Colour::blue, Health::unhealthy);
  serving.note_live(shop());
  clock.advance(seconds{3});
  const event::BaselineHealth dead = serving.baseline_of(runner);
  EXPECT_EQ(dead.healthy, 0);
  EXPECT_EQ(dead.unhealthy, 2);
  EXPECT_EQ(dead.lost_for, Millis{3000});
}

TEST_F(ServingTest, AGroupServesAloneWhereItIsReachedAndTheOtherOneIsDead) {
  EXPECT_TRUE(serving.serves_alone(shop(), Colour::blue));
  install("v2");
  EXPECT_FALSE(serving.serves_alone(shop(), Colour::green));  // It has no share.
  EXPECT_FALSE(serving.serves_alone(shop(), Colour::blue));
  set_health(Colour::blue, Health::unhealthy);
  shop().edit().split = Split::with(Colour::green, Weight::percent(10));
  EXPECT_TRUE(serving.serves_alone(shop(), Colour::green));
}

TEST_F(ServingTest, SaysWhoIsLeftWithout) {
  keep_fallback();
  EXPECT_EQ(serving.left_without(shop(), Colour::green), std::nullopt);
  set_health(Colour::blue, Health::unhealthy);
  EXPECT_THAT(*serving.left_without(shop(), Colour::green),
              HasSubstr("no target of blue (v1) is healthy, and green (v2) is retired"));
}

TEST_F(ServingTest, AFallbackIsOfTheDeploymentWhoseReleaseStays) {
  install("v2");
  const DeploymentRunner& runner = begin();
  EXPECT_FALSE(serving.is_fallback_of(runner));
  services.keep_fallback(shop(), {Colour::green, minutes{10}, runner.spec().id});
  EXPECT_TRUE(serving.is_fallback_of(runner));
  group(Colour::green).revision = "v3";
  EXPECT_FALSE(serving.is_fallback_of(runner));
}

TEST_F(ServingTest, TellsAPersonHowAFallbackStands) {
  EXPECT_EQ(serving.fallback(shop()), std::nullopt);
  keep_fallback();
  shop().live_back = clock.mono();
  clock.advance(minutes{4});
  EXPECT_EQ(serving.fallback(shop())->leaves_in, Millis{minutes{6}});
  EXPECT_FALSE(serving.fallback(shop())->serves);
  set_health(Colour::blue, Health::unhealthy);
  EXPECT_TRUE(serving.fallback(shop())->serves);
  EXPECT_THAT(serving.fallback(shop())->text, HasSubstr("green (v2) serves as fallback"));
  set_health(Colour::green, Health::unhealthy);
  EXPECT_FALSE(serving.fallback(shop())->serves);
  EXPECT_THAT(serving.fallback(shop())->text, HasSubstr("neither blue (v1) nor its fallback"));
}

}  // namespace
}  // namespace teal::control
