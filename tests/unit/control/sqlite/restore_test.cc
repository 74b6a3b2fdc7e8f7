// What `teal state` does with files: looking at a store, and putting a backup in its place. What
// another process does is done by one.
#include "control/sqlite/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/new_file.h"
#include "control/sqlite/sqlite_lock.h"
#include "control/sqlite/sqlite_schema.h"
#include "tests/support/store_files.h"

namespace teal::control {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr WallTime kNow{Millis{1'764'505'124'000}};  // 2025-11-30 12:18:44

Batch numbered(DeploymentNumber number, std::uint64_t events) {
  Batch batch;
  batch.deployments.push_back({number, "shop", WallTime{Millis{5}}, "{}"});
  for (std::uint64_t i = 1; i <= events; ++i)
    batch.events.push_back({number, i, Age{0}, WallTime{Millis{7000}}, "{}"});
  batch.services.push_back({"shop", "{}"});
  batch.secrets.push_back({"sticky", "secret", WallTime{Millis{6}}});
  return batch;
}

class Stores : public ::testing::Test {
 protected:
  /// In a process of its own, which ends as if it was killed: a journal stays beside the file.
  static int elsewhere(const std::function<bool()>& what) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(what() ? 0 : 1);
    int how = -1;
    EXPECT_EQ(::waitpid(child, &how, 0), child);
    return how;
  }
  void make(const std::string& name, DeploymentNumber number, std::uint64_t events) {
    ASSERT_EQ(elsewhere([&] {
                Store* const store = files_.open(name).release();  // Never closed.
                return store->commit(numbered(number, events)).has_value();
              }),
              0);
  }
  void make_backup(const std::string& name, DeploymentNumber number, std::uint64_t events) {
    make("tmp", number, events);
    const Result<StoreImage> image = StoreImage::of_file(files_.path("tmp"));
    ASSERT_TRUE(image) << image.error();
    Result<NewFile> file = NewFile::create(files_.path(name));
    ASSERT_TRUE(file->write(image->bytes()) && file->publish(NewFile::IfThere::replace));
    for (const char* each : {"tmp", "tmp-wal"}) fs::remove(files_.path(each));
  }
  Result<StoreSummary> look(const std::string& name) const {
    const Result<StoreImage> image = StoreImage::of_file(files_.path(name));
    if (!image) return image.error();
    return image->check();
  }
  std::string why_not(const std::string& name) const {
    const Result<StoreSummary> summary = look(name);
    return summary ? std::string() : summary.error().message();
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& [name, file] : files_.all()) found.push_back(name);
    return found;
  }
  Result<Restored> restore() { return restore_store(files_.path("b"), files_.path(), kNow); }
  DeploymentNumber restored_deployment() {
    const auto store = files_.open();
    const Result<Contents> contents = store->load();
    return contents && contents->deployments.size() == 1 ? contents->deployments[0].number : 0;
  }

  StoreFiles files_;
};

TEST_F(Stores, AreLookedAtWithTheirJournalAndLeftAsTheyAre) {
  make("teal.db", 1, 3);
  const auto before = files_.all();
  ASSERT_GT(before.at("teal.db-wal").second.size(), 0U);
  const Result<StoreSummary> summary = look("teal.db");
  ASSERT_TRUE(summary) << summary.error();
  EXPECT_EQ(summary->version, kSchemaVersion);
  EXPECT_EQ(summary->deployments, 1U);
  EXPECT_EQ(summary->events, 3U);
  EXPECT_EQ(summary->services, 1U);
  EXPECT_EQ(summary->last_change, WallTime{Millis{7000}});
  EXPECT_EQ(summary->id.size(), 8U);
  EXPECT_EQ(files_.all(), before);
}

TEST_F(Stores, OfEachEarlierVersionAreLookedAt) {
  for (int version = 1; version <= 4; ++version) {
    SCOPED_TRACE(version);
    const std::string name = "v" + std::to_string(version);
    std::ifstream in(std::string(TEAL_SOURCE_DIR) + "/tests/support/stores/version_" +
                     std::to_string(version) + ".sql");
    files_.execute({std::istreambuf_iterator<char>(in), {}}, name);
    const Result<StoreSummary> summary = look(name);
    ASSERT_TRUE(summary) << summary.error();
    EXPECT_EQ(summary->version, version);
    EXPECT_GT(summary->deployments, 0U);
    fs::remove(files_.path("b"));
    fs::copy_file(files_.path(name), files_.path("b"));
    fs::remove(files_.path());
    const Result<Restored> restored = restore();
    ASSERT_TRUE(restored) << restored.error();
    EXPECT_NE(files_.open(), nullptr);
  }
}

TEST_F(Stores, ThatAreNoneAreToldApart) {
  std::ofstream(files_.path("text")) << "dear diary";
  std::ofstream(files_.path("empty")) << "";
  files_.execute("CREATE TABLE t(x)", "foreign");
  files_.execute("PRAGMA application_id=1413824844; PRAGMA user_version=99", "newer");
  make_backup("short", 1, 500);
  fs::resize_file(files_.path("short"), fs::file_size(files_.path("short")) / 2);
  make_backup("torn", 1, 500);
  {
    std::fstream file(files_.path("torn"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(9000);
    file << std::string(20'000, '\x5a');
  }
  EXPECT_THAT(why_not("none"), HasSubstr("No such file"));
  EXPECT_THAT(why_not("."), HasSubstr("is a directory"));
  for (const char* each : {"text", "empty", "foreign"})
    EXPECT_THAT(why_not(each), HasSubstr("is not a store of Teal")) << each;
  EXPECT_THAT(why_not("newer"), HasSubstr("written by a newer Teal (schema 99"));
  EXPECT_THAT(why_not("short"), HasSubstr("was cut short"));
  make_backup("long", 1, 3);
  std::ofstream(files_.path("long"), std::ios::app) << std::string(4096, '\0');
  EXPECT_THAT(why_not("long"), HasSubstr("4096 bytes more than its header says"));
  EXPECT_THAT(why_not("torn"), HasSubstr("damaged"));
}

TEST_F(Stores, InUseAreNotLookedAtAndSaidByWhom) {
  make("teal.db", 1, 1);
  int ready[2];
  int over[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(over), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(over[1]);
    const auto store = files_.open();
    char byte = store ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    const ssize_t ended = ::read(over[0], &byte, 1);
    ::_exit(ended == 0 ? 0 : 1);
  }
  ::close(over[0]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const std::string who = "in use by process " + std::to_string(child);
  EXPECT_THAT(why_not("teal.db"), HasSubstr(who));
  make_backup("b", 2, 1);
  const auto before = files_.all();
  const Result<Restored> restored = restore();
  ASSERT_FALSE(restored);
  EXPECT_THAT(restored.error().message(), HasSubstr(who));
  EXPECT_THAT(restored.error().message(), HasSubstr("stop that Teal"));
  EXPECT_EQ(files_.all(), before);
  ::close(over[1]);
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  ::close(over[0]);
}

TEST_F(Stores, AreRestoredWhereThereWasNone) {
  make_backup("b", 7, 2);
  const Result<Restored> restored = restore();
  ASSERT_TRUE(restored) << restored.error();
  EXPECT_EQ(restored->kept, "");
  EXPECT_EQ(restored->summary.events, 2U);
  EXPECT_EQ(files_.all().at("teal.db").first & 0777U, 0600U);
  EXPECT_THAT(names(), UnorderedElementsAre("b", "teal.db"));
  EXPECT_EQ(restored_deployment(), 7U);
}

TEST_F(Stores, ThatAreReplacedAreKeptWithAllThatWasInTheirJournal) {
  make("teal.db", 1, 3);
  make_backup("b", 7, 2);
  const Result<Restored> restored = restore();
  ASSERT_TRUE(restored) << restored.error();
  EXPECT_EQ(restored->kept, files_.path("teal.db.replaced-20251130T121844Z"));
  EXPECT_THAT(names(), UnorderedElementsAre("b", "teal.db", "teal.db.replaced-20251130T121844Z"));
  EXPECT_EQ(restored_deployment(), 7U);
  const Result<StoreSummary> kept = look("teal.db.replaced-20251130T121844Z");
  ASSERT_TRUE(kept) << kept.error();
  EXPECT_EQ(kept->events, 3U);
}

TEST_F(Stores, ThatAreReplacedTwiceAreBothKept) {
  make("teal.db", 1, 3);
  make_backup("b", 7, 2);
  const Result<Restored> first = restore();
  const Result<Restored> second = restore();
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->kept, second->kept);
  EXPECT_TRUE(fs::exists(first->kept));
  EXPECT_TRUE(fs::exists(second->kept));
}

TEST_F(Stores, ThatAreDamagedAreKeptWithTheirJournal) {
  ASSERT_NE(files_.open(), nullptr);  // Closed: the file says by itself whose it is.
  make("teal.db", 1, 3);
  {
    std::fstream file(files_.path("teal.db-wal"), std::ios::in | std::ios::out | std::ios::binary);
    file << std::string(10'000, '\x5a');
  }
  {
    std::fstream file(files_.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(200);
    file << std::string(3000, '\x5a');
  }
  make_backup("b", 7, 2);
  const Result<Restored> restored = restore();
  ASSERT_TRUE(restored) << restored.error();
  EXPECT_TRUE(fs::exists(restored->kept));
  EXPECT_FALSE(fs::exists(files_.path("teal.db-wal"))) << "it would be taken for the new one's";
  EXPECT_EQ(restored_deployment(), 7U);
}

TEST_F(Stores, AreNotRestoredBesideAnothersJournal) {
  make("teal.db", 1, 3);
  fs::remove(files_.path());
  make_backup("b", 7, 2);
  const Result<Restored> restored = restore();
  ASSERT_TRUE(restored) << restored.error();
  EXPECT_EQ(restored_deployment(), 7U);
}

TEST_F(Stores, BehindALinkHaveTheirJournalWhereTheyReallyAre) {
  fs::create_directory(files_.path("disk"));
  fs::create_symlink("disk/real.db", files_.path());  // Leads to nothing yet.
  make("teal.db", 1, 3);
  ASSERT_TRUE(fs::exists(files_.path("disk/real.db-wal")));
  const Result<StoreSummary> summary = look("teal.db");
  ASSERT_TRUE(summary) << summary.error();
  EXPECT_EQ(summary->events, 3U) << "they are in the journal";
  make_backup("b", 7, 2);
  const Result<Restored> restored = restore();
  ASSERT_TRUE(restored) << restored.error();
  EXPECT_EQ(restored->store, files_.path("disk/real.db"));
  EXPECT_EQ(restored->kept, files_.path("disk/real.db.replaced-20251130T121844Z"));
  EXPECT_TRUE(fs::is_symlink(files_.path()));
  EXPECT_EQ(restored_deployment(), 7U) << "and nothing of the old one's journal";
  const Result<StoreSummary> kept = look("disk/real.db.replaced-20251130T121844Z");
  ASSERT_TRUE(kept) << kept.error();
  EXPECT_EQ(kept->events, 3U);
}

TEST_F(Stores, WithoutALogAreNotReadWithAnothers) {
  make("teal.db", 1, 3);
  make_backup("b", 7, 2);
  fs::copy_file(files_.path("teal.db-wal"), files_.path("b-wal"));
  const Result<StoreSummary> summary = look("b");
  ASSERT_TRUE(summary) << summary.error();
  EXPECT_EQ(summary->events, 2U);
  ASSERT_TRUE(restore());
  EXPECT_EQ(restored_deployment(), 7U);
}

TEST_F(Stores, ThatAreMixedWithAnothersJournalAreNotReplaced) {
  make("other", 1, 3);
  make_backup("b", 7, 2);
  fs::copy_file(files_.path("b"), files_.path());
  fs::copy_file(files_.path("other-wal"), files_.path("teal.db-wal"));
  const auto before = files_.all();
  const Result<Restored> restored = restore();
  ASSERT_FALSE(restored);
  EXPECT_THAT(restored.error().message(), HasSubstr("move " + files_.path() + "-wal away"));
  EXPECT_EQ(files_.all(), before);
}

TEST_F(Stores, ThatCannotBeFoldedForWantOfRoomStayAsTheyAre) {
  make_backup("b", 7, 2);
  make("teal.db", 1, 3000);
  ASSERT_GT(fs::file_size(files_.path("teal.db-wal")), fs::file_size(files_.path()));
  const auto before = files_.all();
  // The backup may be written; what is in the journal is more than a file may hold.
  EXPECT_EQ(elsewhere([&] {
              std::signal(SIGXFSZ, SIG_IGN);
              const auto most = static_cast<rlim_t>(fs::file_size(files_.path("b")));
              const rlimit limit{most, most};
              if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
              const Result<Restored> restored = restore();
              return !restored &&
                     restored.error().message().find("make room on its disk") != std::string::npos;
            }),
            0);
  for (const char* name : {"teal.db-wal", "b"}) EXPECT_EQ(files_.all().at(name), before.at(name));
  EXPECT_THAT(names(), UnorderedElementsAre("b", "teal.db", "teal.db-wal"));
  const Result<StoreSummary> still = look("teal.db");
  ASSERT_TRUE(still) << still.error();
  EXPECT_EQ(still->events, 3000U);
}

TEST_F(Stores, TakeNoPlaceButThatOfAFile) {
  make_backup("b", 7, 2);
  ASSERT_EQ(::mkfifo(files_.path().c_str(), 0600), 0);
  const Result<Restored> restored = restore();
  ASSERT_FALSE(restored);
  EXPECT_THAT(restored.error().message(), HasSubstr("is a named pipe"));
  EXPECT_TRUE(fs::is_fifo(files_.path()));
}

TEST_F(Stores, HaveAnIdOfTheirOwnOnceRestored) {
  make_backup("b", 7, 2);
  const Result<Restored> restored = restore();
  ASSERT_TRUE(restored) << restored.error();
  const Result<StoreSummary> now = look("teal.db");
  ASSERT_TRUE(now) << now.error();
  EXPECT_EQ(now->id.size(), 8U);
  EXPECT_NE(now->id, restored->summary.id) << "its numbers of events come again";
  StoreSummary same = *now;
  same.id = restored->summary.id;
  EXPECT_EQ(same, restored->summary);
}

TEST_F(Stores, StayAsTheyAreWhereTheBackupIsNoGood) {
  make("teal.db", 1, 3);
  files_.execute("PRAGMA application_id=1413824844; PRAGMA user_version=99", "b");
  const auto before = files_.all();
  const Result<Restored> newer = restore();
  ASSERT_FALSE(newer);
  EXPECT_THAT(newer.error().message(), HasSubstr("use that Teal"));
  EXPECT_EQ(files_.all(), before);
  const Result<Restored> itself = restore_store(files_.path(), files_.path(), kNow);
  ASSERT_FALSE(itself);
  EXPECT_THAT(itself.error().message(), HasSubstr("that very store"));
  EXPECT_EQ(files_.all(), before);
}

TEST_F(Stores, TakeNoOtherProgramsPlace) {
  files_.execute("CREATE TABLE t(x)");
  make_backup("b", 7, 2);
  const auto before = files_.all();
  const Result<Restored> restored = restore();
  ASSERT_FALSE(restored);
  EXPECT_THAT(restored.error().message(), HasSubstr("is not a store of Teal"));
  EXPECT_EQ(files_.all(), before);
}

}  // namespace
}  // namespace teal::control
