// `teal state` with stores that no Teal runs on, and what it leaves alone.
#include "app/client/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/client/exit_code.h"
#include "tests/support/store_files.h"

namespace teal::app {
namespace {

namespace fs = std::filesystem;
using control::StoreFiles;
using ::testing::HasSubstr;

class AStoppedTeal : public ::testing::Test {
 protected:
  AStoppedTeal() { EXPECT_NE(files_.open(), nullptr); }

  int back_up(bool force) {
    err_.str({});
    StateChoice choice;
    choice.state = files_.path();
    return StateCommands(terminal_, false).backup(choice, files_.path("b"), force);
  }

  StoreFiles files_;
  std::ostringstream out_, err_;
  Terminal terminal_{.out = out_, .err = err_, .pause = {}};
};

TEST_F(AStoppedTeal, IsNotBackedUpBesideAnothersJournal) {
  for (const char* suffix : {"-wal", "-journal"}) {
    const std::string journal = files_.path("b") + suffix;
    std::ofstream(journal) << "of another file";
    for (const bool force : {false, true}) {
      EXPECT_EQ(back_up(force), kError);
      EXPECT_THAT(err_.str(), HasSubstr(journal + " is there"));
      EXPECT_FALSE(fs::exists(files_.path("b")));
    }
    fs::remove(journal);
  }
  EXPECT_EQ(back_up(false), kSuccess) << err_.str();
}

TEST_F(AStoppedTeal, IsNotBackedUpOverAStoreInUse) {
  int ready[2];
  int over[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(over), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(over[1]);
    const auto store = files_.open("b");
    fs::remove(files_.path("b-wal"));  // As it is before the first commit.
    char byte = store ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    ::_exit(::read(over[0], &byte, 1) == 0 ? 0 : 1);
  }
  ::close(over[0]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const auto before = files_.all();
  EXPECT_EQ(back_up(true), kError);
  EXPECT_THAT(err_.str(), HasSubstr("is in use by process " + std::to_string(child)));
  EXPECT_EQ(files_.all(), before);
  ::close(over[1]);
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
}

TEST_F(AStoppedTeal, IsNotBackedUpByAPathThatIsRelativeToTheServicesFolder) {
  StateChoice choice;
  choice.configured = "teal.db";
  choice.admin = *parse_address("unix:" + files_.path("nobody"));
  EXPECT_EQ(StateCommands(terminal_, false).backup(choice, files_.path("b"), false), kError);
  EXPECT_EQ(err_.str(),
            "teal: 'teal.db' is relative to the working folder of the service; name it: --state "
            "sqlite:/var/lib/teal/teal.db\n");
  choice.configured = files_.path();
  EXPECT_EQ(StateCommands(terminal_, false).backup(choice, files_.path("b"), false), kSuccess);
  EXPECT_THAT(out_.str(), HasSubstr(files_.path("b") + " is sound"));
}

TEST_F(AStoppedTeal, IsNotSaidToBeSoundBesideAnothersJournal) {
  ASSERT_EQ(back_up(false), kSuccess);
  std::ofstream(files_.path("b-wal")) << "of another file";
  EXPECT_EQ(StateCommands(terminal_, false).check(files_.path("b")), kError);
  EXPECT_THAT(err_.str(), HasSubstr("move " + files_.path("b-wal") + " away"));
  fs::remove(files_.path("b-wal"));
  EXPECT_EQ(StateCommands(terminal_, false).check(files_.path("b")), kSuccess);
}

TEST_F(AStoppedTeal, IsRestoredAndSaidWhere) {
  ASSERT_EQ(back_up(false), kSuccess);
  ASSERT_EQ(StateCommands(terminal_, false).restore(files_.path("b"), files_.path("n")), kSuccess);
  EXPECT_THAT(out_.str(), HasSubstr("restored to " + files_.path("n")));
}

}  // namespace
}  // namespace teal::app
