#include <set>

#include <gtest/gtest.h>

#include "proxy/route_table.h"

namespace teal::proxy {
namespace {

TrafficKey key(const std::string& service, const std::string& revision,
               Colour colour = Colour::blue, Audience audience = Audience::split) {
  return {service, colour, revision, audience};
}

TEST(SlotBook, GivesOneSlotPerKeyAndAlwaysTheSame) {
  SlotBook book;
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
  EXPECT_EQ(book.generation(slot), 0U);
}

TEST(SlotBook, ReusesTheSlotOfTheRevisionThatWasNotUsedForLongest) {
  SlotBook book;
  std::vector<SlotId> slots;
  for (int i = 0; i < 8; ++i) slots.push_back(book.slot(key("a", "v" + std::to_string(i))));
  EXPECT_EQ(book.slot(key("a", "v0")), slots[0]);  // Used again: now v1 is the oldest.
  EXPECT_EQ(book.slot(key("a", "v8")), slots[1]);
  EXPECT_EQ(book.key(slots[1]), key("a", "v8"));
  EXPECT_EQ(book.generation(slots[1]), 1U);
  EXPECT_EQ(book.generation(slots[0]), 0U);
  EXPECT_EQ(book.size(), 8U);
}

TEST(SlotBook, GivesAForgottenRevisionASlotAnew) {
  SlotBook book;
  for (int i = 0; i < 9; ++i) book.slot(key("a", "v" + std::to_string(i)));
  const SlotId again = book.slot(key("a", "v0"));
  EXPECT_EQ(book.key(again), key("a", "v0"));
  EXPECT_EQ(book.generation(again), 1U);
  EXPECT_EQ(book.size(), 8U);
}

TEST(SlotBook, CountsRevisionsOfEachGroupApart) {
  SlotBook book;
  for (int i = 0; i < 8; ++i) {
    book.slot(key("a", "v" + std::to_string(i)));
    book.slot(key("a", "v" + std::to_string(i), Colour::green));
    book.slot(key("a", "v" + std::to_string(i), Colour::blue, Audience::preview));
  }
  EXPECT_EQ(book.size(), 24U);
  for (SlotId slot = 0; slot < 24; ++slot) EXPECT_EQ(book.generation(slot), 0U);
}

TEST(SlotBook, NeverHasMoreSlotsThanAShardHolds) {
  SlotBook book;
  for (int i = 0; i < 5000; ++i)
    ASSERT_LT(book.slot(key("service-" + std::to_string(i), "v1")), SlotBook::kMaxSlots);
  EXPECT_EQ(book.size(), SlotBook::kMaxSlots);
  EXPECT_EQ(book.crowded(), 5000U - (SlotBook::kMaxSlots - 1));
}

TEST(SlotBook, WhenFullTakesASlotThatNoTableHasUsedLately) {
  SlotBook book{4};
  const SlotId gone = book.slot(key("gone", "v1"));
  book.slot(key("a", "v1"));
  book.slot(key("b", "v1"));
  for (int table = 0; table < 2; ++table) {
    book.start_table();
    book.slot(key("a", "v1"));
    book.slot(key("b", "v1"));
  }
  EXPECT_EQ(book.slot(key("c", "v1")), gone);
  EXPECT_EQ(book.generation(gone), 1U);
  EXPECT_EQ(book.crowded(), 0U);
}

TEST(SlotBook, WhenFullDoesNotTakeWhatTheLastTableUses) {
  SlotBook book{4};
  const SlotId a = book.slot(key("a", "v1"));
  const SlotId b = book.slot(key("b", "v1"));
  const SlotId c = book.slot(key("c", "v1"));
  book.start_table();
  // b and c have not been asked for yet, but the running table has them.
  EXPECT_EQ(book.slot(key("a", "v1")), a);
  const SlotId extra = book.slot(key("d", "v1"));
  EXPECT_NE(extra, b);
  EXPECT_NE(extra, c);
  EXPECT_EQ(book.slot(key("b", "v1")), b);
  EXPECT_EQ(book.slot(key("c", "v1")), c);
}

TEST(SlotBook, WhenFullGivesANewRevisionTheOldestSlotOfItsOwnGroup) {
  SlotBook book{4};
  const SlotId first = book.slot(key("a", "v1"));
  book.slot(key("a", "v2"));
  book.slot(key("b", "v1"));
  EXPECT_EQ(book.slot(key("a", "v3")), first);
  EXPECT_EQ(book.key(first), key("a", "v3"));
  EXPECT_EQ(book.crowded(), 1U);
}

TEST(SlotBook, WhenFullSharesTheOverflowSlotAmongGroupsThatHaveNone) {
  SlotBook book{3};
  book.slot(key("a", "v1"));
  book.slot(key("b", "v1"));
  const SlotId c = book.slot(key("c", "v1"));
  const SlotId d = book.slot(key("d", "v1"));
  EXPECT_EQ(c, 2U);
  EXPECT_EQ(c, d);
  EXPECT_EQ(book.key(c), SlotBook::overflow_key());
  EXPECT_EQ(book.generation(c), 0U);
  EXPECT_EQ(book.crowded(), 2U);
  EXPECT_EQ(book.size(), 3U);
}

TEST(SlotBook, TakesAGroupOutOfTheOverflowOnceASlotIsIdle) {
  SlotBook book{3};
  book.slot(key("gone", "v1"));
  book.slot(key("b", "v1"));
  EXPECT_EQ(book.slot(key("c", "v1")), 2U);
  for (int table = 0; table < 2; ++table) {
    book.start_table();
    book.slot(key("b", "v1"));
  }
  const SlotId c = book.slot(key("c", "v1"));
  EXPECT_EQ(c, 0U);
  EXPECT_EQ(book.key(c), key("c", "v1"));
}

}  // namespace
}  // namespace teal::proxy
