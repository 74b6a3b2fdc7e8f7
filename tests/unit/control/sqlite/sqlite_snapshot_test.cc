// Snapshots of a store that is open and being written. What another thread does in the product is
// done in turn here, at each moment that matters.
#include "control/sqlite/sqlite_snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/new_file.h"
#include "control/sqlite/sqlite_lock.h"
#include "control/sqlite/store_image.h"
#include "tests/support/store_files.h"

namespace teal::control {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Batch event(std::uint64_t sequence, std::size_t bytes = 10) {
  Batch batch;
  if (sequence == 1) batch.deployments.push_back({1, "shop", WallTime{Millis{5}}, "{}"});
  batch.events.push_back({1, sequence, Age{static_cast<std::int64_t>(sequence)},
                          WallTime{Millis{1000 + static_cast<std::int64_t>(sequence)}},
                          std::string(bytes, 'x')});
  return batch;
}

class ASnapshot : public ::testing::Test {
 protected:
  ASnapshot() : store_(files_.open()) { EXPECT_TRUE(store_->commit(event(1))); }

  /// Into a file of its own, as a backup is.
  void write(const Snapshot& snapshot, const std::string& name) const {
    Result<NewFile> file = NewFile::create(files_.path(name));
    ASSERT_TRUE(file) << file.error();
    std::string text;
    for (std::uint64_t at = 0; at < snapshot.size(); at += 1000) {
      const Result<std::string> piece = snapshot.read(at, 1000);
      ASSERT_TRUE(piece) << piece.error();
      ASSERT_TRUE(file->write(*piece));
    }
    ASSERT_TRUE(file->publish(NewFile::IfThere::replace));
  }
  std::shared_ptr<const Snapshot> take() {
    const Result<std::unique_ptr<SnapshotSource>> source = store_->begin_snapshot();
    EXPECT_TRUE(source) << source.error();
    const auto made = (*source)->make(never_);
    EXPECT_TRUE(made) << made.error();
    store_->end_snapshot();
    return made ? *made : nullptr;
  }
  std::uint64_t events_of(const Snapshot& snapshot) const {
    write(snapshot, "copy");
    const Result<StoreImage> image = StoreImage::of_file(files_.path("copy"));
    EXPECT_TRUE(image) << image.error();
    const Result<StoreSummary> summary = image->check();
    EXPECT_TRUE(summary) << summary.error();
    return summary ? summary->events : 0;
  }
  std::string header_of_journal() const {
    return files_.all().at("teal.db-wal").second.substr(0, 32);
  }

  StoreFiles files_;
  std::unique_ptr<Store> store_;
  const std::atomic<bool> never_ = false;
};

TEST_F(ASnapshot, HasAllThatWasCommittedAndOpensElsewhere) {
  for (std::uint64_t i = 2; i <= 50; ++i) ASSERT_TRUE(store_->commit(event(i)));
  const auto snapshot = take();
  ASSERT_NE(snapshot, nullptr);
  write(*snapshot, "other.db");
  const std::unique_ptr<Store> other = files_.open("other.db");
  const Result<Contents> copied = other->load();
  const Result<Contents> original = store_->load();
  ASSERT_TRUE(copied && original);
  EXPECT_EQ(copied->events, original->events);
  EXPECT_EQ(copied->deployments, original->deployments);
  EXPECT_EQ(copied->id, original->id);
}

TEST_F(ASnapshot, OfAStoreBehindALinkHasWhatIsInItsJournal) {
  fs::create_directory(files_.path("disk"));
  fs::create_symlink("disk/real.db", files_.path("link.db"));
  store_ = files_.open("link.db");
  ASSERT_NE(store_, nullptr);
  for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(store_->commit(event(i)));
  const auto snapshot = take();
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(events_of(*snapshot), 5U);
  // A restart would begin elsewhere.
  fs::remove(files_.path("link.db"));
  fs::create_symlink("teal.db", files_.path("link.db"));
  EXPECT_FALSE(store_->check());
}

TEST_F(ASnapshot, LeavesNothingBesideTheStoreAndKeepsTheLock) {
  const auto snapshot = take();
  EXPECT_FALSE(fs::exists(files_.path("teal.db.snapshot")));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(who_uses_store(files_.path()).empty() ? 1 : 0);
  int how = -1;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  EXPECT_EQ(how, 0) << "another process could start on it";
  ASSERT_TRUE(store_->commit(event(2)));
  EXPECT_EQ(events_of(*snapshot), 1U) << "what comes later is not in it";
}

TEST_F(ASnapshot, IsWholeThoughMuchIsCommittedMeanwhile) {
  const auto source = store_->begin_snapshot();
  ASSERT_TRUE(source);
  const std::string before = files_.all().at("teal.db").second;
  for (std::uint64_t i = 2; i <= 200; ++i) ASSERT_TRUE(store_->commit(event(i, 20'000)));
  EXPECT_EQ(files_.all().at("teal.db").second, before) << "checkpoints rest";
  const auto made = (*source)->make(never_);
  ASSERT_TRUE(made) << made.error();
  store_->end_snapshot();
  EXPECT_EQ(events_of(**made), 200U);
  ASSERT_TRUE(store_->commit(event(201)));
  EXPECT_NE(files_.all().at("teal.db").second, before) << "and go on afterwards";
}

TEST_F(ASnapshot, IsOneThatACommitMadeHoweverTheJournalBeginsAnew) {
  // Folded into the file by itself after 1000 pages: the next commit begins the journal anew.
  std::uint64_t last = 1;
  const auto size = [&] { return fs::file_size(files_.path()); };
  for (const auto small = size(); size() == small;)
    ASSERT_TRUE(store_->commit(event(++last, 3000)));
  const auto source = store_->begin_snapshot();
  ASSERT_TRUE(source);
  const std::string before = header_of_journal();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(store_->commit(event(++last)));
  EXPECT_NE(header_of_journal(), before);
  const auto made = (*source)->make(never_);
  ASSERT_TRUE(made) << made.error();
  EXPECT_EQ(events_of(**made), last);
  store_->end_snapshot();
}

TEST_F(ASnapshot, IsGivenUpWhereNobodyWantsIt) {
  const auto source = store_->begin_snapshot();
  ASSERT_TRUE(source);
  const std::atomic<bool> given_up = true;
  const auto made = (*source)->make(given_up);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), HasSubstr("Teal ends"));
  EXPECT_FALSE(fs::exists(files_.path("teal.db.snapshot")));
  store_->end_snapshot();
}

TEST_F(ASnapshot, OfAKilledProcessIsCleanedUpByTheNext) {
  store_ = nullptr;
  fs::create_directory(files_.path("teal.db.snapshot"));
  files_.execute("CREATE TABLE half(x)", "teal.db.snapshot/copy");
  store_ = files_.open();
  EXPECT_FALSE(fs::exists(files_.path("teal.db.snapshot")));
}

TEST_F(ASnapshot, LeavesWhatOthersHaveUnderItsNameAsItIs) {
  const std::string place = files_.path("teal.db.snapshot");
  const auto is_refused = [&] {
    store_ = nullptr;
    store_ = files_.open();  // A start cleans up too.
    const auto source = store_->begin_snapshot();
    EXPECT_TRUE(source);
    const auto made = (*source)->make(never_);
    store_->end_snapshot();
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message(), HasSubstr(place + " is in the way"));
    EXPECT_THAT(made.error().message(), HasSubstr("move it away"));
  };
  fs::create_directories(place + "/photos");
  std::ofstream(place + "/copy") << "mine";
  is_refused();
  EXPECT_EQ(fs::file_size(place + "/copy"), 4U);
  fs::rename(place, files_.path("elsewhere"));
  fs::remove_all(files_.path("elsewhere/photos"));
  fs::create_directory_symlink("elsewhere", place);
  is_refused();
  EXPECT_EQ(fs::file_size(place + "/copy"), 4U);
  fs::remove(place);
  std::ofstream(place) << "a file";
  is_refused();
  EXPECT_EQ(fs::file_size(place), 6U);
}

TEST_F(ASnapshot, IsNotMadeOfADamagedStore) {
  for (std::uint64_t i = 2; i <= 100; ++i) ASSERT_TRUE(store_->commit(event(i, 3000)));
  store_ = nullptr;
  store_ = files_.open();
  {
    std::fstream file(files_.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(files_.path()) / 2));
    file << std::string(8192, '\x5a');
  }
  const auto source = store_->begin_snapshot();
  ASSERT_TRUE(source);
  const auto made = (*source)->make(never_);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), HasSubstr("damaged"));
  store_->end_snapshot();
}

TEST_F(ASnapshot, IsNotTakenOfAFileThatWasReplaced) {
  fs::rename(files_.path(), files_.path("away"));
  const auto source = store_->begin_snapshot();
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().message(), HasSubstr("removed or replaced"));
}

TEST_F(ASnapshot, OfAStoreInMemoryIsNone) {
  const auto memory = open_sqlite_store(":memory:");
  ASSERT_TRUE(memory);
  const auto source = (*memory)->begin_snapshot();
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().message(), HasSubstr("no snapshots"));
}

}  // namespace
}  // namespace teal::control
