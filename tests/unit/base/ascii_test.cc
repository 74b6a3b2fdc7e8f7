#include "base/ascii.h"

#include <gtest/gtest.h>

#include <string>

namespace teal {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool is_in(std::string_view set, char c) {
  return set.find(c) != std::string_view::npos;
}

TEST(Ascii, KnowsEveryByteForWhatItIs) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    SCOPED_TRACE(byte);
    EXPECT_EQ(is_digit(c), is_in(kDigits, c));
    EXPECT_EQ(is_lower(c), is_in(kLower, c));
    EXPECT_EQ(is_upper(c), is_in(kUpper, c));
    EXPECT_EQ(is_alpha(c), is_in(kLower, c) || is_in(kUpper, c));
    EXPECT_EQ(is_alnum(c), is_in(kLower, c) || is_in(kUpper, c) || is_in(kDigits, c));
  }
}

TEST(Ascii, LowersLettersOfAsciiAndNothingElse) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const std::size_t at = kUpper.find(c);
    EXPECT_EQ(to_lower(c), at == std::string_view::npos ? c : kLower[at]) << byte;
  }
  EXPECT_EQ(to_lower_copy("Caf\xc3\x89 [X]"), "caf\xc3\x89 [x]");
  EXPECT_EQ(to_lower_copy(""), "");
}

TEST(Ascii, ReadsHexadecimalDigitsOfEitherCase) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const std::size_t value = kHex.find(to_lower(c));
    EXPECT_EQ(hex_value(c), value == std::string_view::npos ? -1 : static_cast<int>(value)) << byte;
  }
}

TEST(Ascii, TrimsBlanksAtTheEndsOnly) {
  EXPECT_EQ(trim(" \t a \t b\t "), "a \t b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\r\na\n"), "\r\na\n");
}

TEST(Ascii, TrimsTheBlanksThatTheCallerNames) {
  EXPECT_EQ(trim(" \ta\t ", " "), "\ta\t");
}

}  // namespace
}  // namespace teal
