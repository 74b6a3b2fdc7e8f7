#include "control/registry/visits.h"

#include <gmock/gmock.h>

namespace teal::control {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Mono kNow{std::chrono::hours{1}};
constexpr Mono kLater = kNow + std::chrono::seconds{1};

TEST(Visits, AreOfThoseThatWereWokenOnceEach) {
  Visits visits;
  visits.wake(7);
  visits.wake(3);
  visits.wake(7);
  EXPECT_THAT(visits.take(kNow), ElementsAre(3, 7));
  EXPECT_THAT(visits.take(kNow), IsEmpty());
}

TEST(Visits, AreOfThoseWhoseTimeHasCome) {
  Visits visits;
  visits.set_due(3, kLater);
  visits.set_due(4, Mono::max());
  EXPECT_THAT(visits.take(kNow), IsEmpty());
  EXPECT_THAT(visits.take(kLater), ElementsAre(3));
  EXPECT_THAT(visits.take(kLater), IsEmpty());
}

TEST(Visits, GoByTheLastTimeThatWasSaid) {
  Visits visits;
  visits.set_due(3, kNow);
  visits.set_due(3, kLater);
  visits.set_due(4, kNow);
  visits.set_due(4, Mono::max());
  EXPECT_THAT(visits.take(kNow), IsEmpty());
  EXPECT_THAT(visits.take(kLater), ElementsAre(3));
}

TEST(Visits, AWokenOneIsLookedAtBeforeItsTimeAndThenAgain) {
  Visits visits;
  visits.set_due(3, kLater);
  visits.wake(3);
  EXPECT_THAT(visits.take(kNow), ElementsAre(3));
  EXPECT_THAT(visits.take(kLater), ElementsAre(3));
}

TEST(Visits, OfWhatIsForgottenThereAreNone) {
  Visits visits;
  visits.wake(3);
  visits.set_due(3, kNow);
  visits.forget(3);
  EXPECT_THAT(visits.take(kNow), IsEmpty());
}

}  // namespace
}  // namespace teal::control
