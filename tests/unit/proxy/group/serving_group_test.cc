// Which group a request is with, and what it counts as: the draw, the change to the live group, the
// change to another table, the end.
#include "proxy/group/serving_group.h"

#include <gtest/gtest.h>

#include "tests/support/unit_exchange_parts.h"

namespace teal::proxy {
namespace {

constexpr FailedAttempt kStatus{.failure = Failure::status, .status = 503, .request_sent = true};

class ServingGroupTest : public ExchangePartsTest {
 protected:
  void budget(std::uint32_t failures) {
    exposure_ = std::make_shared<Exposure>(failures);
    room_.states[0].exposure = exposure_;
  }
  static void end(ExchangeParts& parts, std::uint16_t status) {
    parts.response.status = parts.response.outcome = status;
    parts.serving.end(Origin::target, std::nullopt, parts.response);
  }
  /// Ended by the target, with a status of that class.
  std::uint64_t ended(Colour colour, std::size_t status_class) {
    return traffic(colour)
        .requests[static_cast<std::size_t>(Origin::target)][status_class - 1]
        .read();
  }

  std::shared_ptr<Exposure> exposure_;
};

TEST_F(ServingGroupTest, ARequestIsActiveFromItsBeginningToItsEnd) {
  ExchangeParts& parts = draw();
  EXPECT_TRUE(parts.serving.is_active());
  EXPECT_EQ(counted(Stat::requests_active), 1U);
  EXPECT_EQ(traffic(Colour::blue).active.read(), 1U);
  end(parts, 200);
  EXPECT_FALSE(parts.serving.is_active());
  EXPECT_EQ(counted(Stat::requests_active), 0U);
  EXPECT_EQ(traffic(Colour::blue).active.read(), 0U);
  EXPECT_EQ(ended(Colour::blue, 2), 1U);
}

TEST_F(ServingGroupTest, WhatHasNoRouteCountsForNoGroup) {
  ExchangeParts& parts = take();
  parts.serving.count(ServiceStat::request_timeouts);
  EXPECT_FALSE(parts.serving.has_counted());
  end(parts, 404);
  EXPECT_EQ(counted(Stat::requests_active), 0U);
}

TEST_F(ServingGroupTest, TheGroupThatWasDrawnServes) {
  add_release();
  ExchangeParts& parts = draw();
  EXPECT_EQ(parts.serving.colour(), Colour::green);
  EXPECT_EQ(parts.serving.view().targets.size(), 1U);
  EXPECT_TRUE(parts.serving.is_release());
  EXPECT_TRUE(parts.serving.has_counted());
}

TEST_F(ServingGroupTest, WhatTheReleaseFailedCountsAsItsFailureThoughTheLiveGroupServes) {
  add_release();
  ExchangeParts& parts = draw();
  parts.serving.go_live(&kStatus, parts.serving.group().targets[0]);
  EXPECT_EQ(parts.serving.colour(), Colour::blue);
  EXPECT_FALSE(parts.serving.is_release());
  EXPECT_EQ(parts.serving.drawn().colour, Colour::green);
  EXPECT_EQ(parts.serving.shielded().from, Colour::green);
  EXPECT_EQ(parts.serving.shielded().target->id, 3U);
  EXPECT_EQ(traffic(Colour::green).shielded.read(), 1U);
  end(parts, 200);
  EXPECT_EQ(ended(Colour::green, 5), 1U);
  EXPECT_EQ(ended(Colour::blue, 2), 0U);
}

TEST_F(ServingGroupTest, WhatIsOnlyKeptFromBeingSeenIsNoFailure) {
  add_release();
  ExchangeParts& parts = draw();
  parts.serving.go_live(nullptr, nullptr);
  EXPECT_EQ(traffic(Colour::green).shielded.read(), 0U);
  EXPECT_EQ(parts.serving.shielded().reason(), "exposure");
  end(parts, 200);
  EXPECT_EQ(ended(Colour::green, 2), 1U);
}

TEST_F(ServingGroupTest, WhoMayKnowIsToldByAField) {
  add_release();
  service_->shield.header = config::Shield::Header::everybody;
  ExchangeParts& parts = draw();
  parts.serving.go_live(&kStatus, nullptr);
  EXPECT_EQ(parts.serving.shielded().header, "green; status 503");
}

TEST_F(ServingGroupTest, AClientThatIsNotTrustedIsToldNothing) {
  add_release();
  service_->shield.header = config::Shield::Header::trusted;
  ExchangeParts& parts = draw();
  parts.serving.go_live(&kStatus, nullptr);
  EXPECT_EQ(parts.serving.shielded().header, "");
}

TEST_F(ServingGroupTest, AFailureIsPaidFromTheReleasesBudgetAndControlIsTold) {
  add_release();
  budget(3);
  ExchangeParts& parts = draw();
  EXPECT_TRUE(parts.serving.exposure().is_exposed());
  end(parts, 503);
  EXPECT_EQ(exposure_->spent(), 1U);
  EXPECT_EQ(room_.control.exposures, 1);
}

TEST_F(ServingGroupTest, ARequestThatTheLiveGroupAnswersCostsTheReleaseNothing) {
  add_release();
  budget(3);
  ExchangeParts& parts = draw();
  parts.serving.go_live(&kStatus, nullptr);
  EXPECT_FALSE(parts.serving.exposure().is_exposed());
  end(parts, 503);
  EXPECT_EQ(exposure_->spent(), 0U);
}

TEST_F(ServingGroupTest, WhatTealRefusesCostsTheReleaseNothing) {
  add_release();
  budget(3);
  ExchangeParts& parts = draw();
  parts.response.termination = Termination::refused;
  end(parts, 501);
  EXPECT_EQ(exposure_->spent(), 0U);
}

TEST_F(ServingGroupTest, AReleaseWithoutABudgetLeftGetsNothing) {
  add_release();
  budget(0);
  ExchangeParts& parts = draw();
  EXPECT_EQ(parts.serving.colour(), Colour::blue);
  EXPECT_EQ(parts.serving.drawn().release_probability, 0.0);
  EXPECT_EQ(counted(ServiceStat::exposure_diverted), 1U);
}

TEST_F(ServingGroupTest, WhatCannotBeTakenBackGoesToTheLiveGroupWhereNoPlaceIsLeft) {
  add_release();
  service_->shield.enabled = true;
  budget(1);
  ExchangeParts& first = draw("POST / HTTP/1.1");
  EXPECT_EQ(first.serving.colour(), Colour::green);
  EXPECT_TRUE(exposure_->is_full()) << "its place is taken at once";
  const auto kept = exposure_;
  end(first, 200);
  EXPECT_FALSE(kept->is_full());
}

TEST_F(ServingGroupTest, WhatIsNoFaultOfTheGroupsDoesNotCountForIt) {
  add_release();
  budget(3);
  ExchangeParts& parts = draw();
  parts.serving.withdraw();
  EXPECT_FALSE(parts.serving.exposure().is_exposed());
  EXPECT_EQ(traffic(Colour::green).active.read(), 0U);
  end(parts, 503);
  EXPECT_EQ(ended(Colour::green, 5), 0U);
  EXPECT_EQ(exposure_->spent(), 0U);
}

TEST_F(ServingGroupTest, ANewerTableDrawsAnew) {
  ExchangeParts& parts = draw();
  room_.add_targets(0, Colour::green, 1);
  room_.states[0].live = Colour::green;
  room_.states[0].split = Split::all_to(Colour::green);
  room_.publish();
  EXPECT_TRUE(parts.serving.follow(room_.loop().routes()));
  EXPECT_EQ(parts.serving.colour(), Colour::green);
  EXPECT_EQ(traffic(Colour::green).active.read(), 1U);
}

TEST_F(ServingGroupTest, WhatWasShieldedStaysWithTheLiveGroupInANewerTable) {
  add_release();
  ExchangeParts& parts = draw();
  parts.serving.go_live(&kStatus, nullptr);
  room_.publish();
  EXPECT_TRUE(parts.serving.follow(room_.loop().routes()));
  EXPECT_EQ(parts.serving.colour(), Colour::blue);
  EXPECT_EQ(parts.serving.drawn().colour, Colour::green) << "and counts for what was drawn";
  end(parts, 200);
}

TEST_F(ServingGroupTest, ATableWithoutTheServiceLeadsNowhere) {
  ExchangeParts& parts = draw();
  room_.config.services[0].name = "other";
  room_.states[0].name = "other";
  room_.publish();
  EXPECT_FALSE(parts.serving.follow(room_.loop().routes()));
  EXPECT_FALSE(parts.serving.route().has_service());
}

}  // namespace
}  // namespace teal::proxy
