// Every vector, cut at every byte: what a parser says must not depend on how the bytes come in.
#include <string>

#include <gtest/gtest.h>

#include "tests/support/http1_driver.h"
#include "tests/support/http1_request_vectors.h"
#include "tests/support/http1_response_vectors.h"
#include "tests/support/http1_smuggling_vectors.h"

namespace teal::net::testing {
namespace {

/// Compares one piece, two pieces cut anywhere, and single bytes.
template <class Read>
void expect_same_however_split(const std::string& bytes, std::string_view sentence, Read read) {
  const Transcript whole = read({std::string_view{bytes}});
  const std::string_view view{bytes};
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const Transcript halves = read({view.substr(0, cut), view.substr(cut)});
    ASSERT_TRUE(halves == whole) << sentence << ", cut at " << cut << "\nin one piece:\n"
                                 << whole.text << "in two:\n"
                                 << halves.text;
  }
  const Transcript singles = read(single_bytes(bytes));
  ASSERT_TRUE(singles == whole) << sentence << "\nin one piece:\n"
                                << whole.text << "byte by byte:\n"
                                << singles.text;
}

void expect_same_requests(const std::vector<RequestVector>& vectors,
                          const Http1Limits& limits = {}) {
  for (const RequestVector& vector : vectors)
    expect_same_however_split(vector.bytes, vector.sentence,
                              [&limits](const std::vector<std::string_view>& pieces) {
                                return read_requests(pieces, limits);
                              });
}

void expect_same_responses(const std::vector<ResponseVector>& vectors) {
  for (const ResponseVector& vector : vectors)
    expect_same_however_split(vector.bytes, vector.sentence,
                              [&vector](const std::vector<std::string_view>& pieces) {
                                return read_response(pieces, vector.method);
                              });
}

TEST(SplitRequests, AnEmptyLineBeforeARequestIsOneWhetherItComesAloneOrNot) {
  EXPECT_EQ(read_requests({"\r\n0"}), read_requests({"\r\n", "0"}));
}

TEST(SplitRequests, AreAcceptedAlike) {
  expect_same_requests(accepted_requests());
}

TEST(SplitRequests, AreRefusedAlike) {
  expect_same_requests(refused_requests());
}

TEST(SplitRequests, SmuggleNothing) {
  expect_same_requests(smuggling_requests());
}

TEST(SplitRequests, MeetTheirLimitsAtTheSameByte) {
  Http1Limits limits;
  limits.start_line_bytes = 40;
  limits.head_bytes = 80;
  limits.fields = 3;
  limits.chunk_line_bytes = 12;
  limits.trailer_bytes = 24;
  expect_same_requests(accepted_requests(), limits);
  expect_same_requests(refused_requests(), limits);
}

TEST(SplitResponses, AreAcceptedAlike) {
  expect_same_responses(accepted_responses());
}

TEST(SplitResponses, AreRefusedAlike) {
  expect_same_responses(refused_responses());
}

TEST(PipelinedRequests, ComeOutOneAfterAnother) {
  std::string bytes;
  std::string expected;
  std::size_t messages = 0;
  for (const RequestVector& vector : accepted_requests()) {
    bytes += vector.bytes;
    const Transcript alone = read_requests({vector.bytes});
    expected += alone.text;
    messages += alone.ends;
  }
  const Transcript together = read_requests({bytes});
  EXPECT_EQ(together.text, expected);
  EXPECT_EQ(together.ends, messages);
  EXPECT_EQ(together.consumed, bytes.size());
  EXPECT_TRUE(read_requests(single_bytes(bytes)) == together);
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 7)
    ASSERT_TRUE(read_requests({std::string_view(bytes).substr(0, cut),
                               std::string_view(bytes).substr(cut)}) == together)
        << cut;
}

TEST(PipelinedRequests, EndAtTheFirstRefusal) {
  for (const RequestVector& vector : refused_requests()) {
    const Transcript all = read_requests({get_with("") + vector.bytes + get_with("X: never\r\n")});
    EXPECT_EQ(to_string(all.refusal), to_string(vector.refusal)) << vector.sentence;
    EXPECT_EQ(all.ends, 1U) << vector.sentence;
    EXPECT_EQ(all.text.find("never"), std::string::npos) << vector.sentence;
  }
}

TEST(TricklingHeads, AreNotScannedAgainWithEveryByte) {
  // A megabyte in single bytes: were each call to look at all of it again, this would be 5 * 10^11
  // byte comparisons and run into the test's time limit.
  Http1Limits limits;
  limits.head_bytes = 2'000'000;
  const std::string bytes = get_with("X: " + std::string(1'000'000, 'a') + "\r\n");
  RequestParser parser{limits};
  for (std::size_t size = 1; size < bytes.size(); ++size)
    ASSERT_EQ(parser.next({bytes.data(), size}).event, ParseEvent::need_more);
  EXPECT_EQ(parser.next(bytes).event, ParseEvent::head);
}

}  // namespace
}  // namespace teal::net::testing
