// One request's part in what a release may cost clients: when it holds a place, when it is turned
// away, and what its end costs.
#include "proxy/group/exposure_hold.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

constexpr bool kCanBeTakenBack = true, kCannotBeTakenBack = false;
constexpr bool kLiveServes = true, kLiveDoesNotServe = false;
constexpr bool kFailed = true, kWell = false;

TEST(ExposureHold, CostsNothingWhereTheRequestIsNotExposed) {
  Exposure exposure{1};
  ExposureHold hold;
  EXPECT_FALSE(hold.is_exposed());
  EXPECT_TRUE(hold.try_reserve());
  EXPECT_FALSE(hold.end(kFailed));
  EXPECT_EQ(exposure.spent(), 0U);
}

TEST(ExposureHold, ReservesAtOnceWhatCannotBeTakenBack) {
  Exposure exposure{1};
  ExposureHold hold;
  EXPECT_TRUE(hold.enter(exposure, kCannotBeTakenBack, kLiveServes));
  EXPECT_TRUE(hold.is_exposed());
  EXPECT_TRUE(exposure.is_full());
  EXPECT_TRUE(hold.try_reserve()) << "it has its place";
  EXPECT_FALSE(hold.end(kWell));
  EXPECT_FALSE(exposure.is_full());
  EXPECT_FALSE(hold.is_exposed());
}

TEST(ExposureHold, ReservesWhatCanBeTakenBackWhenItIsToBeSeen) {
  Exposure exposure{1};
  ExposureHold hold;
  EXPECT_TRUE(hold.enter(exposure, kCanBeTakenBack, kLiveServes));
  EXPECT_TRUE(hold.is_exposed());
  EXPECT_FALSE(exposure.is_full());
  EXPECT_TRUE(hold.try_reserve());
  EXPECT_TRUE(exposure.is_full());
  EXPECT_TRUE(hold.try_reserve()) << "one place is enough";
  hold.end(kWell);
}

TEST(ExposureHold, IsNotToBeSeenWhereThereIsNoPlaceAndMayBeLater) {
  Exposure exposure{1};
  ExposureHold other, hold;
  ASSERT_TRUE(other.enter(exposure, kCannotBeTakenBack, kLiveServes));
  ASSERT_TRUE(hold.enter(exposure, kCanBeTakenBack, kLiveServes));
  EXPECT_FALSE(hold.try_reserve());
  other.end(kWell);
  EXPECT_TRUE(hold.try_reserve());
  hold.end(kWell);
}

TEST(ExposureHold, IsTurnedAwayWithoutAPlaceWhereTheLiveGroupServes) {
  Exposure exposure{0};
  ExposureHold hold;
  EXPECT_FALSE(hold.enter(exposure, kCannotBeTakenBack, kLiveServes));
  EXPECT_FALSE(hold.is_exposed());
  EXPECT_FALSE(hold.end(kFailed));
  EXPECT_EQ(exposure.spent(), 0U);
}

TEST(ExposureHold, GoesOnWithoutAPlaceWhereNobodyElseServesAndIsOverspent) {
  Exposure exposure{0};
  ExposureHold hold;
  EXPECT_TRUE(hold.enter(exposure, kCannotBeTakenBack, kLiveDoesNotServe));
  EXPECT_TRUE(hold.is_exposed());
  EXPECT_TRUE(hold.end(kFailed));
  EXPECT_EQ(exposure.spent(), 1U);
}

TEST(ExposureHold, TellsControlOfAFailureUntilItHasHeard) {
  Exposure exposure{3};
  const auto fail = [&] {
    ExposureHold hold;
    EXPECT_TRUE(hold.enter(exposure, kCannotBeTakenBack, kLiveServes));
    return hold.end(kFailed);
  };
  EXPECT_TRUE(fail());
  EXPECT_FALSE(fail()) << "it has been told already";
  EXPECT_EQ(exposure.take_news(), 2U);
  EXPECT_TRUE(fail());
  EXPECT_TRUE(exposure.is_full());
}

TEST(ExposureHold, LeavesAPlaceThatItNeverTookToOthers) {
  Exposure exposure{1};
  ExposureHold hold;
  ASSERT_TRUE(hold.enter(exposure, kCanBeTakenBack, kLiveServes));
  EXPECT_FALSE(hold.end(kWell));
  EXPECT_TRUE(exposure.reserve());
  EXPECT_FALSE(exposure.reserve());
}

TEST(ExposureHold, SettlesOnce) {
  Exposure exposure{2};
  ExposureHold hold;
  ASSERT_TRUE(hold.enter(exposure, kCannotBeTakenBack, kLiveServes));
  hold.end(kFailed);
  EXPECT_FALSE(hold.end(kFailed));
  EXPECT_EQ(exposure.spent(), 1U);
  ASSERT_TRUE(hold.enter(exposure, kCanBeTakenBack, kLiveServes)) << "it is drawn anew";
  hold.end(kWell);
}

}  // namespace
}  // namespace teal::proxy
