// kill -9 at every journalled event: the next start is in the same state or a safer one, and the
// story goes on to its end.
#include <gtest/gtest.h>

#include <stdlib.h>

#include <filesystem>

#include "control/store/sqlite_store.h"
#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;

class Recovery : public ControllerTestBase {
 protected:
  /// Everything that lets a deployment get on, once.
  void get_on() {
    probe(Colour::blue, Health::healthy);
    probe(Colour::green, Health::healthy);
    ports->pump();
    advance(100ms);
    ports->pump();
  }
};

TEST_F(Recovery, SaysWhereItHasLookedForAnEarlierState) {
  ASSERT_EQ(config.state_path, "teal.db");
  const std::string path = std::filesystem::current_path() / "teal.db";
  EXPECT_EQ(controller->announcements().front().type, "store.new");
  EXPECT_NE(controller->announcements().front().text.find(" in " + path + ":"), std::string::npos)
      << controller->announcements().front().text;
}

TEST_F(Recovery, KeepsTheTimeThatABakeHadLeft) {
  const DeploymentId id = bake();
  for (int i = 0; i < 24; ++i) advance(5s);
  clock.advance(10h);  // Down for long.
  start();
  EXPECT_EQ(ports->last().split.of(Colour::green), Weight::percent(10));
  EXPECT_EQ(report(id).phase, "Shifting") << "the workers must apply first";
  get_on();
  EXPECT_EQ(report(id).phase, "Baking");
  const Millis left = *report(id).step_ends - clock.wall();
  EXPECT_LE(left, 3min + 5s);
  EXPECT_GE(left, 2min + 50s);
}

TEST_F(Recovery, TellsTheStoryOfFinishedDeploymentsAsBefore) {
  const DeploymentId id = bake();
  verdicts["errors"] = health::Breached{"error_rate 9% > 1%"};
  advance(100ms);
  clock.advance(2ms);
  ports->pump();
  const DeploymentReport before = report(id);
  const DeploymentReport rollback_before = report(*before.rolled_back_by);
  start();
  const DeploymentReport after = report(id);
  EXPECT_EQ(after.status, before.status);
  EXPECT_EQ(after.error_code, before.error_code);
  EXPECT_EQ(after.reason, before.reason);
  EXPECT_EQ(after.rolled_back_by, before.rolled_back_by);
  EXPECT_EQ(after.rollback_took, before.rollback_took);
  EXPECT_EQ(after.finished, before.finished);
  ASSERT_EQ(after.timeline.size(), before.timeline.size());
  for (std::size_t i = 0; i < after.timeline.size(); ++i)
    EXPECT_EQ(after.timeline[i].what, before.timeline[i].what);
  EXPECT_EQ(report(*after.rolled_back_by).status, rollback_before.status);
}

TEST_F(Recovery, LetsTheStoresWordCountOverTheFile) {
  succeed();
  config.services[0].groups[Colour::blue] = {"v0", {target_address(77)}};
  start();
  EXPECT_EQ(ports->last().live, Colour::green);
  EXPECT_EQ(ports->last().groups[Colour::green].revision, "v2");
  EXPECT_EQ(announced("config.ignored"), 1U);
}

TEST_F(Recovery, AddsANewServiceAndForgetsNoneThatIsAwayForAWhile) {
  succeed();
  const config::Config both = config;
  config.services[0].name = "other";
  start();
  EXPECT_EQ(controller->services().size(), 1U);
  EXPECT_EQ(ports->last().live, Colour::blue);
  const auto next = controller->deploy("other", request(), "", "");
  ASSERT_TRUE(next);
  EXPECT_EQ(next->id, "d-2") << "numbers go on";
  config = both;
  start();
  EXPECT_EQ(ports->last().live, Colour::green);
}

TEST_F(Recovery, EmptiesAGroupThatWasRetiringWhenTheProcessDied) {
  succeed();
  advance(10min);
  start();
  EXPECT_TRUE(ports->last().groups[Colour::blue].targets.at(0).draining);
  ports->pump();
  EXPECT_TRUE(ports->last().groups[Colour::blue].targets.empty());
}

/// Kills after every so many journalled events and lets each continuation run to its end.
class KillAtEveryEvent : public Recovery {
 protected:
  /// A whole canary with a pause; `cut` is the number of commits that reach the disk.
  void canary(std::size_t cut) {
    disk->on_commit = [this, cut] {
      if (disk->commits >= cut) disk->fails = true;
    };
    probe(Colour::blue, Health::healthy);
    if (!controller->deploy("shop", request(), "", "")) return;  // It could not be written down.
    probe(Colour::green, Health::healthy);
    ports->pump();
    controller->command("d-1", Command::pause, [](auto) {});
    ports->pump();
    controller->command("d-1", Command::proceed, [](auto) {});
    ports->pump();
    advance(5min);
    ports->pump();
  }
};

TEST_F(KillAtEveryEvent, ResumesACanaryInTheSameOrASaferState) {
  std::size_t commits = 0;
  {
    canary(1'000'000);
    commits = disk->commits;
    ASSERT_GE(commits, 6U);
  }
  for (std::size_t cut = 0; cut < commits; ++cut) {
    SCOPED_TRACE("killed after commit " + std::to_string(cut));
    disk = std::make_shared<Disk>();
    start();
    canary(cut);
    const Weight before = ports->last().split.of(Colour::green);
    disk->fails = false;
    disk->on_commit = nullptr;
    start();
    EXPECT_LE(ports->published.front().at(0).split.of(Colour::green), before);
    if (disk->deployments.empty()) {
      EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
      continue;
    }
    for (int i = 0; i < 5; ++i) get_on();
    if (report("d-1").phase == "Paused") command("d-1", Command::proceed);
    advance(5min);
    for (int i = 0; i < 3; ++i) get_on();
    EXPECT_EQ(status("d-1"), Status::succeeded);
    EXPECT_EQ(ports->last().split, Split::all_to(Colour::green));
  }
}

TEST_F(KillAtEveryEvent, FinishesARollbackThatWasWrittenAndRepeatsOneThatWasNot) {
  for (std::size_t after = 0; after < 4; ++after) {
    SCOPED_TRACE("killed " + std::to_string(after) + " commits after the breach");
    disk = std::make_shared<Disk>();
    verdicts.clear();
    start();
    bake();
    const std::size_t cut = disk->commits + after;
    disk->on_commit = [this, cut] {
      if (disk->commits >= cut) disk->fails = true;
    };
    verdicts["errors"] = health::Breached{"error_rate 9% > 1%"};
    advance(100ms);
    ports->pump();
    EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
    disk->fails = false;
    disk->on_commit = nullptr;
    start();
    for (int i = 0; i < 3; ++i) get_on();
    EXPECT_EQ(status("d-1"), Status::stopped);
    EXPECT_EQ(status("d-2"), Status::succeeded);
    EXPECT_EQ(ports->last().split, Split::all_to(Colour::blue));
    EXPECT_TRUE(ports->last().groups[Colour::green].targets.empty());
  }
}

/// The same on the real thing.
class OnSqlite : public Recovery {
 protected:
  OnSqlite() {
    std::string pattern = (std::filesystem::temp_directory_path() / "teal-rec-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    start();
  }
  ~OnSqlite() override {
    controller.reset();
    std::filesystem::remove_all(directory_);
  }
  std::unique_ptr<Store> make_store() override {
    if (directory_.empty()) return ControllerTestBase::make_store();
    controller.reset();
    Result<std::unique_ptr<Store>> store = open_sqlite_store((directory_ / "teal.db").string());
    EXPECT_TRUE(store) << store.error();
    return std::move(*store);
  }
  std::filesystem::path directory_;
};

TEST_F(OnSqlite, ShipsRestartsAndRollsBack) {
  bake();
  start();
  get_on();
  EXPECT_EQ(report("d-1").phase, "Baking");
  advance(5min);
  ports->pump();
  EXPECT_EQ(status("d-1"), Status::succeeded);
  start();
  get_on();
  EXPECT_EQ(ports->last().live, Colour::green);
  const auto answer = command("d-1", Command::rollback);
  ASSERT_TRUE(answer && *answer);
  start();
  EXPECT_EQ(ports->last().live, Colour::blue);
  EXPECT_EQ(status("d-2"), Status::succeeded);
}

}  // namespace
}  // namespace teal::control
