// What goes on and what begins anew when the controller goes over to another configuration.
#include "control/registry/service_registry.h"
#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

class Reconfigure : public ControllerTestBase {
 protected:
  /// False: it is refused.
  bool load(const config::Config& next) {
    if (const auto refusal = controller->refuse(next)) {
      refusal_ = *refusal;
      return false;
    }
    bool is_applied = false;
    controller->reconfigure(std::make_shared<const config::Config>(next), {7, "d"},
                            [&] { is_applied = true; });
    ports->pump();
    EXPECT_TRUE(is_applied);
    return true;
  }
  config::Config with_cart() {
    config::Config next = config;
    config::Service cart = next.services.front();
    cart.name = "cart";
    cart.groups[Colour::blue].targets = {target_address(11)};
    next.services.push_back(cart);
    return next;
  }

  ApiError refusal_;
};

TEST_F(Reconfigure, KeepsADeploymentAndItsSplitWhereOtherKeysOfItsServiceChange) {
  const DeploymentId id = bake();
  config::Config next = config;
  next.services.front().timeouts.connect = Millis{5000};
  next.services.front().deploy.plan = {"other", {}};
  ASSERT_TRUE(load(next));
  EXPECT_EQ(status(id), Status::baking);
  EXPECT_EQ(shop().split.of(Colour::green), Weight::percent(10));
  advance(std::chrono::minutes{5});
  ports->pump();
  EXPECT_EQ(status(id), Status::succeeded);
}

TEST_F(Reconfigure, TellsADeploymentOfAnotherConfigurationOfItsOwnServiceOnly) {
  const DeploymentId id = bake();
  const std::size_t before = controller->deployment(id)->timeline.size();
  config::Config next = with_cart();
  ASSERT_TRUE(load(next));
  EXPECT_EQ(controller->deployment(id)->timeline.size(), before);
  next.services.front().timeouts.connect = Millis{5000};
  ASSERT_TRUE(load(next));
  const auto told = controller->deployment(id)->timeline;
  ASSERT_EQ(told.size(), before + 1);
  EXPECT_EQ(told.back().what, "the service's configuration is that of generation 7 from now on");
  start();
  EXPECT_EQ(controller->deployment(id)->timeline.at(before).what, told.back().what);
}

TEST_F(Reconfigure, IgnoresTheGroupsOfTheFileOfAServiceThatIsKnown) {
  const std::vector<Address> before = addresses_of(ports->last().groups[Colour::blue]);
  config::Config next = config;
  next.services.front().groups[Colour::blue] = {"v9", {target_address(9)}};
  ASSERT_TRUE(load(next));
  EXPECT_EQ(addresses_of(ports->last().groups[Colour::blue]), before);
}

TEST_F(Reconfigure, RefusesToTakeAServiceAwayWhileADeploymentRunsThere) {
  const DeploymentId id = bake();
  config::Config next = with_cart();
  next.services.erase(next.services.begin());
  EXPECT_FALSE(load(next));
  EXPECT_EQ(refusal_.status, 409);
  EXPECT_NE(refusal_.detail.find(id), std::string::npos);
  EXPECT_EQ(status(id), Status::baking);
}

TEST_F(Reconfigure, ServesAServiceThatIsNewAndForgetsNothingOfOneThatGoesAndComesBack) {
  ASSERT_TRUE(load(with_cart()));
  ASSERT_TRUE(controller->service("cart"));
  controller->set_split("cart", Split::all_to(Colour::blue), std::nullopt, [](const auto&) {});
  ASSERT_TRUE(controller->put_target("cart", Colour::blue, target_address(12)));
  ASSERT_TRUE(load(config));
  EXPECT_EQ(controller->service("cart").error().status, 404);
  ASSERT_TRUE(load(with_cart()));
  EXPECT_EQ(controller->service("cart")->groups[Colour::blue].targets.size(), 2U);
}

TEST_F(Reconfigure, GoesOnWithADeploymentThatWaitsForHealthWhereTheCheckGoes) {
  probe(Colour::blue, Health::healthy);
  const DeploymentId id = deploy();
  ports->pump();
  ASSERT_EQ(report(id).phase, "Preparing");
  config::Config next = config;
  next.services.front().health.reset();
  ASSERT_TRUE(load(next));
  EXPECT_EQ(report(id).phase, "Baking");
}

TEST_F(Reconfigure, KeepsForTheNextStartTheGroupsThatItKeepsNow) {
  const std::vector<Address> before = addresses_of(ports->last().groups[Colour::blue]);
  config::Config next = config;
  next.services.front().groups[Colour::blue] = {"v9", {target_address(9)}};
  ASSERT_TRUE(load(next));
  config = next;
  start();
  EXPECT_EQ(addresses_of(ports->last().groups[Colour::blue]), before);
}

TEST_F(Reconfigure, RollsBackALateReleaseAtOnceWhereNobodyIsProbed) {
  config.services[0].health.reset();
  start();
  ports->pump();
  const DeploymentId id = deploy();
  ports->pump();
  advance(std::chrono::minutes{5});
  ports->pump();
  ASSERT_EQ(status(id), Status::succeeded);
  advance(std::chrono::minutes{11});
  ports->pump();
  ASSERT_TRUE(ports->last().groups[Colour::blue].targets.empty());
  const auto answer = command(id, Command::rollback);
  ASSERT_TRUE(answer && *answer);
  ports->pump();
  EXPECT_EQ(status((*answer)->id), Status::succeeded) << report((*answer)->id).phase;
}

TEST_F(Reconfigure, RefusesAListenerAtTheAddressOfATarget) {
  const Address target = ports->last().groups[Colour::blue].targets.front().address;
  ports->own_sockets.push_back({"listener 'side'", target, false});
  EXPECT_FALSE(load(with_cart()));
  EXPECT_EQ(refusal_.status, 422);
  EXPECT_NE(refusal_.detail.find("listener 'side'"), std::string::npos);
}

TEST_F(Reconfigure, GivesANewServicesTargetsRequestsBeforeTheirFirstProbe) {
  config::Config next = with_cart();
  next.services.back().health.emplace();
  ASSERT_TRUE(load(next));
  const ServiceReport cart = *controller->service("cart");
  EXPECT_TRUE(cart.groups[Colour::blue].targets.front().state.accepts_requests());
}

TEST_F(Reconfigure, KeepsTheHistoryOfAServiceThatGoesAndComesBack) {
  const DeploymentId id = succeed();
  const config::Config before = config;
  config::Config next = with_cart();
  next.services.erase(next.services.begin());
  ASSERT_TRUE(load(next));
  EXPECT_FALSE(controller->deployment(id));
  ASSERT_TRUE(load(before));
  EXPECT_EQ(status(id), Status::succeeded);
  EXPECT_EQ(shop().groups[Colour::green].revision, "v2");
}

TEST_F(Reconfigure, BringsBackAServiceThatTheStoreKnewAtTheStartAndItsDeployment) {
  const DeploymentId id = bake();
  const config::Config whole = with_cart();
  config::Config without = whole;
  without.services.erase(without.services.begin());
  config = without;
  start();
  ports->pump();
  ASSERT_EQ(controller->parked().size(), 1U);
  ASSERT_TRUE(load(whole));
  EXPECT_TRUE(controller->parked().empty());
  EXPECT_EQ(report(id).revision, "v2");
  EXPECT_EQ(status(id), Status::baking);
}

TEST_F(Reconfigure, KeepsHealthyWhoWasWhereACheckComesOrGoes) {
  probe(Colour::blue, Health::unhealthy);
  config::Config next = config;
  next.services.front().health.reset();
  ASSERT_TRUE(load(next));
  for (const TargetState& target : ports->last().groups[Colour::blue].targets)
    EXPECT_EQ(target.health, Health::healthy);
  ASSERT_TRUE(load(config));
  for (const TargetState& target : ports->last().groups[Colour::blue].targets)
    EXPECT_EQ(target.health, Health::healthy);
}

TEST_F(Reconfigure, PublishesOnceWhateverHasChanged) {
  const std::size_t before = ports->publications.size();
  config::Config next = with_cart();
  next.services.front().timeouts.connect = Millis{1};
  ASSERT_TRUE(load(next));
  EXPECT_EQ(ports->publications.size(), before + 1);
}

}  // namespace
}  // namespace teal::control
