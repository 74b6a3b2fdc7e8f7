#include "control/admin/piece_cursor.h"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.h"

namespace teal::control {
namespace {

TEST(PieceCursor, NothingIsAtItsEndAtOnce) {
  const std::vector<std::string_view> none, empty{"", ""};
  EXPECT_TRUE(PieceCursor(none).is_at_end());
  EXPECT_TRUE(PieceCursor(empty).is_at_end());
}

TEST(PieceCursor, TakesPartsOfPiecesAndSeveralAtOnce) {
  const std::vector<std::string_view> pieces{"ab", "", "cdefg", "h"};
  PieceCursor cursor(pieces);
  EXPECT_EQ(cursor.take(3), (std::vector<std::string_view>{"ab", "c"}));
  EXPECT_EQ(cursor.take(2), (std::vector<std::string_view>{"de"}));
  EXPECT_FALSE(cursor.is_at_end());
  EXPECT_EQ(cursor.take(100), (std::vector<std::string_view>{"fg", "h"}));
  EXPECT_TRUE(cursor.is_at_end());
  EXPECT_TRUE(cursor.take(1).empty());
}

TEST(PieceCursor, LosesNoByteHoweverItIsAsked) {
  Rng rng(7);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> texts(rng.below(8));
    std::string all, got;
    for (std::string& text : texts)
      for (std::uint64_t size = rng.below(20); size > 0; --size)
        text += static_cast<char>('a' + rng.below(26));
    for (const std::string& text : texts) all += text;
    const std::vector<std::string_view> pieces(texts.begin(), texts.end());
    PieceCursor cursor(pieces);
    while (!cursor.is_at_end()) {
      const std::size_t most = 1 + rng.below(15);
      std::size_t size = 0;
      for (const std::string_view piece : cursor.take(most)) {
        size += piece.size();
        got += piece;
      }
      ASSERT_LE(size, most);
      ASSERT_GT(size, 0U);
    }
    ASSERT_EQ(got, all) << "round " << round;
  }
}

}  // namespace
}  // namespace teal::control
