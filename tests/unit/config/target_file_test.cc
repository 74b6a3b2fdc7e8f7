#include "config/target_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace teal::config {
namespace {

using ::testing::HasSubstr;

Address at(const std::string& text) {
  return parse_target_address(text).value();
}

std::string problem_of(std::string_view text, const std::string& name) {
  const auto entries = parse_target_file(text, name);
  if (entries) return "";
  return to_string(entries.error().list.front());
}

TEST(TargetFile, SaysTheSameInJsonAndInYaml) {
  const std::vector<TargetFileEntry> expected{{"v2", {at("10.0.0.1:80"), at("[::1]:81")}},
                                              {"", {at("10.0.0.2:80")}}};
  const auto json = parse_target_file(
      R"([{"targets": ["10.0.0.1:80", "[::1]:81"], "labels": {"revision": "v2", "__zone": "a"}},
          {"targets": ["10.0.0.2:80"]}])",
      "t.json");
  ASSERT_TRUE(json);
  EXPECT_EQ(*json, expected);
  const auto yaml = parse_target_file(
      "- targets: [ '10.0.0.1:80', '[::1]:81' ]\n"
      "  labels: { revision: v2 }\n"
      "- targets:\n  - 10.0.0.2:80\n  labels:\n",
      "t.yml");
  ASSERT_TRUE(yaml) << problem_of("", "t.yml");
  EXPECT_EQ(*yaml, expected);
}

TEST(TargetFile, NoneIsWrittenAsAnEmptyList) {
  EXPECT_TRUE(parse_target_file("[]", "t.json").value().empty());
  EXPECT_TRUE(parse_target_file("[]\n", "t.yaml").value().empty());
  EXPECT_THAT(problem_of("", "t.yaml"), HasSubstr("t.yaml"));
  EXPECT_THAT(problem_of("# nothing\n", "t.yml"), HasSubstr("must be a list"));
  EXPECT_NE(problem_of("", "t.json"), "");
  EXPECT_THAT(problem_of("{}", "t.json"), HasSubstr("must be a list"));
}

TEST(TargetFile, HalfOfItIsNothing) {
  const std::string whole = R"([{"targets": ["10.0.0.1:80"], "labels": {"revision": "v2"}}])";
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_target_file(std::string_view(whole).substr(0, size), "t.json")) << size;
  EXPECT_TRUE(parse_target_file(whole, "t.json"));
}

TEST(TargetFile, SaysWhereItIsWrong) {
  EXPECT_THAT(problem_of("- targets: [ 10.0.0.1:80 ]\n- targets: [ app:80 ]\n", "t.yml"),
              HasSubstr("t.yml:2:14: [1].targets[0]"));
  EXPECT_THAT(problem_of("- labels: {}\n", "t.yml"), HasSubstr("has no targets"));
  EXPECT_THAT(problem_of("- { targets: [], label: x }\n", "t.yml"), HasSubstr("unknown key"));
  EXPECT_THAT(problem_of("- { targets: [], labels: { revision: 'a b' } }\n", "t.yml"),
              HasSubstr("labels.revision"));
}

}  // namespace
}  // namespace teal::config
