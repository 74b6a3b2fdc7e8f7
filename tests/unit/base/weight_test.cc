#include "base/weight.h"

#include <gtest/gtest.h>

namespace teal {
namespace {

TEST(Weight, IsReadFromAPercentageWithTwoDecimals) {
  EXPECT_EQ(parse_weight("12.5%")->basis_points(), 1250U);
  EXPECT_EQ(parse_weight("0.01%")->basis_points(), 1U);
  EXPECT_EQ(parse_weight("33.33")->basis_points(), 3333U);
  EXPECT_EQ(parse_weight("100%"), Weight::all());
  EXPECT_EQ(parse_weight("0"), Weight::none());
}

TEST(Weight, RefusesWhatItCannotHoldExactly) {
  for (const char* text :
       {"", "%", "-1%", "101%", "100.01%", "0.001%", "1.%", "1,5%", "ten", "1e1"})
    EXPECT_FALSE(parse_weight(text)) << text;
}

TEST(Weight, PrintsTheShortestFormThatReadsBack) {
  for (std::uint32_t points = 0; points <= Weight::kWhole; ++points)
    ASSERT_EQ(parse_weight(to_string(Weight{points})), Weight{points});
  EXPECT_EQ(to_string(Weight{1250}), "12.5%");
  EXPECT_EQ(to_string(Weight{5}), "0.05%");
}

TEST(Split, AlwaysSumsToTheWhole) {
  for (std::uint32_t points = 0; points <= Weight::kWhole; points += 7)
    for (const Colour colour : kColours) {
      const Split split = Split::with(colour, Weight{points});
      EXPECT_EQ(split.of(colour), Weight{points});
      EXPECT_EQ(split.of(Colour::blue).basis_points() + split.of(Colour::green).basis_points(),
                Weight::kWhole);
    }
}

}  // namespace
}  // namespace teal
