#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "proxy/telemetry/access_log.h"

namespace teal::proxy {
namespace {

namespace fs = std::filesystem;

class AccessLogWriterTest : public testing::Test {
 protected:
  AccessLogWriterTest() {
    std::string pattern = (fs::temp_directory_path() / "teal-access-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    spec_.path = path("access.log");
  }
  ~AccessLogWriterTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  static std::string read(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream{file, std::ios::binary}.rdbuf();
    return text.str();
  }

  static bool submit(AccessLogWriter& writer, std::string_view lines) {
    ByteBuffer buffer;
    buffer += lines;
    return writer.submit(buffer);
  }

  fs::path folder_;
  config::AccessLog spec_;
};

TEST_F(AccessLogWriterTest, HasWrittenEverythingWhenItIsDestroyed) {
  std::string expected;
  {
    const auto writer = AccessLogWriter::open(spec_).value();
    for (int i = 0; i < 1000; ++i) {
      const std::string line = "line " + std::to_string(i) + "\n";
      expected += line;
      ASSERT_TRUE(submit(*writer, line));
    }
  }
  EXPECT_EQ(read(spec_.path), expected);
}

TEST_F(AccessLogWriterTest, LeavesTheSubmittedBufferEmpty) {
  const auto writer = AccessLogWriter::open(spec_).value();
  ByteBuffer buffer;
  buffer += std::string(10'000, 'x');
  EXPECT_TRUE(writer->submit(buffer));
  EXPECT_TRUE(buffer.empty());
  EXPECT_TRUE(writer->submit(buffer));
}

TEST_F(AccessLogWriterTest, AppendsToWhatIsThere) {
  std::ofstream{spec_.path} << "old\n";
  {
    submit(*AccessLogWriter::open(spec_).value(), "new\n");
  }
  EXPECT_EQ(read(spec_.path), "old\nnew\n");
}

TEST_F(AccessLogWriterTest, WritesToTheNewFileAfterARotation) {
  {
    const auto writer = AccessLogWriter::open(spec_).value();
    submit(*writer, "before\n");
    fs::rename(spec_.path, path("rotated.log"));
    writer->reopen();
    submit(*writer, "after\n");
  }
  EXPECT_EQ(read(path("rotated.log")), "before\n");
  EXPECT_EQ(read(spec_.path), "after\n");
}

TEST_F(AccessLogWriterTest, GoesOnWithTheOldFileWhereTheNewOneCannotBeOpened) {
  const fs::path moved = path("moved");
  const fs::path inner = folder_ / "inner";
  fs::create_directory(inner);
  spec_.path = (inner / "access.log").string();
  {
    const auto writer = AccessLogWriter::open(spec_).value();
    fs::rename(inner, moved);
    writer->reopen();
    submit(*writer, "kept\n");
    // The destructor would hide the count: the next submissions wait for the first.
    while (read((moved / "access.log").string()).empty()) std::this_thread::yield();
    EXPECT_EQ(writer->health().errors, 1U);
  }
  EXPECT_EQ(read((moved / "access.log").string()), "kept\n");
}

TEST_F(AccessLogWriterTest, SaysWhyAFileCannotBeOpenedAndWhatToDo) {
  spec_.path = path("missing/access.log");
  const auto writer = AccessLogWriter::open(spec_);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().source(), Source::config);
  EXPECT_NE(writer.error().message().find(spec_.path), std::string::npos);
  EXPECT_NE(writer.error().message().find("No such file"), std::string::npos);
  EXPECT_NE(writer.error().message().find("create its folder"), std::string::npos);
}

TEST_F(AccessLogWriterTest, CountsWhatTheDiskRefuses) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  spec_.path = "/dev/full";
  const auto writer = AccessLogWriter::open(spec_).value();
  submit(*writer, "one\n");
  submit(*writer, "two\n");
  while (writer->health().errors < 2) std::this_thread::yield();
  EXPECT_EQ(writer->health().errors, 2U);
}

/// A named pipe is a disk that takes nothing until somebody reads.
TEST_F(AccessLogWriterTest, DropsBuffersWhenTheDiskIsSlowAndNeverWaitsForIt) {
  ASSERT_EQ(::mkfifo(spec_.path.c_str(), 0600), 0);
  const int reader = ::open(spec_.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  constexpr std::size_t kBuffer = 1024 * 1024;
  std::size_t taken = 0;
  std::thread drain;
  {
    const auto writer = AccessLogWriter::open(spec_).value();
    const std::string full(kBuffer, 'x');
    ByteBuffer buffer;
    buffer += full;
    while (writer->submit(buffer)) {
      ++taken;
      ASSERT_LE(taken, AccessLogWriter::kQueueBytes / kBuffer);
      buffer += full;
    }
    EXPECT_TRUE(buffer.empty());
    EXPECT_EQ(taken, AccessLogWriter::kQueueBytes / kBuffer - 1);

    // Once it is read, everything that was taken arrives.
    drain = std::thread{[reader, &taken] {
      std::size_t left = taken * kBuffer;
      std::string sink(64 * 1024, '\0');
      while (left > 0) {
        const ssize_t got = ::read(reader, sink.data(), sink.size());
        if (got > 0) left -= static_cast<std::size_t>(got);
      }
    }};
    drain.join();
    EXPECT_EQ(writer->health().errors, 0U);
  }
  ::close(reader);
}

TEST_F(AccessLogWriterTest, EndsThoughAPipeIsNeverRead) {
  ASSERT_EQ(::mkfifo(spec_.path.c_str(), 0600), 0);
  const int reader = ::open(spec_.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  {
    submit(*AccessLogWriter::open(spec_).value(), std::string(256 * 1024, 'x'));
  }
  ::close(reader);
}

TEST_F(AccessLogWriterTest, KeepsTheBuffersOfManyWorkersWhole) {
  constexpr int kWorkers = 4;
  constexpr int kLines = 500;
  {
    const auto writer = AccessLogWriter::open(spec_).value();
    std::vector<std::thread> workers;
    for (int worker = 0; worker < kWorkers; ++worker)
      workers.emplace_back([&writer, worker] {
        ByteBuffer buffer;
        for (int i = 0; i < kLines; ++i) {
          buffer += std::string(50, static_cast<char>('a' + worker));
          buffer += '\n';
          ASSERT_TRUE(writer->submit(buffer));
        }
      });
    for (std::thread& worker : workers) worker.join();
  }
  std::ifstream file{spec_.path};
  std::vector<int> lines(kWorkers);
  for (std::string line; std::getline(file, line);) {
    ASSERT_EQ(line, std::string(50, line[0]));
    ++lines[static_cast<std::size_t>(line[0] - 'a')];
  }
  EXPECT_EQ(lines, std::vector<int>(kWorkers, kLines));
}

}  // namespace
}  // namespace teal::proxy
