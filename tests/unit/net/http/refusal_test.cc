#include "net/http/refusal.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace teal::net {
namespace {

TEST(Refusal, HasANameOfItsOwnThatFitsIntoAMetric) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kRefusals; ++i) {
    const std::string_view name = to_string(static_cast<Refusal>(i));
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
              std::string_view::npos)
        << name;
  }
  EXPECT_EQ(to_string(Refusal::content_length_repeated), "content_length_repeated");
  EXPECT_EQ(to_string(Refusal::bytes_after_message), "bytes_after_message");
}

TEST(Refusal, EarnsTheStatusThatItsRuleIsWrittenFor) {
  const std::set<Refusal> too_large = {Refusal::head_too_large, Refusal::too_many_fields,
                                       Refusal::trailers_too_large, Refusal::http2_head_bomb};
  const std::set<Refusal> not_implemented = {Refusal::method_unsupported,
                                             Refusal::protocol_unsupported,
                                             Refusal::transfer_encoding_unknown};
  for (std::size_t i = 0; i < kRefusals; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    std::uint16_t status = 400;
    if (refusal == Refusal::version_unsupported) status = 505;
    if (refusal == Refusal::request_line_too_long) status = 414;
    if (refusal == Refusal::expectation_unknown) status = 417;
    if (too_large.contains(refusal)) status = 431;
    if (not_implemented.contains(refusal)) status = 501;
    EXPECT_EQ(status_of(refusal), status) << to_string(refusal);
  }
}

TEST(Refusal, IsExplainedInOneSentence) {
  std::set<std::string_view> sentences;
  for (std::size_t i = 0; i < kRefusals; ++i) {
    const std::string_view sentence = explain(static_cast<Refusal>(i));
    ASSERT_GT(sentence.size(), 10U);
    EXPECT_EQ(sentence.back(), '.') << sentence;
    EXPECT_TRUE(sentence.front() >= 'A' && sentence.front() <= 'Z') << sentence;
    EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
  }
}

}  // namespace
}  // namespace teal::net
