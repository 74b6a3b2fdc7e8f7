#include "proxy/telemetry/log_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace teal::proxy {
namespace {

namespace fs = std::filesystem;

/// A disk with room for so many bytes of each file (RLIMIT_FSIZE).
class LogFileTest : public ::testing::Test {
 protected:
  LogFileTest() {
    std::string pattern = (fs::temp_directory_path() / "teal-logfile-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = (folder_ / "access.log").string();
    before_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &limit_);
  }
  ~LogFileTest() override {
    make_room();
    std::signal(SIGXFSZ, before_);
    fs::remove_all(folder_);
  }

  void fill(std::size_t at) const {
    const rlimit limit{at, limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  void make_room() const { fill(limit_.rlim_cur); }
  LogFile::Outcome write(std::string_view lines) {
    return file_.write(lines, [] { return false; });
  }
  std::string content() const {
    std::ostringstream text;
    text << std::ifstream{path_, std::ios::binary}.rdbuf();
    return text.str();
  }

  fs::path folder_;
  std::string path_;
  LogFile file_;
  rlimit limit_{};
  void (*before_)(int) = SIG_DFL;
};

TEST_F(LogFileTest, CutsNoLineInTheMiddleWhereTheDiskIsFull) {
  ASSERT_TRUE(file_.open(path_));
  EXPECT_EQ(write("one\ntwo\n").error, 0);
  fill(18);
  const LogFile::Outcome full = write("three\nfour\nfive\n");
  EXPECT_EQ(full.error, EFBIG);
  EXPECT_EQ(full.lost, 2U);
  EXPECT_EQ(content(), "one\ntwo\nthree\n") << "'four' would not have been whole";
  const LogFile::Outcome still = write("six six six\n");
  EXPECT_EQ(still.error, EFBIG);
  EXPECT_EQ(still.lost, 1U);
  EXPECT_EQ(content(), "one\ntwo\nthree\n");
  make_room();
  EXPECT_EQ(write("seven\n").error, 0);
  EXPECT_EQ(content(), "one\ntwo\nthree\nseven\n");
}

TEST_F(LogFileTest, LosesNothingThatEndedWhereTheRoomDid) {
  ASSERT_TRUE(file_.open(path_));
  fill(8);
  const LogFile::Outcome full = write("one\ntwo\nthree\n");
  EXPECT_EQ(full.lost, 1U);
  make_room();
  EXPECT_EQ(write("four\n").error, 0);
  EXPECT_EQ(content(), "one\ntwo\nfour\n");
}

TEST_F(LogFileTest, FinishesTheLineWhereTheFileIsNotItsOwn) {
  ASSERT_TRUE(file_.open(path_));
  write("one\n");
  const int other = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  fill(7);
  const int out = ::dup(STDOUT_FILENO);
  ASSERT_GE(out, 0);
  ASSERT_EQ(::dup2(other, STDOUT_FILENO), STDOUT_FILENO);
  LogFile shared;
  ASSERT_TRUE(shared.open(""));
  const LogFile::Outcome cut = shared.write("second\nthird\n", [] { return false; });
  EXPECT_EQ(cut.error, EFBIG);
  EXPECT_EQ(cut.lost, 1U) << "the second will be finished";
  make_room();
  const LogFile::Outcome well = shared.write("fourth\n", [] { return false; });
  EXPECT_EQ(well.error, 0);
  EXPECT_EQ(well.lost, 0U);
  ::dup2(out, STDOUT_FILENO);
  ::close(out);
  ::close(other);
  EXPECT_EQ(content(), "one\nsecond\nfourth\n");
}

TEST_F(LogFileTest, WaitsForNobodyToReadANamedPipe) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(file_.open(path_));
  EXPECT_EQ(errno, ENXIO);
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_TRUE(file_.open(path_));
  EXPECT_EQ(write("read\n").error, 0);
  ::close(reader);
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  const LogFile::Outcome gone = write("unread\n");
  std::signal(SIGPIPE, before);
  EXPECT_EQ(gone.error, EPIPE);
  EXPECT_EQ(gone.lost, 1U);
}

TEST_F(LogFileTest, TellsThatADeviceIsFull) {
  ASSERT_TRUE(file_.open("/dev/full"));
  const LogFile::Outcome full = write("one\ntwo\n");
  EXPECT_EQ(full.error, ENOSPC);
  EXPECT_EQ(full.lost, 2U);
}

}  // namespace
}  // namespace teal::proxy
