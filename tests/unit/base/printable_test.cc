#include "base/printable.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace teal {
namespace {

TEST(Printable, LeavesPlainTextAndLettersOfEveryLanguageAlone) {
  for (const std::string text : {"", "alarm errors: error_rate 3.1% > 1% \\ \"x\" ~",
                                 "gr\xc3\xbcn \xe2\x86\x92 \xe2\x82\xac \xf0\x9f\x9a\x80"}) {
    EXPECT_EQ(printable(text), text);
    EXPECT_TRUE(is_printable(text));
  }
}

TEST(Printable, KeepsOneLineOneLine) {
  EXPECT_EQ(printable("ok\n2026-01-01 info forged\r\t"), "ok\\n2026-01-01 info forged\\r\\t");
  EXPECT_EQ(printable("a\xe2\x80\xa8"
                      "b\xe2\x80\xa9"),
            "a\\u2028b\\u2029");
}

TEST(Printable, ShowsWhatATerminalWouldActOn) {
  EXPECT_EQ(printable(std::string_view("\0\x07\x1b[2J\x7f", 7)), "\\x00\\x07\\x1b[2J\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m\xc2\x85\xc2\x80"),
            "\\u009b31m\\u0085\\u0080")
      << "C1, UTF-8";
  EXPECT_EQ(printable("\x9b"
                      "31m\x85\xff"),
            "\\x9b31m\\x85\\xff")
      << "C1 as single bytes";
  EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0") << "a blank that does not break is none";
}

TEST(Printable, TurnsNoTextRound) {
  EXPECT_EQ(printable("\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8e\xe2\x80\x8f"
                      "\xd8\x9c"),
            "\\u202a\\u202e\\u2066\\u2069\\u200e\\u200f\\u061c");
  EXPECT_EQ(printable("\xe2\x80\x8d\xd8\xa7"), "\xe2\x80\x8d\xd8\xa7")
      << "joiners and Arabic letters are shown";
}

TEST(Printable, TellsBytesThatAreNoTextByTheirValues) {
  EXPECT_EQ(printable("\xe2\x80"), "\\xe2\\x80") << "cut";
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half of a surrogate pair";
}

TEST(PrintableJson, MeansTheSame) {
  EXPECT_EQ(printable_json("{\"a\":\"\xc2\x9b\x7f\xe2\x80\xae\xc3\xa4\"}\n"),
            "{\"a\":\"\\u009b\\u007f\\u202e\xc3\xa4\"}\n");
  EXPECT_EQ(printable_json("[1,\r\n\t2]"), "[1, \n\t2]") << "the return is a blank as well";
  EXPECT_EQ(printable_json("\x9b"), "\\ufffd");
}

TEST(Utf8, KnowsWhereASequenceEnds) {
  EXPECT_EQ(utf8_size("a"), 1U);
  EXPECT_EQ(utf8_size("\xc3\xa4x"), 2U);
  EXPECT_EQ(utf8_size("\xf4\x8f\xbf\xbf"), 4U);
  EXPECT_EQ(utf8_code_point("\xf4\x8f\xbf\xbf"), 0x10ffffU);
  EXPECT_EQ(utf8_code_point("\xe2\x82\xac"), 0x20acU);
  for (const char* bytes :
       {"", "\x80", "\xc3", "\xf4\x90\x80\x80", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf"})
    EXPECT_EQ(utf8_size(bytes), 0U) << bytes;
}

}  // namespace
}  // namespace teal
