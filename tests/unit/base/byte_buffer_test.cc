#include "base/byte_buffer.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace teal {
namespace {

TEST(ByteBuffer, KeepsWhatIsAppendedWhileItGrows) {
  ByteBuffer text;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    text += "piece ";
    text += i;
    text += '\n';
    expected += "piece " + std::to_string(i) + '\n';
  }
  EXPECT_EQ(text.view(), expected);
}

TEST(ByteBuffer, WritesTheLongestNumbers) {
  ByteBuffer text;
  text += std::numeric_limits<std::int64_t>::min();
  text += ' ';
  text += std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(text.view(), "-9223372036854775808 18446744073709551615");
}

TEST(ByteBuffer, TakesWhatAPenWroteBehindWhatWasThere) {
  ByteBuffer text;
  text += "first, ";
  BufferWriter writer = text.reserve_writer(100);
  writer += "second, ";
  writer += 3;
  writer += '.';
  text.commit(writer);
  EXPECT_EQ(text.view(), "first, second, 3.");
}

TEST(TextDeathTest, StopsWhereAPenWentBeyondItsRoom) {
  ByteBuffer text;
  const BufferWriter writer = text.reserve_writer(10);
  EXPECT_DEATH(text.commit(BufferWriter{writer.at() + text.capacity() + 1}), "capacity");
}

TEST(BufferWriter, CopiesPiecesOfEverySizeAndNothingBeyond) {
  const std::string source = "0123456789abcdefghijklmnopqrstuvwxyz";
  for (std::size_t size = 0; size <= source.size(); ++size) {
    // Exactly as large as it must be, so that a sanitizer sees a byte too many on either side.
    const auto from = std::make_unique_for_overwrite<char[]>(size);
    std::copy_n(source.data(), size, from.get());
    const auto to = std::make_unique_for_overwrite<char[]>(size);
    BufferWriter writer{to.get()};
    writer += std::string_view(from.get(), size);
    EXPECT_EQ(writer.at(), to.get() + size);
    EXPECT_EQ(std::string_view(to.get(), size), source.substr(0, size));
  }
}

TEST(ByteBuffer, TakesNothingFromNowhere) {
  ByteBuffer text;
  text += std::string_view{};
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.view(), "");
}

TEST(ByteBuffer, KeepsItsRoomWhenCleared) {
  ByteBuffer text;
  text += std::string(3000, 'x');
  const std::size_t room = text.capacity();
  text.clear();
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.capacity(), room);
}

TEST(ByteBuffer, IsEmptyOnceMovedFrom) {
  ByteBuffer from;
  from += "moved";
  const ByteBuffer to = std::move(from);
  EXPECT_EQ(to.view(), "moved");
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  from += "again";
  EXPECT_EQ(from.view(), "again");
}

TEST(FreeMemory, GivesAStringsMemoryBack) {
  std::string text(10'000, 'x');
  free_memory(text);
  EXPECT_TRUE(text.empty());
  EXPECT_LT(text.capacity(), 100U);
}

}  // namespace
}  // namespace teal
