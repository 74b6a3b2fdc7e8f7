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
  SlotTable book;
  std::set<SlotId> slots;
  for (int round = 0; round < 2; ++round)
    for (const char* name : {"a", "b"})
      for (const char* revision : {"v1", "v2"})
        for (const Colour colour : kColours)
          for (const Audience audience : {Audience::split, Audience::preview})
            slots.insert(book.slot(key(name, revision, colour, audience)));
  EXPECT_EQ(slots.size(), 16U);
  EXPECT_EQ(book.size(), 16U);
  const SlotId slot = book.slot(key("b", "v1", Colour::green));
  EXPECT_EQ(book.key(slot), key("b", "v1", Colour::green));
}

TEST(SlotTable, GivesEachStageOfAStreamASlotOfItsOwn) {
  SlotTable book;
  const SlotId before = book.slot(key("a", "v1"));
  const SlotId first = book.slot(key("a", "v1"), {1, 0});
  const SlotId second = book.slot(key("a", "v1"), {1, 2});
  const SlotId retry = book.slot(key("a", "v1"), {2, 0});
  EXPECT_EQ((std::set<SlotId>{before, first, second, retry}).size(), 4U);
  EXPECT_EQ(book.stage(second), (Stage{1, 2}));
  std::set<SlotId> found;
  book.slot(key("a", "v2"), {2, 0});
  book.each_of(key("a", "v1"), [&](Stage /*stage*/, SlotId slot) { found.insert(slot); });
  EXPECT_EQ(found, (std::set<SlotId>{before, first, second, retry}));
}

TEST(SlotTable, LetsGoOfASlotOnceNoWorkerHasATableWithIt) {
  SlotTable book;
  book.start_table(1);
  const SlotId old = book.slot(key("a", "v1"), {1, 0});
  book.on_applied(1);
  EXPECT_FALSE(book.is_left(old)) << "every worker has it";
  book.start_table(2);
  book.slot(key("a", "v1"), {1, 2});
  EXPECT_FALSE(book.is_left(old)) << "some workers may still run on the table before";
  book.on_applied(2);
  EXPECT_TRUE(book.is_left(old));
}

TEST(SlotTable, GivesAFreedSlotToTheNextStageAndSaysSinceWhen) {
  SlotTable book;
  book.start_table(1);
  const SlotId old = book.slot(key("a", "v1"), {1, 0});
  book.start_table(2);
  book.slot(key("a", "v1"), {1, 2});
  book.on_applied(2);
  book.free(old);
  EXPECT_TRUE(book.is_free(old));
  book.start_table(3);
  EXPECT_EQ(book.slot(key("b", "v7"), {4, 0}), old);
  EXPECT_EQ(book.key(old), key("b", "v7"));
  EXPECT_EQ(book.since(old), 3U);
  EXPECT_FALSE(book.is_free(old));
  EXPECT_EQ(book.size(), 2U);
}

TEST(SlotTable, NeverHasMoreSlotsThanAShardHolds) {
  SlotTable book;
  for (int i = 0; i < 5000; ++i)
    ASSERT_LT(book.slot(key("service-" + std::to_string(i), "v1")), SlotTable::kMaxSlots);
  EXPECT_EQ(book.size(), SlotTable::kMaxSlots);
  EXPECT_EQ(book.crowded(), 5000U - (SlotTable::kMaxSlots - 1));
}

TEST(SlotTable, WhenFullSharesTheOverflowSlotAmongThoseThatHaveNone) {
  SlotTable book{3};
  const SlotId a = book.slot(key("a", "v1"));
  book.slot(key("b", "v1"));
  const SlotId c = book.slot(key("c", "v1"));
  const SlotId d = book.slot(key("d", "v1"));
  EXPECT_EQ(c, d);
  EXPECT_NE(c, a);
  EXPECT_EQ(book.key(c), SlotTable::overflow_key());
  EXPECT_EQ(book.crowded(), 2U);
  EXPECT_EQ(book.size(), 3U);
  book.start_table(2);
  book.on_applied(2);
  EXPECT_FALSE(book.is_left(c)) << "it is everybody's";
}

TEST(SlotTable, LetsNoGroupTakeTheWholeBookWithRequestsThatDoNotEnd) {
  SlotTable book;
  for (std::uint64_t step = 0; step < SlotTable::kOfGroup; ++step)
    EXPECT_NE(book.key(book.slot(key("a", "v1"), {1, step})), SlotTable::overflow_key());
  EXPECT_EQ(book.key(book.slot(key("a", "v2"), {2, 0})), SlotTable::overflow_key());
  EXPECT_NE(book.key(book.slot(key("a", "v1", Colour::green))), SlotTable::overflow_key());
  EXPECT_NE(book.key(book.slot(key("b", "v1"))), SlotTable::overflow_key());
  EXPECT_LT(book.size(), SlotTable::kOfGroup + 4);
}

TEST(SlotTable, TakesAGroupOutOfTheOverflowOnceASlotIsFree) {
  SlotTable book{3};
  const SlotId gone = book.slot(key("gone", "v1"));
  book.slot(key("b", "v1"));
  EXPECT_EQ(book.key(book.slot(key("c", "v1"))), SlotTable::overflow_key());
  book.start_table(2);
  book.slot(key("b", "v1"));
  book.on_applied(2);
  book.free(gone);
  EXPECT_EQ(book.slot(key("c", "v1")), gone);
}

}  // namespace
}  // namespace teal::proxy
