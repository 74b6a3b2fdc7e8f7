#include "base/parse_number.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace teal {
namespace {

TEST(ParseWhole, ReadsANumberThatIsTheWholeText) {
  EXPECT_EQ(parse_whole<std::uint32_t>("0"), 0U);
  EXPECT_EQ(parse_whole<std::uint32_t>("0042"), 42U);
  EXPECT_EQ(parse_whole<int>("-7"), -7);
  EXPECT_EQ(parse_whole<std::uint64_t>("18446744073709551615"),
            std::numeric_limits<std::uint64_t>::max());
}

TEST(ParseWhole, RefusesWhatIsMoreOrLessThanANumber) {
  for (const char* text : {"", " ", " 1", "1 ", "+1", "-1", "1.0", "1e1", "0x1", "one", "1x"})
    EXPECT_EQ(parse_whole<std::uint32_t>(text), std::nullopt) << text;
  EXPECT_EQ(parse_whole<int>("-"), std::nullopt);
  EXPECT_EQ(parse_whole<int>(std::string_view("1\0", 2)), std::nullopt);
  EXPECT_EQ(parse_whole<int>(std::string_view()), std::nullopt);
}

TEST(ParseWhole, RefusesWhatTheTypeDoesNotHold) {
  EXPECT_EQ(parse_whole<std::uint16_t>("65535"), 65535);
  EXPECT_EQ(parse_whole<std::uint16_t>("65536"), std::nullopt);
  EXPECT_EQ(parse_whole<std::uint64_t>("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_whole<double>("1e999"), std::nullopt);
}

TEST(ParseWhole, ReadsOtherBasesWithoutAPrefix) {
  EXPECT_EQ(parse_whole<unsigned>("fF", 16), 255U);
  EXPECT_EQ(parse_whole<unsigned>("660", 8), 0660U);
  EXPECT_EQ(parse_whole<unsigned>("8", 8), std::nullopt);
}

TEST(ParseWhole, ReadsFractionsWithOrWithoutAnExponentAsTheCallerWants) {
  EXPECT_EQ(parse_whole<double>("1.5"), 1.5);
  EXPECT_EQ(parse_whole<double>("-.5e1"), -5.0);
  EXPECT_EQ(parse_whole<double>("1.5e1", std::chars_format::fixed), std::nullopt);
  EXPECT_EQ(parse_whole<double>("1.5", std::chars_format::fixed), 1.5);
  for (const char* text : {"", ".", "1.5 ", "1,5", "+1.5"})
    EXPECT_EQ(parse_whole<double>(text), std::nullopt) << text;
}

}  // namespace
}  // namespace teal
