// Targets that are this process's own sockets: refused where somebody asks, left out where the
// store says so.
#include <gtest/gtest.h>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

class OwnTargets : public ControllerTestBase {
 protected:
  OwnTargets() {
    own_sockets = {{"listener 'public'", target_address(8080), false},
                   {"the admin address", target_address(9900), true}};
    start();
  }
};

TEST_F(OwnTargets, AreRefusedOneByOneAndInDeployments) {
  const auto put = controller->put_target("shop", Colour::green, target_address(8080));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().status, 422);
  EXPECT_EQ(put.error().type, "target-is-own-listener");
  EXPECT_EQ(put.error().detail,
            "10.0.0.1:8080 is listener 'public' of this Teal: requests would go round in a loop");
  config::DeploymentRequest wanted = request();
  wanted.targets = {target_address(3), target_address(9900)};
  const auto deployed = controller->deploy("shop", wanted, "", "");
  ASSERT_FALSE(deployed);
  EXPECT_EQ(deployed.error().status, 422);
  EXPECT_EQ(deployed.error().type, "target-is-admin-address");
  EXPECT_EQ(deployed.error().remedy, "name the address of the application");
  EXPECT_TRUE(ports->last().groups[Colour::green].targets.empty());
}

TEST_F(OwnTargets, MayBeListenersWhereTheServiceSaysSoButNeverTheAdminAddress) {
  config.services[0].allows_own = true;
  start();
  EXPECT_TRUE(controller->put_target("shop", Colour::green, target_address(8080)));
  EXPECT_FALSE(controller->put_target("shop", Colour::green, target_address(9900)));
}

TEST_F(OwnTargets, OfTheStoreAreLeftOutWithAWord) {
  own_sockets.clear();
  start();
  ASSERT_TRUE(controller->put_target("shop", Colour::blue, target_address(8080)));
  ASSERT_TRUE(controller->put_target("shop", Colour::green, target_address(9900)));
  own_sockets = {{"listener 'public'", target_address(8080), false},
                 {"the admin address", target_address(9900), true}};
  start();
  EXPECT_EQ(ports->last().groups[Colour::blue].targets.size(), 2U);
  EXPECT_TRUE(ports->last().groups[Colour::green].targets.empty());
  EXPECT_EQ(announced("target.own"), 2U);
  start();
  EXPECT_EQ(announced("target.own"), 0U) << "the store has forgotten them";
}

TEST_F(OwnTargets, OfARevisionThatIsInstalledAgainAreLeftOut) {
  own_sockets.clear();
  start();
  bake();
  own_sockets = {{"listener 'public'", target_address(4), false}};
  start();
  EXPECT_EQ(ports->last().groups[Colour::green].targets.size(), 1U);
  EXPECT_GE(announced("target.own"), 1U);
}

TEST_F(OwnTargets, OfTheFileKeepTealFromStarting) {
  disk->services.clear();
  ports = std::make_unique<FakePorts>(clock);
  ports->own_sockets = {{"listener 'public'", target_address(1), false}};
  controller = std::make_unique<Controller>(std::make_shared<const config::Config>(config), clock,
                                            log, *ports, make_store());
  const Result<void> started = controller->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message(),
            "service shop: target 10.0.0.1:1 is listener 'public' of this Teal: requests would go "
            "round in a loop; name the address of the application, or set allow_own: true for a "
            "second hop that is meant");
}

}  // namespace
}  // namespace teal::control
