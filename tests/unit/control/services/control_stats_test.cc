#include "control/services/control_stats.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

TEST(ControlStats, CountersAreThereBeforeAnythingWasCounted) {
  const ServiceStats stats = ControlStats{}.of("shop");
  EXPECT_EQ(stats.rollbacks.size(), ServiceStats::kReasons.size());
  EXPECT_EQ(stats.rollbacks.at("ALARM_ACTIVE"), 0);
  for (const Kind kind : ServiceStats::kKinds)
    for (const Status status : ServiceStats::kEnds) EXPECT_EQ(stats.outcomes.at({kind, status}), 0);
  EXPECT_EQ(stats.ejected[Colour::green], 0);
}

TEST(ControlStats, CountsEachServiceApart) {
  ControlStats stats;
  stats.count_rollback("shop", "TIMEOUT");
  stats.count_rollback("shop", "TIMEOUT");
  stats.count_rollback("cart", "TIMEOUT");
  stats.count_end("shop", Kind::rollback, Status::succeeded);
  stats.count_ejection("cart", Colour::green);
  EXPECT_EQ(stats.of("shop").rollbacks.at("TIMEOUT"), 2);
  EXPECT_EQ(stats.of("shop").rollbacks.at("MANUAL_STOP"), 0);
  EXPECT_EQ(stats.of("shop").outcomes.at({Kind::rollback, Status::succeeded}), 1);
  EXPECT_EQ(stats.of("shop").outcomes.at({Kind::deploy, Status::succeeded}), 0);
  EXPECT_EQ(stats.of("shop").ejected[Colour::green], 0);
  EXPECT_EQ(stats.of("cart").rollbacks.at("TIMEOUT"), 1);
  EXPECT_EQ(stats.of("cart").ejected[Colour::green], 1);
}

TEST(ControlStats, CountsAReasonThatItDoesNotKnow) {
  ControlStats stats;
  stats.count_rollback("shop", "NEW_REASON");
  EXPECT_EQ(stats.of("shop").rollbacks.at("NEW_REASON"), 1);
}

}  // namespace
}  // namespace teal::control
