// Whose file it is is seen before it is touched, and whether it is there still while it is written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/store_files.h"

namespace teal::control {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Batch one_service() {
  Batch batch;
  batch.services = {{"shop", "{}"}};
  return batch;
}

class LookAtStore : public testing::Test {
 protected:
  void expect_untouched(const char* why) {
    for (const char* suffix : {"", "-wal"})
      if (fs::exists(files_.path() + suffix)) ::chmod((files_.path() + suffix).c_str(), 0644);
    const auto before = files_.all();
    EXPECT_THAT(files_.refusal(), HasSubstr(why));
    EXPECT_THAT(files_.refusal(), HasSubstr(files_.path()));
    EXPECT_EQ(files_.all(), before);
  }
  /// A copy of both files as a crash leaves them: the journal is not folded in.
  void crash(const std::string& from) {
    fs::copy_file(files_.path(from), files_.path());
    fs::copy_file(files_.path(from) + "-wal", files_.path() + "-wal");
  }

  StoreFiles files_;
};

TEST_F(LookAtStore, LeavesTheDatabaseOfAnotherProgramAsItWas) {
  files_.execute("CREATE TABLE cookies(a); PRAGMA application_id = 7;");
  expect_untouched("belongs to another program");
}

TEST_F(LookAtStore, LeavesADatabaseThatDoesNotSayWhoseItIsAsItWas) {
  files_.execute("CREATE TABLE cookies(a); INSERT INTO cookies VALUES(1);");
  expect_untouched("belongs to another program");
}

TEST_F(LookAtStore, LeavesADatabaseWhoseTablesAreInItsJournalStillAsItWas) {
  sqlite3* open = nullptr;
  ASSERT_EQ(sqlite3_open(files_.path("other").c_str(), &open), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(open, "PRAGMA journal_mode=WAL; CREATE TABLE cookies(a);", nullptr,
                         nullptr, nullptr),
            SQLITE_OK);
  crash("other");
  sqlite3_close(open);
  expect_untouched("belongs to another program");
}

TEST_F(LookAtStore, LeavesWhatIsNoDatabaseAsItWas) {
  std::ofstream(files_.path()) << "a letter to a friend";
  expect_untouched("is not a store of Teal");
}

TEST_F(LookAtStore, LeavesTheStoreOfANewerTealAsItWas) {
  files_.open();
  files_.execute("PRAGMA user_version = 99");
  expect_untouched(
      "was written by a newer Teal (version 99, this one knows 5); nothing was "
      "changed: start that Teal, or move the file away to begin anew");
}

TEST_F(LookAtStore, OpensAStoreThatWasKilledBeforeItsJournalWasFoldedIn) {
  {
    const std::unique_ptr<Store> first = files_.open("first");
    ASSERT_TRUE(first->commit(one_service()));
    crash("first");
  }
  const std::unique_ptr<Store> store = files_.open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->load()->services.size(), 1U);
}

TEST_F(LookAtStore, LeavesACopyOfABackupBesideAnothersJournalAsItWas) {
  const std::unique_ptr<Store> other = files_.open("other");
  ASSERT_TRUE(other->commit(one_service()));
  files_.open("backup");
  files_.execute("PRAGMA journal_mode=DELETE", "backup");  // Written without a log.
  fs::copy_file(files_.path("backup"), files_.path());
  fs::copy_file(files_.path("other") + "-wal", files_.path() + "-wal");
  expect_untouched("-wal beside it; move");
  fs::remove(files_.path() + "-wal");
  EXPECT_NE(files_.open(), nullptr);
}

TEST_F(LookAtStore, FillsAnEmptyFileAndAnEmptyDatabase) {
  std::ofstream(files_.path("empty")) << "";
  EXPECT_NE(files_.open("empty"), nullptr);
  files_.execute("CREATE TABLE a(b); DROP TABLE a;", "dropped");
  EXPECT_NE(files_.open("dropped"), nullptr);
}

TEST_F(LookAtStore, HasAnIdOfItsOwnForItsWholeLife) {
  const std::string id = files_.open()->load()->id;
  EXPECT_EQ(id.size(), 8U);
  EXPECT_EQ(files_.open()->load()->id, id);
  EXPECT_NE(files_.open("other")->load()->id, id);
}

TEST_F(LookAtStore, RemembersHowManyNumbersOfEventsAreSpokenFor) {
  {
    const std::unique_ptr<Store> store = files_.open();
    EXPECT_EQ(store->load()->reserved_events, 0U);
    Batch batch;
    batch.reserved_events = 1000;
    ASSERT_TRUE(store->commit(batch));
  }
  EXPECT_EQ(files_.open()->load()->reserved_events, 1000U);
}

// ---- while it runs ------------------------------------------------------------------------------

class StoreThatIsTakenAway : public LookAtStore {
 protected:
  StoreThatIsTakenAway() : store_(files_.open()) { EXPECT_TRUE(store_->commit(one_service())); }

  void expect_failing(const std::string& file) {
    const Result<void> seen = store_->check();
    ASSERT_FALSE(seen);
    EXPECT_THAT(seen.error().message(),
                HasSubstr("the file " + file + " of the store was removed"));
    EXPECT_FALSE(store_->commit(one_service())) << "what is written there nobody finds";
  }

  std::unique_ptr<Store> store_;
};

TEST_F(StoreThatIsTakenAway, FailsUntilItIsPutBack) {
  EXPECT_TRUE(store_->check());
  fs::rename(files_.path(), files_.path("aside"));
  expect_failing(files_.path());
  fs::rename(files_.path("aside"), files_.path());
  EXPECT_TRUE(store_->check());
  EXPECT_TRUE(store_->commit(one_service()));
}

TEST_F(StoreThatIsTakenAway, FailsWhereAnotherFileStandsInItsPlace) {
  fs::rename(files_.path(), files_.path("aside"));
  fs::copy_file(files_.path("aside"), files_.path());
  expect_failing(files_.path());
}

TEST_F(StoreThatIsTakenAway, DoesNotAdviseARestartThatWouldLoseIt) {
  fs::rename(files_.path(), files_.path("aside"));
  EXPECT_THAT(
      store_->check().error().message(),
      HasSubstr("move that very file back; a restart would begin without any earlier state"));
  fs::copy_file(files_.path("aside"), files_.path());
  EXPECT_THAT(store_->check().error().message(),
              HasSubstr("or restart Teal to go on with what is there now"));
}

TEST_F(StoreThatIsTakenAway, FailsWithoutItsJournal) {
  fs::remove(files_.path() + "-wal");
  expect_failing(files_.path() + "-wal");
}

}  // namespace
}  // namespace teal::control
