#include "config/nearest.h"

#include <vector>

#include <gtest/gtest.h>

namespace teal::config {
namespace {

const std::vector<std::string> kKeys{"health", "match", "timeouts", "limits", "blue"};

TEST(Nearest, FindsSlipsOfTheFinger) {
  EXPECT_EQ(nearest("helth", kKeys), "health");
  EXPECT_EQ(nearest("mathc", kKeys), "match");
  EXPECT_EQ(nearest("timeout", kKeys), "timeouts");
  EXPECT_EQ(nearest("Health", kKeys), "health");
  EXPECT_EQ(nearest("bleu", kKeys), "blue");
}

TEST(Nearest, StaysSilentWhereNothingIsNear) {
  EXPECT_EQ(nearest("weight", {}), std::nullopt);
  EXPECT_EQ(nearest("certificates", kKeys), std::nullopt);
  EXPECT_EQ(nearest("", kKeys), std::nullopt);
  EXPECT_EQ(nearest(std::string(1'000'000, 'x'), kKeys), std::nullopt);
  EXPECT_EQ(did_you_mean("certificates", kKeys), "");
}

TEST(Nearest, AsksAQuestion) {
  EXPECT_EQ(did_you_mean("helth", kKeys), "did you mean 'health'?");
}

}  // namespace
}  // namespace teal::config
