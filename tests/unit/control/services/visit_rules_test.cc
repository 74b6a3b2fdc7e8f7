#include "control/services/visit_rules.h"

#include <gmock/gmock.h>

#include "tests/support/one_service.h"

namespace teal::control {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class VisitRulesTest : public OneService {
 protected:
  Mono now() const { return clock.mono(); }
  Mono next(bool is_shipped = false) { return next_visit(shop(), is_shipped, now()); }
  void set_share(std::uint32_t green_percent) {
    shop().edit().split = Split::with(Colour::green, Weight::percent(green_percent));
  }
};

TEST_F(VisitRulesTest, AServiceThatIsWellAndAtRestIsNotVisited) {
  EXPECT_EQ(next(), Mono::max());
  install("v2");
  EXPECT_EQ(next(), Mono::max());
}

TEST_F(VisitRulesTest, OneThatIsBeingShippedIsWithEachTick) {
  EXPECT_LE(next(true), now());
}

TEST_F(VisitRulesTest, AKeptGroupIsWrittenOnceAMinuteAndRetiredInTime) {
  install("v2");
  shop().keep(Colour::green, minutes{5}, now());
  EXPECT_EQ(kept_due(shop()), now() + ServiceEntry::kKeptSaved);
  shop().keep(Colour::green, seconds{5}, now());
  EXPECT_EQ(kept_due(shop()), now() + seconds{5});
}

TEST_F(VisitRulesTest, AKeptGroupWithAShareWaitsUntilThatIsTakenAway) {
  install("v2");
  shop().keep(Colour::green, minutes{5}, now());
  set_share(10);
  EXPECT_EQ(kept_due(shop()), Mono::max());
  EXPECT_EQ(next(), Mono::max());
}

TEST_F(VisitRulesTest, AFallbackIsVisitedWhereWhetherItServesIsNews) {
  install("v2");
  services.keep_fallback(shop(), {Colour::green, minutes{5}, "d-1"});
  EXPECT_LE(fallback_due(shop()), now()) << "the live group serves, and nobody was told";
  shop().live_back = now();
  EXPECT_EQ(fallback_due(shop()), now() + minutes{5});
  set_health(Colour::blue, Health::unhealthy);
  EXPECT_LE(fallback_due(shop()), now());
  shop().live_back.reset();
  EXPECT_EQ(fallback_due(shop()), Mono::max());
}

TEST_F(VisitRulesTest, AFallbackWithAShareWaitsUntilThatIsTakenAway) {
  install("v2");
  services.keep_fallback(shop(), {Colour::green, minutes{5}, "d-1"});
  shop().live_back = now();
  set_share(10);
  EXPECT_EQ(fallback_due(shop()), Mono::max());
}

TEST_F(VisitRulesTest, AnEjectionIsVisitedWhenItEnds) {
  const std::vector<TargetState> targets = group(Colour::blue).targets;
  ASSERT_TRUE(shop().outlier.on_failures(targets[0].id, {5, 0}, targets, now()));
  EXPECT_EQ(outlier_due(shop()), now() + config.services[0].outlier.ejection);
}

TEST_F(VisitRulesTest, TargetsThatAreComparedAreVisitedAtTheEndOfTheInterval) {
  shop().outlier.on_tally({group(Colour::blue).targets[0].id, 100, 0}, now());
  EXPECT_EQ(outlier_due(shop()), now() + config.services[0].outlier.interval);
  shop().outlier.end_interval();
  EXPECT_EQ(outlier_due(shop()), Mono::max());
}

TEST_F(VisitRulesTest, AGroupThatPanicsIsVisitedWithEachTick) {
  config.services[0].panic_percent = 60;
  EXPECT_EQ(panic_due(shop(), now()), Mono::max());
  shop().edit().groups[Colour::blue].targets[0].health = Health::unhealthy;
  EXPECT_EQ(panic_due(shop(), now()), now());
  config.services[0].panic_percent = 0;
  EXPECT_EQ(panic_due(shop(), now()), Mono::max()) << "nobody has asked for it";
}

TEST_F(VisitRulesTest, AnOutsideAlarmIsVisitedWhenAnEpisodeHasWaitedLongEnough) {
  EXPECT_EQ(episodes_due(shop()), Mono::max());
  health::AlertWord word;
  word.firing = true;
  shop().episodes.hear("pager", word, {}, std::nullopt, {now(), clock.wall()});
  EXPECT_EQ(episodes_due(shop()), shop().episodes.due());
}

TEST_F(VisitRulesTest, TheEarliestOfAllCounts) {
  install("v2");
  shop().keep(Colour::green, minutes{5}, now());
  shop().outlier.on_tally({group(Colour::blue).targets[0].id, 100, 0}, now());
  EXPECT_EQ(next(), now() + config.services[0].outlier.interval);
}

}  // namespace
}  // namespace teal::control
