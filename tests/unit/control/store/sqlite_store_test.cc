#include "control/store/sqlite_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "tests/support/remembered_log.h"

namespace teal::control {
namespace {

namespace fs = std::filesystem;

class SqliteStore : public testing::Test {
 protected:
  SqliteStore() {
    std::string pattern = (fs::temp_directory_path() / "teal-store-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = (directory_ / "teal.db").string();
  }
  ~SqliteStore() override { fs::remove_all(directory_); }

  std::unique_ptr<Store> open() {
    Result<std::unique_ptr<Store>> store = open_sqlite_store(path_);
    EXPECT_TRUE(store) << store.error();
    return std::move(*store);
  }
  std::string refusal() {
    const Result<std::unique_ptr<Store>> store = open_sqlite_store(path_);
    return store ? "" : store.error().message();
  }
  void execute(const char* sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }
  std::string bytes() {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  static Batch some_batch() {
    Batch batch;
    batch.deployments.push_back({1, "shop", WallTime{Millis{5}}, "{\"spec\":1}"});
    batch.events.push_back({1, 1, Age{0}, WallTime{Millis{6}}, "{\"event\":\"begin\"}"});
    batch.events.push_back({1, 2, Age{70}, WallTime{Millis{7}}, "{\"event\":\"wake\"}"});
    batch.clocks.push_back({1, Age{99}});
    batch.services.push_back({"shop", "{}"});
    batch.keys.push_back({"key", "digest", 1, WallTime{Millis{8}}});
    return batch;
  }

  fs::path directory_;
  std::string path_;
};

TEST_F(SqliteStore, GivesBackWhatWasCommittedAfterReopening) {
  const Batch batch = some_batch();
  ASSERT_TRUE(open()->commit(batch));
  const Result<Contents> contents = open()->load();
  ASSERT_TRUE(contents);
  EXPECT_EQ(contents->deployments, batch.deployments);
  EXPECT_EQ(contents->events, batch.events);
  EXPECT_EQ(contents->clocks, batch.clocks);
  EXPECT_EQ(contents->services, batch.services);
  EXPECT_EQ(contents->keys, batch.keys);
}

/// What the files may be used for by whom.
mode_t mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

TEST_F(SqliteStore, IsForItsOwnerAloneWhateverTheUmaskIs) {
  const mode_t before = ::umask(0);
  const auto store = open();
  ASSERT_TRUE(store->commit(some_batch()));
  ::umask(before);
  EXPECT_EQ(mode_of(path_), 0600U);
  EXPECT_EQ(mode_of(path_ + "-wal"), 0600U);
  for (const fs::directory_entry& each : fs::directory_iterator(directory_))
    EXPECT_EQ(mode_of(each.path()), 0600U) << each.path();
}

/// Does something as soon as it hears of permissions, which is before the store is locked.
class Meanwhile final : public Log {
 public:
  explicit Meanwhile(std::function<void()> what) : what_(std::move(what)) {}
  void write(Level /*level*/, std::string_view /*message*/,
             std::initializer_list<LogField> /*fields*/) override {
    what_();
  }

 private:
  std::function<void()> what_;
};

TEST_F(SqliteStore, DoesNotStartOnAFileThatWasReplacedMeanwhile) {
  ASSERT_TRUE(open()->commit(some_batch()));
  fs::copy_file(path_, path_ + ".other");
  ASSERT_EQ(::chmod(path_.c_str(), 0664), 0);
  Meanwhile log([&] { fs::rename(path_ + ".other", path_); });
  const auto store = open_sqlite_store(path_, {.log = &log});
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message().find("was replaced while it was being opened"),
            std::string::npos)
      << store.error();
  ASSERT_NE(open(), nullptr);
}

TEST_F(SqliteStore, TightensWhatAnEarlierOneLeftOpenAndSaysSo) {
  ASSERT_TRUE(open()->commit(some_batch()));
  std::ofstream(path_ + "-wal") << "";
  for (const std::string& file : {path_, path_ + "-wal"}) ASSERT_EQ(::chmod(file.c_str(), 0664), 0);
  RememberedLog log;
  {
    const auto store = open_sqlite_store(path_, {.log = &log});
    ASSERT_TRUE(store) << store.error();
    EXPECT_EQ((*store)->load()->deployments.size(), 1U);
    EXPECT_EQ(mode_of(path_), 0600U);
  }
  ASSERT_EQ(log.lines.size(), 2U);
  EXPECT_NE(log.lines[0].find("open to others"), std::string::npos) << log.lines[0];
  EXPECT_NE(log.lines[0].find(path_), std::string::npos) << log.lines[0];
  ASSERT_TRUE(open_sqlite_store(path_, {.log = &log}));
  EXPECT_EQ(log.lines.size(), 2U) << "once";
}

TEST_F(SqliteStore, WaitsForNoPipe) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_NE(refusal().find("is a named pipe"), std::string::npos) << refusal();
}

TEST_F(SqliteStore, KeepsWhatItDoesNotWaitForBesideWhatItDoes) {
  auto store = open();
  ASSERT_TRUE(store->commit(some_batch()));
  for (std::uint64_t sequence = 3; sequence <= 6; ++sequence) {
    Batch more;
    more.events.push_back({1, sequence, Age{80}, WallTime{Millis{9}}, "{\"event\":\"wake\"}"});
    more.may_be_lost = sequence % 3 != 0;
    ASSERT_TRUE(store->commit(more));
  }
  store = nullptr;
  EXPECT_EQ(open()->load()->events.size(), 6U);
}

TEST_F(SqliteStore, ForgetsADeploymentWithItsEvents) {
  const std::unique_ptr<Store> store = open();
  ASSERT_TRUE(store->commit(some_batch()));
  Batch batch;
  batch.forgotten.push_back(1);
  batch.forgotten_keys.push_back("key");
  ASSERT_TRUE(store->commit(batch));
  const Contents contents = store->load().value();
  EXPECT_TRUE(contents.deployments.empty());
  EXPECT_TRUE(contents.events.empty());
  EXPECT_TRUE(contents.keys.empty());
  EXPECT_EQ(contents.services.size(), 1U);
}

TEST_F(SqliteStore, AcceptsACommitThatIsRepeated) {
  const std::unique_ptr<Store> store = open();
  ASSERT_TRUE(store->commit(some_batch()));
  ASSERT_TRUE(store->commit(some_batch()));
  EXPECT_EQ(store->load()->events.size(), 2U);
}

TEST_F(SqliteStore, IsRefusedToASecondTeal) {
  const std::unique_ptr<Store> first = open();
  const std::string why = refusal();
  EXPECT_NE(why.find("in use by another process"), std::string::npos) << why;
  EXPECT_NE(why.find(path_), std::string::npos) << why;
}

TEST_F(SqliteStore, RefusesAFileThatIsNoDatabaseAndLeavesItAlone) {
  const std::string garbage(5000, 'x');
  std::ofstream(path_) << garbage;
  const std::string why = refusal();
  EXPECT_NE(why.find("damaged"), std::string::npos) << why;
  EXPECT_NE(why.find("backup"), std::string::npos) << why;
  EXPECT_EQ(bytes(), garbage);
}

TEST_F(SqliteStore, KeepsEvidenceByPartsAndForgetsItWithItsDeployment) {
  const std::unique_ptr<Store> store = open();
  Batch batch = some_batch();
  batch.evidence = {{1, 2, "[2]"}, {1, 0, "{}"}, {1, 1, "[1]"}, {2, 0, "other"}};
  ASSERT_TRUE(store->commit(batch));
  batch = {};
  batch.evidence = {{1, 0, "{\"newer\":1}"}};
  ASSERT_TRUE(store->commit(batch));
  EXPECT_EQ(store->evidence(1).value(),
            (std::vector<EvidenceRow>{{1, 0, "{\"newer\":1}"}, {1, 1, "[1]"}, {1, 2, "[2]"}}));
  batch = {};
  batch.forgotten = {1};
  ASSERT_TRUE(store->commit(batch));
  EXPECT_TRUE(store->evidence(1)->empty());
  EXPECT_EQ(store->evidence(2)->size(), 1U);
}

TEST_F(SqliteStore, TakesOverTheFileOfATealThatKeptNoEvidence) {
  {
    const std::unique_ptr<Store> store = open();
    ASSERT_TRUE(store->commit(some_batch()));
  }
  execute(
      "DROP TABLE evidence; DROP TABLE secrets; DROP TABLE identity; DROP TABLE configs; PRAGMA "
      "user_version = 1;");
  const std::unique_ptr<Store> store = open();
  EXPECT_EQ(store->load()->deployments, some_batch().deployments);
  EXPECT_TRUE(store->evidence(1)->empty());
  Batch batch;
  batch.evidence = {{1, 0, "{}"}};
  EXPECT_TRUE(store->commit(batch));
}

TEST_F(SqliteStore, KeepsSecretsUntilTheyAreForgotten) {
  {
    const std::unique_ptr<Store> store = open();
    Batch batch;
    batch.secrets = {{"key", "0123", WallTime{Millis{5}}}, {"salt", "ab", WallTime{Millis{6}}}};
    ASSERT_TRUE(store->commit(batch));
    batch = {};
    batch.secrets = {{"key", "4567", WallTime{Millis{7}}}};
    ASSERT_TRUE(store->commit(batch));
  }
  const std::unique_ptr<Store> store = open();
  EXPECT_EQ(store->load()->secrets, (std::vector<SecretRow>{{"key", "4567", WallTime{Millis{7}}},
                                                            {"salt", "ab", WallTime{Millis{6}}}}));
  Batch batch;
  batch.forgotten_secrets = {"key", "unknown"};
  ASSERT_TRUE(store->commit(batch));
  EXPECT_EQ(store->load()->secrets.size(), 1U);
}

TEST_F(SqliteStore, GivesTheFileOfTheTealBeforeAPlaceForSecrets) {
  ASSERT_TRUE(open()->commit(some_batch()));
  execute("DROP TABLE secrets; DROP TABLE identity; DROP TABLE configs; PRAGMA user_version = 2;");
  const std::unique_ptr<Store> store = open();
  EXPECT_EQ(store->load()->deployments.size(), 1U);
  Batch batch;
  batch.secrets = {{"key", "0123", WallTime{Millis{5}}}};
  ASSERT_TRUE(store->commit(batch));
  EXPECT_EQ(store->load()->secrets, batch.secrets);
}

TEST_F(SqliteStore, RefusesADamagedFile) {
  {
    const std::unique_ptr<Store> store = open();
    Batch batch = some_batch();
    for (std::uint64_t i = 3; i < 500; ++i)
      batch.events.push_back({1, i, Age{0}, WallTime{}, std::string(200, 'e')});
    ASSERT_TRUE(store->commit(batch));
  }
  const auto size = static_cast<std::streamoff>(fs::file_size(path_));
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  // Every page but the first, which holds the schema.
  file.seekp(4096);
  file << std::string(static_cast<std::size_t>(size) - 4096, '\x5a');
  file.close();
  EXPECT_NE(refusal().find("damaged"), std::string::npos) << refusal();
}

TEST_F(SqliteStore, RefusesTheFileOfANewerTeal) {
  open();
  execute("PRAGMA user_version = 99");
  const std::string why = refusal();
  EXPECT_NE(why.find("newer Teal"), std::string::npos) << why;
  EXPECT_NE(why.find("99"), std::string::npos) << why;
}

TEST_F(SqliteStore, RefusesTheDatabaseOfAnotherProgram) {
  execute("CREATE TABLE cookies(a); PRAGMA application_id = 7;");
  EXPECT_NE(refusal().find("another program"), std::string::npos) << refusal();
}

TEST_F(SqliteStore, RefusesADirectoryThatIsNotThere) {
  path_ = (directory_ / "nowhere" / "teal.db").string();
  EXPECT_NE(refusal().find("cannot be opened"), std::string::npos) << refusal();
}

TEST_F(SqliteStore, ReportsAFullDiskKeepsWhatItHadAndRecovers) {
  Result<std::unique_ptr<Store>> limited = open_sqlite_store(path_, {.max_pages = 16});
  ASSERT_TRUE(limited);
  Store& store = **limited;
  ASSERT_TRUE(store.commit(some_batch()));
  Batch large;
  large.services.push_back({"large", std::string(200'000, 's')});
  const Result<void> full = store.commit(large);
  ASSERT_FALSE(full);
  EXPECT_NE(full.error().message().find("space"), std::string::npos) << full.error();
  EXPECT_EQ(store.load()->services.size(), 1U) << "nothing of a failed batch is there";
  Batch small;
  small.services.push_back({"small", "{}"});
  EXPECT_TRUE(store.commit(small));
  EXPECT_EQ(store.load()->services.size(), 2U);
}

}  // namespace
}  // namespace teal::control
