// Ids of events: no two events of a store ever have the same, whatever becomes of the process, and
// whoever resumes hears what came since, or that something is missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "control/api/event_stream.h"
#include "control/deploy/announcer.h"
#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(EventIds, AreReadAsTheyAreWritten) {
  for (const char* text : {"3f9a01bc-7", "3f9a01bc.00ff-12", "0", "37"})
    EXPECT_EQ(to_string(parse_event_id(text).value()), text);
  for (const char* text : {"", "x", "-", "a-", "-1", "a-1x", "a b-1", "A-1", "a--1", "1.5"})
    EXPECT_FALSE(parse_event_id(text)) << text;
}

class EventNumbers : public ControllerTestBase {
 protected:
  void say(const std::string& why = "x") {
    controller->set_external_alarm("pager", "shop", true, why);
    controller->set_external_alarm("pager", "shop", false, "");
  }
  std::string last() { return to_string(controller->last_event()); }
  /// What a subscriber hears that comes back with this id.
  std::string resume(const std::string& id) {
    return EventStream::open(*controller, parse_event_id(id))->take();
  }
};

TEST_F(EventNumbers, AreTheStoresOwnAndGoOnAfterAnOrderlyEnd) {
  say();
  const std::string before = last();
  EXPECT_THAT(before, StartsWith("disk-"));
  controller->close();
  start();
  EXPECT_EQ(resume(before), ": live\n\n") << "nothing is missing";
  say();
  EXPECT_EQ(controller->announcements().front().id.number, parse_event_id(before)->number + 1);
  EXPECT_THAT(resume(before), AllOf(Not(HasSubstr("gap")), StartsWith("id: disk-")));
}

TEST_F(EventNumbers, TellAGapAfterACrash) {
  say();
  const EventId before = controller->last_event();
  start();
  say();
  EXPECT_GT(controller->announcements().front().id.number, before.number + 1);
  EXPECT_THAT(
      resume(to_string(before)),
      StartsWith("event: gap\ndata: {\"missed\":" +
                 std::to_string(controller->announcements().front().id.number - before.number - 1) +
                 "}\n\nid: disk-"));
}

TEST_F(EventNumbers, TellAGapToWhoComesFromAnotherStoreOrFromBeforeThereWereStores) {
  say();
  for (const char* id : {"other-1", "37", "disk-99999"})
    EXPECT_THAT(resume(id), StartsWith("event: gap\ndata: {\"missed\":null}\n\nid: disk-")) << id;
  EXPECT_THAT(resume("0"), StartsWith("id: disk-"));
}

TEST_F(EventNumbers, TellHowManyAreNotKeptAnyMore) {
  const EventId first = controller->last_event();
  for (int i = 0; i < 600; ++i) say();
  EXPECT_THAT(resume(to_string(first)), StartsWith("event: gap\ndata: {\"missed\":200}\n\nid: "));
}

TEST_F(EventNumbers, AreNeverGivenTwiceThroughCrashesAndFullDisks) {
  std::set<std::string> seen;
  const auto note = [&] {
    for (const Announcement& each : controller->announcements()) seen.insert(to_string(each.id));
  };
  std::size_t said = 0;
  for (int life = 0; life < 6; ++life) {
    // More than a block, while the store fails.
    disk->fails = life % 2 == 1;
    const std::uint64_t before = controller->last_event().number;
    for (int i = 0; i < 400; ++i) {
      say();
      if (i % 100 == 0) note();
    }
    note();
    said += controller->last_event().number - before;
    disk->fails = false;
    if (life == 4) controller->close();
    start();
  }
  EXPECT_GE(seen.size(), said) << "each has an id of its own";
}

TEST_F(EventNumbers, CostNoWriteEach) {
  const std::size_t before = disk->commits;
  for (int i = 0; i < 100; ++i) {
    controller->on_health(ports->last().groups[Colour::blue].targets[0].id,
                          i % 2 == 0 ? Health::healthy : Health::unhealthy, "probe");
    advance(100ms);
  }
  EXPECT_GE(announced("target.healthy"), 50U);
  EXPECT_EQ(disk->commits, before);
}

// ---- what a start says, and what an end saves ---------------------------------------------------

TEST_F(EventNumbers, AStartThatFindsNoEarlierStateSaysSo) {
  EXPECT_EQ(announced("store.new"), 1U);
  bake();
  start();
  EXPECT_EQ(announced("store.new"), 0U);
}

TEST_F(EventNumbers, AnOrderlyEndSavesTheClockOfADeployment) {
  const DeploymentId id = bake();
  advance(5s);
  advance(4s + 900ms);
  controller->close();
  clock.advance(1h);
  start();
  probe(Colour::green, Health::healthy);
  ports->pump();
  EXPECT_EQ(*report(id).step_ends - clock.wall(), 5min - 9900ms);
}

TEST_F(EventNumbers, AStoreThatIsTakenAwayFailsUntilItIsBack) {
  bake();
  disk->is_gone = true;
  advance(1s);
  EXPECT_FALSE(controller->store_is_healthy()) << "though there is nothing to write";
  EXPECT_EQ(announced("store.failed"), 1U);
  const auto refused = controller->deploy("shop", request("v3"), "", "");
  EXPECT_EQ(refused.error().status, 409);
  command("d-1", Command::rollback);
  EXPECT_EQ(controller->deploy("shop", request("v3"), "", "").error().status, 503);
  disk->is_gone = false;
  advance(1s);
  EXPECT_TRUE(controller->store_is_healthy());
  EXPECT_EQ(announced("store.recovered"), 1U);
  start();
  EXPECT_EQ(status("d-1"), Status::stopped) << "what waited is written";
}

}  // namespace
}  // namespace teal::control
