#include "control/services/drain_rules.h"

#include "tests/support/one_service.h"

namespace teal::control {
namespace {

class DrainRulesTest : public OneService {
 protected:
  std::string refusal(Colour colour, std::size_t target, bool force = false) {
    const std::optional<ApiError> refused =
        rules.refuse(shop(), colour, group(colour).targets[target], force);
    return refused ? refused->type : "";
  }

  DrainRules rules{deployments, serving};
};

TEST_F(DrainRulesTest, TheLastHealthyOneWithTrafficStays) {
  EXPECT_EQ(refusal(Colour::blue, 0), "");
  group(Colour::blue).targets[1].health = Health::unhealthy;
  EXPECT_EQ(refusal(Colour::blue, 0), "last-target");
  EXPECT_EQ(refusal(Colour::blue, 0, true), "last-target");
  EXPECT_EQ(refusal(Colour::blue, 1), "");
}

TEST_F(DrainRulesTest, ADeploymentKeepsItsMinimumUnlessForced) {
  config.services[0].deploy.minimum_healthy = {true, 100};
  install("v2");
  EXPECT_EQ(rules.counting(shop(), Colour::green), nullptr);
  DeploymentRunner& runner = begin();
  EXPECT_EQ(rules.counting(shop(), Colour::green), &runner);
  EXPECT_EQ(rules.counting(shop(), Colour::blue), nullptr);
  EXPECT_EQ(refusal(Colour::green, 0), "below-minimum-healthy");
  EXPECT_EQ(refusal(Colour::green, 0, true), "");
}

TEST_F(DrainRulesTest, ADeploymentKeepsItsLastTargetWhoeverForces) {
  install("v2");
  begin();
  group(Colour::green).targets.pop_back();
  group(Colour::green).targets[0].health = Health::unhealthy;
  EXPECT_EQ(refusal(Colour::green, 0, true), "last-target");
}

TEST_F(DrainRulesTest, TheLastOfTheOldGroupStaysWhileOneMayGoBackToIt) {
  install("v2");
  begin();
  shop().edit().live = Colour::green;
  shop().edit().split = Split::all_to(Colour::green);
  group(Colour::blue).targets.pop_back();
  EXPECT_EQ(refusal(Colour::blue, 0), "last-of-old-group");
  EXPECT_EQ(refusal(Colour::blue, 0, true), "");
}

TEST_F(DrainRulesTest, AMinimumIsCountedAnewOfWhatIsLeft) {
  DeploymentSpec of = spec();
  of.deploy.minimum_healthy = {true, 75};
  EXPECT_EQ(recounted(of, 4), 3);
  EXPECT_EQ(recounted(of, 1), 1);
  EXPECT_EQ(recounted(of, 0), 0);
}

}  // namespace
}  // namespace teal::control
