#include "control/deploy/deployment_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace teal::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DeploymentTableTest : public testing::Test {
 protected:
  static DeploymentSpec spec_of(const std::string& service) {
    DeploymentSpec spec;
    spec.service = service;
    spec.targets.resize(1);
    return spec;
  }
  DeploymentRunner& create(const std::string& service) {
    return table.create(spec_of(service), created, now);
  }
  DeploymentRunner& restore(DeploymentNumber number, const std::string& service) {
    return table.restore(number, spec_of(service), created, now);
  }
  /// Somebody has stopped it before it had traffic.
  static void stop(DeploymentRunner& runner) {
    runner.step(event::Begin{}, Age{0}, WallTime{});
    runner.step(event::Stop{}, Age{0}, WallTime{});
    ASSERT_TRUE(runner.is_over());
  }
  void run_to_its_end(const std::string& service) {
    DeploymentRunner& runner = create(service);
    stop(runner);
    table.end(runner);
  }

  DeploymentTable table;
  WallTime created{Millis{1'700'000'000'000}};
  Mono now{std::chrono::hours{1}};
};

TEST_F(DeploymentTableTest, ADeploymentIsNumberedAndFound) {
  EXPECT_EQ(create("shop").spec().id, "d-1");
  DeploymentRunner& second = create("cart");
  EXPECT_EQ(second.number, 2);
  EXPECT_EQ(second.created, created);
  EXPECT_EQ(table.find(2), &second);
  EXPECT_EQ(table.find(DeploymentId("d-2")), &second);
  EXPECT_EQ(table.find(3), nullptr);
  EXPECT_EQ(table.find(DeploymentId("two")), nullptr);
}

TEST_F(DeploymentTableTest, ItRunsUntilItIsSaidToHaveEnded) {
  EXPECT_TRUE(table.running().empty());
  DeploymentRunner& runner = create("shop");
  EXPECT_EQ(table.running().size(), 1);
  EXPECT_EQ(table.active("shop"), &runner);
  EXPECT_EQ(table.active("cart"), nullptr);
  table.end(runner);
  EXPECT_EQ(table.active("shop"), nullptr);
  EXPECT_EQ(table.find(1), &runner) << "it is history";
}

TEST_F(DeploymentTableTest, TheEndOfOneIsNotTheEndOfItsSuccessor) {
  DeploymentRunner& first = create("shop");
  DeploymentRunner& second = create("shop");
  table.end(first);
  EXPECT_EQ(table.active("shop"), &second);
}

TEST_F(DeploymentTableTest, TheRunningOnesAreInTheOrderOfTheirServices) {
  create("shop");
  create("cart");
  EXPECT_THAT(table.running(), ElementsAre(2, 1));
}

TEST_F(DeploymentTableTest, NumbersGoOnBehindThoseOfTheStore) {
  restore(7, "shop");
  EXPECT_EQ(create("cart").number, 8);
  table.skip_number(20);
  table.skip_number(3);
  EXPECT_EQ(create("blog").number, 21);
}

TEST_F(DeploymentTableTest, AfterARestartThoseWithoutAnEndRun) {
  stop(restore(1, "shop"));
  DeploymentRunner& runs = restore(2, "shop");
  stop(restore(3, "cart"));
  table.settle();
  EXPECT_EQ(table.active("shop"), &runs);
  EXPECT_EQ(table.active("cart"), nullptr);
  EXPECT_FALSE(runs.is_abandoned);
}

TEST_F(DeploymentTableTest, OfTwoWithoutAnEndTheOlderOneIsAbandoned) {
  DeploymentRunner& older = restore(1, "shop");
  DeploymentRunner& newer = restore(2, "shop");
  table.settle();
  EXPECT_TRUE(older.is_abandoned);
  EXPECT_FALSE(newer.is_abandoned);
  EXPECT_EQ(table.active("shop"), &newer);
}

TEST_F(DeploymentTableTest, SoItIsWhereTheNewerOneHasEnded) {
  DeploymentRunner& older = restore(1, "shop");
  stop(restore(2, "shop"));
  table.settle();
  EXPECT_TRUE(older.is_abandoned);
  EXPECT_EQ(table.active("shop"), nullptr);
}

TEST_F(DeploymentTableTest, TheNewestOfAServiceIsFound) {
  EXPECT_EQ(table.newest("shop"), nullptr);
  EXPECT_EQ(table.newest_finished("shop"), nullptr);
  run_to_its_end("shop");
  create("shop");
  create("cart");
  EXPECT_EQ(table.newest("shop")->number, 2);
  EXPECT_EQ(table.newest_finished("shop")->number, 1);
}

TEST_F(DeploymentTableTest, HistoryHasAnEndForEachService) {
  run_to_its_end("cart");
  for (std::size_t i = 0; i < DeploymentTable::kKept; ++i) run_to_its_end("shop");
  EXPECT_THAT(table.prune("shop", nullptr), IsEmpty());
  run_to_its_end("shop");
  run_to_its_end("shop");
  EXPECT_THAT(table.prune("shop", nullptr), ElementsAre(2, 3));
  EXPECT_EQ(table.find(2), nullptr);
  EXPECT_NE(table.find(1), nullptr) << "of another service";
  EXPECT_EQ(table.all().size(), 1 + DeploymentTable::kKept);
}

TEST_F(DeploymentTableTest, TheOneThatMadeTheLiveGroupLiveStays) {
  for (std::size_t i = 0; i < DeploymentTable::kKept + 2; ++i) run_to_its_end("shop");
  EXPECT_THAT(table.prune("shop", table.find(1)), ElementsAre(2));
  EXPECT_NE(table.find(1), nullptr);
}

TEST_F(DeploymentTableTest, OneThatRunsIsNotHistory) {
  create("shop");
  for (std::size_t i = 0; i < DeploymentTable::kKept; ++i) run_to_its_end("shop");
  EXPECT_THAT(table.prune("shop", nullptr), IsEmpty());
}

TEST_F(DeploymentTableTest, ThoseOfAServiceAreTheNewestFirst) {
  DeploymentRunner& first = create("shop");
  create("cart");
  DeploymentRunner& second = create("shop");
  EXPECT_EQ(table.of("shop"), (std::vector<DeploymentRunner*>{&second, &first}));
  EXPECT_TRUE(table.of("mail").empty());
}

}  // namespace
}  // namespace teal::control
