#include "control/services/own_targets.h"

#include <gmock/gmock.h>

#include "tests/support/one_service.h"

namespace teal::control {
namespace {

using ::testing::ElementsAre;

class OwnTargetsTest : public OneService {
 protected:
  OwnTargetsTest() {
    ports.own_sockets = {{"listener 'public'", target_address(1), false},
                         {"the admin address", target_address(2), true}};
  }
  const config::Service& service() { return config.services[0]; }

  OwnTargets own{ports, announcer};
};

TEST_F(OwnTargetsTest, AListenerMayBeATargetWhereTheFileSaysSoTheAdminAddressNever) {
  EXPECT_TRUE(own.forbidden(service(), target_address(1)));
  EXPECT_TRUE(own.forbidden(service(), target_address(2)));
  EXPECT_FALSE(own.forbidden(service(), target_address(3)));
  config.services[0].allows_own = true;
  EXPECT_FALSE(own.forbidden(service(), target_address(1)));
  EXPECT_TRUE(own.forbidden(service(), target_address(2)));
}

TEST_F(OwnTargetsTest, AreLeftOutAndToldOf) {
  EXPECT_THAT(own.without(service(), {target_address(1), target_address(3)}),
              ElementsAre(target_address(3)));
  EXPECT_THAT(announced(), ElementsAre("target.own"));
}

TEST_F(OwnTargetsTest, AreAnErrorInTheFile) {
  EXPECT_FALSE(own.refuse(service()));
  config.services[0].groups[Colour::blue].targets = {target_address(3)};
  EXPECT_TRUE(own.refuse(service()));
}

TEST_F(OwnTargetsTest, AreTakenOutOfWhatTheStoreSays) {
  own.drop(services, shop());
  EXPECT_TRUE(group(Colour::blue).targets.empty());
  EXPECT_THAT(announced(), ElementsAre("target.own", "target.own"));
}

TEST_F(OwnTargetsTest, AreRefusedByTheirKind) {
  EXPECT_EQ(own_target(target_address(1), ports.own_sockets[0], "no").type,
            "target-is-own-listener");
  EXPECT_EQ(own_target(target_address(2), ports.own_sockets[1], "no").type,
            "target-is-admin-address");
}

}  // namespace
}  // namespace teal::control
