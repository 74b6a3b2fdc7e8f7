#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace teal {
namespace {

namespace fs = std::filesystem;

class ReadFile : public ::testing::Test {
 protected:
  ReadFile() {
    std::string pattern = (fs::temp_directory_path() / "teal-file-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ReadFile() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string make(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

  fs::path folder_;
};

TEST_F(ReadFile, GivesTheWholeTextUpToItsBound) {
  const FileText whole = read_regular_file(make("a", std::string(200'000, 'x')), 200'000);
  ASSERT_TRUE(whole) << whole.fault;
  EXPECT_EQ(whole.text, std::string(200'000, 'x'));
  EXPECT_EQ(read_regular_file(make("empty", ""), 10).text, "");
  const FileText longer = read_regular_file(make("b", std::string(2049, 'x')), 2048);
  EXPECT_FALSE(longer);
  EXPECT_EQ(longer.fault, "is larger than 2 KiB");
  EXPECT_EQ(longer.text, "");
}

TEST_F(ReadFile, WaitsForNoPipeDeviceSocketOrDirectory) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_regular_file(path("pipe"), 10).fault, "is a named pipe");
  EXPECT_EQ(read_given_file(path("pipe"), 10).fault, "is a named pipe");
  fs::create_symlink(path("pipe"), path("link"));
  EXPECT_EQ(read_regular_file(path("link"), 10).fault, "is a named pipe");
  EXPECT_EQ(read_regular_file("/dev/zero", 10).fault, "is a device");
  EXPECT_EQ(read_regular_file(folder_.string(), 10).fault, "is a directory");
  EXPECT_EQ(read_regular_file(path("none"), 10).fault,
            "cannot be opened: No such file or directory");
}

TEST_F(ReadFile, ReadsAPipeThatIsHandedOver) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(::write(ends[1], "workers: 1\n", 11), 11);
  ::close(ends[1]);
  const FileText given = read_given_file("/dev/fd/" + std::to_string(ends[0]), 1024);
  EXPECT_EQ(given.fault, "");
  EXPECT_EQ(given.text, "workers: 1\n");
  ::close(ends[0]);
  EXPECT_EQ(read_given_file("/dev/fd/" + std::to_string(ends[0]), 1024).fault,
            "cannot be read: Bad file descriptor");
}

}  // namespace
}  // namespace teal
