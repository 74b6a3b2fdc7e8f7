// What a killed restore or look leaves beside a store goes at the next restore or start, and
// nothing else does.
#include "control/sqlite/leftovers.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/descriptor.h"
#include "base/new_file.h"
#include "control/sqlite/restore.h"
#include "control/sqlite/sqlite_lock.h"
#include "tests/support/store_files.h"

namespace teal::control {
namespace {

namespace fs = std::filesystem;
using ::testing::UnorderedElementsAre;

class Leftovers : public ::testing::Test {
 protected:
  Leftovers() {
    EXPECT_NE(files_.open(), nullptr);
    fs::create_directory(files_.path(kLook));
    for (const char* name : {"copy", "copy-wal", "copy-shm"})
      std::ofstream(files_.path(kLook) + "/" + name) << "half";
    fs::copy_file(files_.path(), files_.path(kNew));
    std::ofstream(files_.path("teal.db.new-124-1")) << "";  // Nothing was written yet.
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& each : fs::directory_iterator(fs::path(files_.path()).parent_path()))
      found.push_back(each.path().filename());
    return found;
  }

  static constexpr const char* kLook = "teal.db.look-Ab3dEf";
  static constexpr const char* kNew = "teal.db.new-123-0";
  StoreFiles files_;
};

TEST_F(Leftovers, GoWhenTheStoreIsOpened) {
  const std::unique_ptr<Store> store = files_.open();
  EXPECT_THAT(names(), ::testing::IsSubsetOf({"teal.db", "teal.db-wal"}));
}

TEST_F(Leftovers, GoWhenAStoreIsRestored) {
  fs::copy_file(files_.path(), files_.path("b"));
  fs::remove(files_.path());
  const Result<Restored> restored = restore_store(files_.path("b"), files_.path(), WallTime{});
  ASSERT_TRUE(restored) << restored.error();
  EXPECT_THAT(names(), UnorderedElementsAre("b", "teal.db"));
}

TEST_F(Leftovers, StayWhileSomebodyHoldsThem) {
  const Descriptor look(::open(files_.path(kLook).c_str(), O_RDONLY | O_DIRECTORY));
  const Descriptor written(::open(files_.path(kNew).c_str(), O_RDONLY));
  ASSERT_TRUE(hold(look.get()) && hold(written.get()));
  remove_leftovers(files_.path());
  EXPECT_THAT(names(), UnorderedElementsAre("teal.db", kLook, kNew));
  EXPECT_TRUE(fs::exists(files_.path(kLook) + "/copy"));
}

TEST_F(Leftovers, AreNoFilesOfOthers) {
  remove_leftovers(files_.path());
  const std::vector<std::string> others{
      "teal.db.new-1-0", "teal.db.new-1",        "teal.db.new-1-0.txt", "teal.db.new-a-0",
      "teal.db.new--",   "teal.db.look-letters", "teal.db.look-abcde_", "other.db.new-1-0"};
  for (const std::string& name : others) std::ofstream(files_.path(name)) << "a letter";
  fs::create_directory(files_.path("teal.db.look-photos"));
  std::ofstream(files_.path("teal.db.look-photos") + "/copy") << "a picture";
  std::ofstream(files_.path("teal.db.look-photos") + "/b.jpg") << "another";
  fs::create_directory(files_.path("mine"));
  std::ofstream(files_.path("mine") + "/copy") << "mine";
  fs::create_directory_symlink("mine", files_.path("teal.db.look-linked"));
  fs::create_symlink("teal.db", files_.path("teal.db.new-2-0"));
  std::vector<std::string> all = others;
  for (const char* name :
       {"teal.db", "teal.db.look-photos", "mine", "teal.db.look-linked", "teal.db.new-2-0"})
    all.emplace_back(name);
  remove_leftovers(files_.path());
  EXPECT_THAT(names(), ::testing::UnorderedElementsAreArray(all));
  EXPECT_TRUE(fs::exists(files_.path("teal.db.look-photos") + "/copy"));
  EXPECT_TRUE(fs::exists(files_.path("mine") + "/copy"));
}

TEST_F(Leftovers, ThatAreTheStoreByASecondNameTakeNoLockOffIt) {
  fs::create_hard_link(files_.path(), files_.path("teal.db.new-125-0"));
  const std::unique_ptr<Store> store = files_.open();
  EXPECT_FALSE(fs::exists(files_.path("teal.db.new-125-0")));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(who_uses_store(files_.path()).empty() ? 1 : 0);
  int how = -1;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  EXPECT_EQ(how, 0) << "another process sees it locked";
}

TEST_F(Leftovers, AreNotWhatIsBeingWritten) {
  Result<NewFile> file = NewFile::create(files_.path("c"));
  ASSERT_TRUE(file);
  EXPECT_FALSE(hold(
      Descriptor(::open(("/proc/self/fd/" + std::to_string(file->descriptor())).c_str(), O_RDONLY))
          .get()));
}

}  // namespace
}  // namespace teal::control
