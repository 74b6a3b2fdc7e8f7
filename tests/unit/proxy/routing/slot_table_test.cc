#include "proxy/routing/slot_table.h"

#include <set>

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

TrafficKey key(const std::string& service, const std::string& revision,
               Colour colour = Colour::blue, Audience audience = Audience::split) {
  return {service, colour, revision, audience};
}

TEST(SlotTable, GivesOneSlotPerKeyAndAlwaysTheSame) {
  SlotTable slot_table;
  std::set<SlotId> slots;
  for (int round = 0; round < 2; ++round)
    for (const char* name : {"a", "b"})
      for (const char* revision : {"v1", "v2"})
        for (const Colour colour : kColours)
          for (const Audience audience : {Audience::split, Audience::preview})
            slots.insert(slot_table.slot(key(name, revision, colour, audience)));
  EXPECT_EQ(slots.size(), 16U);
  EXPECT_EQ(slot_table.size(), 16U);
  const SlotId slot = slot_table.slot(key("b", "v1", Colour::green));
  EXPECT_EQ(slot_table.key(slot), key("b", "v1", Colour::green));
}

TEST(SlotTable, GivesEachStageOfAStreamASlotOfItsOwn) {
  SlotTable slot_table;
  const SlotId before = slot_table.slot(key("a", "v1"));
  const SlotId first = slot_table.slot(key("a", "v1"), {1, 0});
  const SlotId second = slot_table.slot(key("a", "v1"), {1, 2});
  const SlotId retry = slot_table.slot(key("a", "v1"), {2, 0});
  EXPECT_EQ((std::set<SlotId>{before, first, second, retry}).size(), 4U);
  EXPECT_EQ(slot_table.stage(second), (Stage{1, 2}));
  std::set<SlotId> found;
  slot_table.slot(key("a", "v2"), {2, 0});
  slot_table.each_of(key("a", "v1"), [&](Stage /*stage*/, SlotId slot) { found.insert(slot); });
  EXPECT_EQ(found, (std::set<SlotId>{before, first, second, retry}));
}

TEST(SlotTable, LetsGoOfASlotOnceNoWorkerHasAViewWithIt) {
  SlotTable slot_table;
  slot_table.start(1);
  const SlotId old = slot_table.slot(key("a", "v1"), {1, 0});
  slot_table.on_applied(1);
  EXPECT_FALSE(slot_table.is_left(old)) << "every worker has it";
  slot_table.start(2);
  slot_table.slot(key("a", "v1"), {1, 2});
  slot_table.leave(old);
  EXPECT_FALSE(slot_table.is_left(old)) << "some workers may still run on the publication before";
  slot_table.on_applied(2);
  EXPECT_TRUE(slot_table.is_left(old));
  EXPECT_EQ(slot_table.leaving(), std::set<SlotId>{old});
}

TEST(SlotTable, KeepsASlotThatIsAskedForAgainBeforeItIsFree) {
  SlotTable slot_table;
  slot_table.start(1);
  const SlotId slot = slot_table.slot(key("a", "v1"));
  EXPECT_EQ(slot_table.slot(key("a", "v1")), slot);
  slot_table.leave(slot);
  slot_table.on_applied(1);
  EXPECT_FALSE(slot_table.is_left(slot)) << "the next view of the group has it too";
  slot_table.start(2);
  slot_table.leave(slot);
  slot_table.on_applied(2);
  EXPECT_TRUE(slot_table.is_left(slot));
  slot_table.start(3);
  EXPECT_EQ(slot_table.slot(key("a", "v1")), slot);
  EXPECT_FALSE(slot_table.is_left(slot));
  EXPECT_TRUE(slot_table.leaving().empty());
}

TEST(SlotTable, GivesAFreedSlotToTheNextStageAndSaysSinceWhen) {
  SlotTable slot_table;
  slot_table.start(1);
  const SlotId old = slot_table.slot(key("a", "v1"), {1, 0});
  slot_table.start(2);
  slot_table.slot(key("a", "v1"), {1, 2});
  slot_table.leave(old);
  slot_table.on_applied(2);
  slot_table.free(old);
  EXPECT_TRUE(slot_table.is_free(old));
  slot_table.start(3);
  EXPECT_EQ(slot_table.slot(key("b", "v7"), {4, 0}), old);
  EXPECT_EQ(slot_table.key(old), key("b", "v7"));
  EXPECT_EQ(slot_table.since(old), 3U);
  EXPECT_FALSE(slot_table.is_free(old));
  EXPECT_EQ(slot_table.size(), 2U);
}

TEST(SlotTable, NeverHasMoreSlotsThanAShardHolds) {
  SlotTable slot_table;
  constexpr std::size_t kWanted = SlotTable::kMaxSlots + 1000;
  for (std::size_t i = 0; i < kWanted; ++i)
    ASSERT_LT(slot_table.slot(key("service-" + std::to_string(i), "v1")), SlotTable::kMaxSlots);
  EXPECT_EQ(slot_table.size(), SlotTable::kMaxSlots);
  EXPECT_EQ(slot_table.crowded(), kWanted - (SlotTable::kMaxSlots - 1));
}

TEST(SlotTable, WhenFullSharesTheOverflowSlotAmongThoseThatHaveNone) {
  SlotTable slot_table{3};
  const SlotId a = slot_table.slot(key("a", "v1"));
  slot_table.slot(key("b", "v1"));
  const SlotId c = slot_table.slot(key("c", "v1"));
  const SlotId d = slot_table.slot(key("d", "v1"));
  EXPECT_EQ(c, d);
  EXPECT_NE(c, a);
  EXPECT_EQ(slot_table.key(c), SlotTable::overflow_key());
  EXPECT_EQ(slot_table.crowded(), 2U);
  EXPECT_EQ(slot_table.size(), 3U);
  slot_table.start(2);
  slot_table.leave(c);
  slot_table.on_applied(2);
  EXPECT_FALSE(slot_table.is_left(c)) << "it is everybody's";
}

TEST(SlotTable, LetsNoGroupTakeTheWholeBookWithRequestsThatDoNotEnd) {
  SlotTable slot_table;
  for (std::uint64_t step = 0; step < SlotTable::kOfGroup; ++step)
    EXPECT_NE(slot_table.key(slot_table.slot(key("a", "v1"), {1, step})),
              SlotTable::overflow_key());
  EXPECT_EQ(slot_table.key(slot_table.slot(key("a", "v2"), {2, 0})), SlotTable::overflow_key());
  EXPECT_NE(slot_table.key(slot_table.slot(key("a", "v1", Colour::green))),
            SlotTable::overflow_key());
  EXPECT_NE(slot_table.key(slot_table.slot(key("b", "v1"))), SlotTable::overflow_key());
  EXPECT_LT(slot_table.size(), SlotTable::kOfGroup + 4);
}

TEST(SlotTable, TakesAGroupOutOfTheOverflowOnceASlotIsFree) {
  SlotTable slot_table{3};
  const SlotId gone = slot_table.slot(key("gone", "v1"));
  slot_table.slot(key("b", "v1"));
  EXPECT_EQ(slot_table.key(slot_table.slot(key("c", "v1"))), SlotTable::overflow_key());
  slot_table.start(2);
  slot_table.leave(gone);
  slot_table.on_applied(2);
  slot_table.free(gone);
  EXPECT_EQ(slot_table.slot(key("c", "v1")), gone);
}

}  // namespace
}  // namespace teal::proxy
