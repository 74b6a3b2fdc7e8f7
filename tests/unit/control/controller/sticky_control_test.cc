// The secrets of sticky cookies in the controller: from the store to the workers, and the draw of
// each deployment.
#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using std::chrono::hours;
using namespace std::chrono_literals;

class StickyControlTest : public ControllerTestBase {
 protected:
  StickyControlTest() {
    config.services[0].sticky = config::Sticky{"teal_shop", hours{48}, false};
    start();
  }
};

TEST_F(StickyControlTest, WorkersHaveTheSecretsBeforeTheFirstPublicationAndAfterARestart) {
  ASSERT_TRUE(ports->sticky);
  EXPECT_EQ(disk->secrets.size(), 2U);
  const StickySecrets first = *ports->sticky;
  start();
  EXPECT_EQ(ports->sticky, first);
}

TEST_F(StickyControlTest, NothingIsSecretWhereNoServiceIsSticky) {
  config.services[0].sticky.reset();
  *disk = {};
  start();
  advance(hours{24 * 1000});
  EXPECT_FALSE(ports->sticky);
  EXPECT_TRUE(disk->secrets.empty());
}

TEST_F(StickyControlTest, AChangedKeyIsWrittenAndPublished) {
  const StickySecrets before = *ports->sticky;
  const std::size_t published = ports->versions.size();
  advance(hours{48});
  EXPECT_EQ(ports->sticky->previous, before.key);
  EXPECT_EQ(ports->sticky->salt, before.salt);
  EXPECT_EQ(ports->versions.size(), published + 1);
  EXPECT_EQ(announced("sticky.rotated"), 1U);
  EXPECT_EQ(disk->secrets.size(), 3U);
  const StickySecrets changed = *ports->sticky;
  start();
  EXPECT_EQ(ports->sticky, changed);
}

TEST_F(StickyControlTest, AKeyThatIsDueWhileTealIsDownIsChangedAtTheStart) {
  const StickySecrets before = *ports->sticky;
  clock.advance(hours{50});
  start();
  EXPECT_EQ(ports->sticky->previous, before.key);
  EXPECT_EQ(disk->secrets.size(), 3U);
  advance(hours{49});
  EXPECT_NE(ports->sticky->previous, before.key);
}

TEST_F(StickyControlTest, NoKeyIsChangedThatCouldNotBeWritten) {
  const StickySecrets before = *ports->sticky;
  disk->fails = true;
  ASSERT_FALSE(controller->deploy("shop", request(), "", ""));
  ASSERT_FALSE(controller->store_is_healthy());
  advance(hours{48});
  EXPECT_EQ(ports->sticky, before);
  disk->fails = false;
  advance(2s);
  advance(2s);
  EXPECT_EQ(ports->sticky->previous, before.key);
}

TEST_F(StickyControlTest,
       AStoreThatFailsAtTheFirstStartCostsTheRestartsClientsTheirGroupAndNoMore) {
  *disk = {};
  disk->fails = true;
  start();
  ASSERT_TRUE(ports->sticky);
  EXPECT_EQ(announced("store.failed"), 1U);
  const StickySecrets first = *ports->sticky;
  disk->fails = false;
  advance(2s);
  EXPECT_EQ(disk->secrets.size(), 2U) << "written as soon as that can be";
  start();
  EXPECT_EQ(ports->sticky, first);
}

TEST_F(StickyControlTest, SecretsThatCannotBeReadAreMadeAnewAndThatIsSaid) {
  const StickySecrets before = *ports->sticky;
  disk->secrets.at("sticky.key").value = "damaged";
  start();
  EXPECT_EQ(announced("sticky.lost"), 1U);
  EXPECT_NE(ports->sticky->key, before.key);
  const StickySecrets after = *ports->sticky;
  start();
  EXPECT_EQ(announced("sticky.lost"), 0U);
  EXPECT_EQ(ports->sticky, after);
}

TEST_F(StickyControlTest, EachDeploymentDrawsClientsAnewAndItsRollbackAndRestartsDoNot) {
  EXPECT_EQ(ports->last().draw, 0U);
  const DeploymentId id = bake();
  EXPECT_EQ(ports->last().draw, 1U);
  start();
  EXPECT_EQ(ports->last().draw, 1U);
  probe(Colour::blue, Health::healthy);
  probe(Colour::green, Health::healthy);
  ports->pump();
  ASSERT_TRUE(command(id, Command::rollback));
  ports->pump();
  EXPECT_EQ(ports->last().draw, 1U);
  start();
  EXPECT_EQ(ports->last().draw, 1U);
  probe(Colour::blue, Health::healthy);
  advance(1s);
  ports->pump();
  deploy("v3");
  EXPECT_EQ(ports->last().draw, 3U) << "the rollback was the second";
}

// Whoever was a canary of the first try is none of the second's by that.
TEST_F(StickyControlTest, ARetryOfTheSameRevisionDrawsClientsAnewAndItsStepsDoNot) {
  config.services[0].deploy.plan = {
      "custom",
      {config::SetWeight{Weight::percent(10)}, config::Bake{std::chrono::minutes{5}},
       config::SetWeight{Weight::percent(50)}, config::Bake{std::chrono::minutes{5}}}};
  start();
  const DeploymentId first = bake();
  ASSERT_TRUE(command(first, Command::rollback));
  ports->pump();
  const DeploymentId retry = deploy("v2");
  EXPECT_NE(ports->last().draw, 1U);
  const std::uint64_t draw = ports->last().draw;
  probe(Colour::green, Health::healthy);
  ports->pump();
  EXPECT_EQ(ports->last().split.of(Colour::green), Weight::percent(10));
  EXPECT_EQ(ports->last().draw, draw);
  advance(std::chrono::minutes{5});
  ports->pump();
  EXPECT_EQ(ports->last().split.of(Colour::green), Weight::percent(50));
  EXPECT_EQ(ports->last().draw, draw);
  ASSERT_TRUE(command(retry, Command::promote));
  EXPECT_EQ(ports->last().draw, draw);
}

}  // namespace
}  // namespace teal::control
