#include "app/system/operator_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace teal::app {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(OperatorLine, QuotesValuesWithBlanks) {
  EXPECT_EQ(operator_line("started", {{"a", "1"}, {"b", "x y"}, {"c", "say \"\\\""}, {"d", ""}}),
            "started a=1 b=\"x y\" c=\"say \\\"\\\\\\\"\"");
}

TEST(OperatorLine, ForgesNoLineAndMovesNoCursor) {
  EXPECT_EQ(operator_line("alarm fires: ok\n2026-01-01T00:00:00 error forged \x1b[2J\xc2\x9b",
                          {{"reason", "a\r\nb"}, {"by", "\xe2\x80\xae\x9b"}}),
            "alarm fires: ok\\n2026-01-01T00:00:00 error forged \\x1b[2J\\u009b "
            "reason=\"a\\r\\nb\" by=\"\\u202e\\x9b\"");
}

/// A file that takes no more than so many bytes for a while.
class OperatorLogOnAFullDisk : public ::testing::Test {
 protected:
  OperatorLogOnAFullDisk() {
    std::string pattern = (std::filesystem::temp_directory_path() / "teal-log-XXXXXX").string();
    file_ = ::mkstemp(pattern.data());
    path_ = pattern;
    ::fcntl(file_, F_SETFL, O_APPEND);
    before_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &limit_);
  }
  ~OperatorLogOnAFullDisk() override {
    fill(limit_.rlim_cur);
    std::signal(SIGXFSZ, before_);
    ::close(file_);
    std::filesystem::remove(path_);
  }
  void fill(rlim_t at) const {
    const rlimit limit{at, limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  std::vector<std::string> lines() const {
    std::ifstream in(path_);
    std::vector<std::string> read;
    for (std::string line; std::getline(in, line);) read.push_back(line);
    return read;
  }

  std::string path_;
  int file_ = -1;
  rlimit limit_{};
  void (*before_)(int) = SIG_DFL;
};

TEST_F(OperatorLogOnAFullDisk, SaysHowManyLinesWereLostAndEndsTheOneThatWasCut) {
  const std::unique_ptr<Log> log = make_operator_log(false, file_);
  log->info("first");
  struct stat status{};
  ASSERT_EQ(::fstat(file_, &status), 0);
  fill(static_cast<rlim_t>(status.st_size) + 9);
  log->info("second");
  log->info("third");
  fill(limit_.rlim_cur);
  log->info("fourth");
  const std::vector<std::string> read = lines();
  ASSERT_EQ(read.size(), 4U) << ::testing::PrintToString(read);
  EXPECT_THAT(read[0], EndsWith(" first"));
  EXPECT_EQ(read[1].size(), 9U) << "what was cut is ended";
  EXPECT_THAT(read[2], HasSubstr("could not be written: 2"));
  EXPECT_THAT(read[3], EndsWith(" fourth"));
}

}  // namespace
}  // namespace teal::app
