// Snapshots by another thread while the store is written and its journal begins anew.
#include "control/sqlite/snapshot.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/new_file.h"
#include "control/sqlite/store_image.h"
#include "tests/support/store_files.h"

namespace teal::control {
namespace {

Batch event(std::uint64_t sequence) {
  Batch batch;
  batch.events.push_back({1, sequence, Age{0}, WallTime{Millis{1}}, std::string(1500, 'x')});
  batch.may_be_lost = true;
  return batch;
}

/// How many events it has, which are those from the first on.
std::uint64_t events_of(const Snapshot& snapshot, const std::string& path) {
  Result<NewFile> file = NewFile::create(path);
  EXPECT_TRUE(file);
  const Result<std::string> bytes = snapshot.read(0, snapshot.size());
  EXPECT_TRUE(bytes && file->write(*bytes) && file->publish(NewFile::IfThere::replace));
  const Result<std::unique_ptr<Store>> store = open_sqlite_store(path);
  EXPECT_TRUE(store) << store.error();
  const Result<Contents> contents = (*store)->load();
  EXPECT_TRUE(contents);
  std::uint64_t next = 1;
  for (const EventRow& row : contents->events) EXPECT_EQ(row.sequence, next++);
  return contents->events.size();
}

TEST(SnapshotsMeanwhile, AreOfOneMomentHoweverTheStoreIsWritten) {
  StoreFiles files;
  const std::unique_ptr<Store> store = files.open();
  const std::atomic<bool> never = false;
  std::uint64_t last = 0;
  for (int round = 0; round < 8; ++round) {
    // Of all lengths of the journal, from none to one that is folded into the file.
    for (int i = 0; i < 90; ++i) ASSERT_TRUE(store->commit(event(++last)));
    const std::uint64_t before = last;
    const auto source = store->begin_snapshot();
    ASSERT_TRUE(source) << source.error();
    std::atomic<bool> is_made = false;
    std::shared_ptr<const Snapshot> made;
    std::string why;
    std::thread maker([&] {
      auto result = (*source)->make(never);
      if (result)
        made = *result;
      else
        why = result.error().message();
      is_made = true;
    });
    for (int i = 0; i < 400 && !is_made; ++i) EXPECT_TRUE(store->commit(event(++last)));
    maker.join();
    store->end_snapshot();
    ASSERT_NE(made, nullptr) << why;
    const std::uint64_t events = events_of(*made, files.path("copy" + std::to_string(round)));
    EXPECT_GE(events, before);
    EXPECT_LE(events, last);
  }
}

}  // namespace
}  // namespace teal::control
