#include "health/judge/verdict.h"

#include <gtest/gtest.h>

namespace teal::health {
namespace {

TEST(Verdict, SaysWhatItIsAndWhy) {
  EXPECT_EQ(to_string(Verdict{Healthy{}}), "healthy");
  EXPECT_EQ(to_string(Verdict{Breached{"error_rate 4.1% > 1%"}}), "breached: error_rate 4.1% > 1%");
  EXPECT_EQ(to_string(Verdict{NotEnoughEvidence{"12 of 50 requests"}}),
            "not enough evidence: 12 of 50 requests");
}

TEST(Verdict, OfNobodyIsNotEnoughEvidence) {
  EXPECT_TRUE(std::holds_alternative<NotEnoughEvidence>(Verdict{}));
}

}  // namespace
}  // namespace teal::health
