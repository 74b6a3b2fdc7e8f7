#include "base/new_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace teal {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using IfThere = NewFile::IfThere;

class ANewFile : public ::testing::Test {
 protected:
  ANewFile() {
    std::string pattern = (fs::temp_directory_path() / "teal-new-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ANewFile() override { fs::remove_all(folder_); }

  std::string path(const std::string& name = "a") const { return (folder_ / name).string(); }
  std::string text(const std::string& name = "a") const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& each : fs::directory_iterator(folder_))
      found.push_back(each.path().filename());
    return found;
  }

  fs::path folder_;
};

TEST_F(ANewFile, IsThereWholeOrNotAtAll) {
  Result<NewFile> file = NewFile::create(path());
  ASSERT_TRUE(file) << file.error();
  ASSERT_TRUE(file->write("half"));
  EXPECT_THAT(names(), ::testing::IsEmpty());
  ASSERT_TRUE(file->write(" and half"));
  ASSERT_TRUE(file->publish(IfThere::refuse));
  EXPECT_EQ(text(), "half and half");
  EXPECT_THAT(names(), ::testing::ElementsAre("a"));
}

TEST_F(ANewFile, IsItsOwnersAloneWhateverTheUmaskIs) {
  const mode_t before = ::umask(0);
  Result<NewFile> file = NewFile::create(path());
  ::umask(before);
  ASSERT_TRUE(file && file->publish(IfThere::refuse));
  struct stat found{};
  ASSERT_EQ(::stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(ANewFile, ReplacesAnotherOnlyWhereThatIsWanted) {
  std::ofstream(path()) << "old";
  Result<NewFile> polite = NewFile::create(path());
  ASSERT_TRUE(polite && polite->write("new"));
  const Result<void> refused = polite->publish(IfThere::refuse);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("File exists"));
  EXPECT_EQ(text(), "old");
  Result<NewFile> bold = NewFile::create(path());
  ASSERT_TRUE(bold && bold->write("new"));
  ASSERT_TRUE(bold->publish(IfThere::replace));
  EXPECT_EQ(text(), "new");
  EXPECT_THAT(names(), ::testing::ElementsAre("a"));
}

TEST_F(ANewFile, ReplacesNothingButAFile) {
  std::ofstream(path("target")) << "old";
  fs::create_symlink("target", path("link"));
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  for (const auto& [name, what] :
       {std::pair{"link", "is a symbolic link"}, {"pipe", "is a named pipe"}}) {
    Result<NewFile> file = NewFile::create(path(name));
    ASSERT_TRUE(file && file->write("new"));
    const Result<void> refused = file->publish(IfThere::replace);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr(what));
  }
  EXPECT_EQ(text("target"), "old");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_TRUE(fs::is_fifo(path("pipe")));
}

TEST_F(ANewFile, LeavesNothingWhereItsProcessIsKilled) {
  const pid_t child = ::fork();
  if (child == 0) {
    Result<NewFile> file = NewFile::create(path());
    if (file && file->write(std::string(100'000, 'x'))) ::raise(SIGKILL);
    ::_exit(1);
  }
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  EXPECT_TRUE(WIFSIGNALED(how));
  EXPECT_THAT(names(), ::testing::IsEmpty());
}

TEST_F(ANewFile, SaysWhatToDoWhereThereIsNoRoom) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
    Result<NewFile> file = NewFile::create(path());
    const Result<void> written = file->write(std::string(2000, 'x'));
    const bool is_told =
        !written && written.error().message().find("make room") != std::string::npos;
    ::_exit(is_told ? 0 : 1);
  }
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  EXPECT_EQ(how, 0);
  EXPECT_THAT(names(), ::testing::IsEmpty());
}

TEST_F(ANewFile, NeedsADirectory) {
  const Result<NewFile> file = NewFile::create(path("none/a"));
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message(), HasSubstr("No such file or directory; check that"));
}

}  // namespace
}  // namespace teal
