#include "control/deploy/sticky_keeper.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace teal::control {
namespace {

using std::chrono::hours;

config::Config sticky_for(std::initializer_list<hours> ages) {
  config::Config config;
  for (const hours age : ages) {
    config::Service& service = config.services.emplace_back();
    service.sticky = config::Sticky{"teal", age, false};
  }
  config.services.emplace_back();
  return config;
}

class StickyKeeperTest : public testing::Test {
 protected:
  StickyKeeper keeper(std::initializer_list<hours> ages = {hours{1}, hours{72}}) {
    return {sticky_for(ages), [this](std::span<std::uint8_t> out) {
              for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(rng_.next());
            }};
  }

  Rng rng_{1};
  WallTime now_{Millis{1'700'000'000'000}};
};

TEST_F(StickyKeeperTest, MakesNothingWhereNoServiceIsSticky) {
  StickyKeeper none = keeper({});
  EXPECT_FALSE(none.is_needed());
  EXPECT_FALSE(none.tick(now_ + hours{24 * 1000}));
}

TEST_F(StickyKeeperTest, MakesItsSecretsOnceAndFindsThemAgain) {
  StickyKeeper first = keeper();
  EXPECT_EQ(first.restore({}, now_), StickyKeeper::Found::missing);
  EXPECT_NE(first.secrets().key, first.secrets().salt);
  EXPECT_NE(first.secrets().key, StickySecrets::Key{});
  StickyKeeper second = keeper();
  EXPECT_EQ(second.restore(first.rows(), now_ + hours{1}), StickyKeeper::Found::all);
  EXPECT_EQ(second.secrets(), first.secrets());
  EXPECT_FALSE(second.tick(now_ + hours{1}));
}

TEST_F(StickyKeeperTest, ChangesTheKeyWhenItIsAsOldAsTheLongestCookieAndNotTheSalt) {
  StickyKeeper keeper = this->keeper();
  keeper.restore({}, now_);
  const StickySecrets before = keeper.secrets();
  EXPECT_FALSE(keeper.tick(now_ + hours{72} - Millis{1}));
  EXPECT_TRUE(keeper.tick(now_ + hours{72}));
  EXPECT_NE(keeper.secrets().key, before.key);
  EXPECT_EQ(keeper.secrets().previous, before.key);
  EXPECT_EQ(keeper.secrets().salt, before.salt);
}

TEST_F(StickyKeeperTest, ChangesTheKeyOnceADayAtMost) {
  StickyKeeper keeper = this->keeper({hours{1}});
  keeper.restore({}, now_);
  EXPECT_FALSE(keeper.tick(now_ + hours{23}));
  EXPECT_TRUE(keeper.tick(now_ + hours{24}));
}

TEST_F(StickyKeeperTest, TakesTheKeyBeforeForAsLongAsItsLastCookieLives) {
  StickyKeeper keeper = this->keeper({hours{2}});
  keeper.restore({}, now_);
  ASSERT_TRUE(keeper.tick(now_ + hours{24}));
  const auto key = keeper.secrets().key;
  EXPECT_FALSE(keeper.tick(now_ + hours{26} - Millis{1}));
  ASSERT_TRUE(keeper.secrets().previous);
  EXPECT_TRUE(keeper.tick(now_ + hours{26}));
  EXPECT_FALSE(keeper.secrets().previous);
  EXPECT_EQ(keeper.secrets().key, key);
}

TEST_F(StickyKeeperTest, GoesOnAfterARestartInTheMiddleOfIt) {
  StickyKeeper first = keeper({hours{48}});
  first.restore({}, now_);
  ASSERT_TRUE(first.tick(now_ + hours{48}));
  StickyKeeper second = keeper({hours{48}});
  EXPECT_EQ(second.restore(first.rows(), now_ + hours{60}), StickyKeeper::Found::all);
  EXPECT_EQ(second.secrets(), first.secrets());
  EXPECT_FALSE(second.tick(now_ + hours{95}));
  // One key goes as the next one comes.
  EXPECT_TRUE(second.tick(now_ + hours{96}));
  EXPECT_EQ(second.secrets().previous, first.secrets().key);
}

TEST_F(StickyKeeperTest, MakesAnewWhatCannotBeReadAndSaysSo) {
  StickyKeeper first = keeper();
  first.restore({}, now_);
  for (const std::string& damage :
       {std::string(), std::string("00"), std::string(64, 'z'), first.rows()[0].value + "00"}) {
    std::vector<SecretRow> rows = first.rows();
    rows[0].value = damage;
    StickyKeeper second = keeper();
    EXPECT_EQ(second.restore(rows, now_), StickyKeeper::Found::damaged) << damage;
    EXPECT_NE(second.secrets().key, first.secrets().key);
    EXPECT_EQ(second.secrets().salt, first.secrets().salt) << "what can be read is kept";
  }
}

TEST_F(StickyKeeperTest, AClockThatWasSetBackKeepsNoKeyForEver) {
  StickyKeeper first = keeper({hours{24}});
  first.restore({}, now_ + hours{24 * 365});
  StickyKeeper second = keeper({hours{24}});
  second.restore(first.rows(), now_);
  EXPECT_FALSE(second.tick(now_));
  EXPECT_TRUE(second.tick(now_ + hours{24}));
}

}  // namespace
}  // namespace teal::control
