#include "control/store/pending_writes.h"

#include <gtest/gtest.h>

#include "tests/support/control_fakes.h"

namespace teal::control {
namespace {

class LedgerTest : public testing::Test {
 protected:
  std::shared_ptr<Disk> disk = std::make_shared<Disk>();
  std::vector<bool> changes;
  PendingWrites writes{
      std::make_unique<MemoryStore>(disk),
      [this](bool is_healthy, const std::string&) { changes.push_back(is_healthy); }};
};

TEST_F(LedgerTest, KeepsWhatCouldNotBeWrittenAndTellsOfEveryChangeOnce) {
  disk->fails = true;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    writes.add(EventRow{1, i, Age{0}, {}, "e"});
    EXPECT_FALSE(writes.flush());
  }
  EXPECT_EQ(writes.failures(), 3U);
  disk->fails = false;
  EXPECT_TRUE(writes.flush());
  EXPECT_EQ(disk->events.size(), 3U);
  EXPECT_EQ(changes, (std::vector<bool>{false, true}));
}

TEST_F(LedgerTest, EndsAJournalEarlyRatherThanLeaveAGapInIt) {
  disk->fails = true;
  const std::uint64_t too_many = PendingWrites::kMaxUnsavedEvents + 5;
  for (std::uint64_t i = 1; i <= too_many; ++i) writes.add(EventRow{1, i, Age{0}, {}, "e"});
  EXPECT_EQ(writes.unsaved_events(), PendingWrites::kMaxUnsavedEvents);
  EXPECT_EQ(writes.dropped(), 5U);
  disk->fails = false;
  EXPECT_TRUE(writes.flush());
  writes.add(EventRow{1, too_many + 1, Age{0}, {}, "e"});
  writes.add(EventRow{2, 1, Age{0}, {}, "e"});
  EXPECT_TRUE(writes.flush());
  EXPECT_EQ(disk->events.size(), PendingWrites::kMaxUnsavedEvents + 1)
      << "only the other deployment's";
}

TEST_F(LedgerTest, WritesOnlyTheNewestStateOfAService) {
  disk->fails = true;
  for (const char* state : {"a", "b", "c"}) {
    writes.set(ServiceRow{"shop", state});
    writes.flush();
  }
  disk->fails = false;
  writes.flush();
  EXPECT_EQ(disk->services.at("shop").state, "c");
}

}  // namespace
}  // namespace teal::control
