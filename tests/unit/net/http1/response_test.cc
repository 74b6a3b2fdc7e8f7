#include <string>

#include <gtest/gtest.h>

#include "net/http1/parser.h"
#include "tests/support/http1_driver.h"
#include "tests/support/http1_response_vectors.h"

namespace teal::net::testing {
namespace {

TEST(ResponseParser, AcceptsWhatIsWellFormed) {
  for (const ResponseVector& vector : accepted_responses()) {
    const Transcript transcript = read_response({vector.bytes}, vector.method);
    EXPECT_EQ(transcript.refusal, Refusal::none)
        << vector.sentence << ": " << to_string(transcript.refusal);
    EXPECT_EQ(transcript.ends, 1U) << vector.sentence;
    EXPECT_EQ(transcript.consumed, vector.bytes.size()) << vector.sentence;
  }
}

TEST(ResponseParser, RefusesEachBrokenRuleByItsName) {
  for (const ResponseVector& vector : refused_responses()) {
    const Transcript transcript = read_response({vector.bytes}, vector.method);
    EXPECT_EQ(to_string(transcript.refusal), to_string(vector.refusal)) << vector.sentence;
    EXPECT_EQ(transcript.ends, 0U) << vector.sentence;
  }
}

/// What is written down about the response's last head.
std::string last_head(const std::string& bytes, Method method = Method::get) {
  const std::string text = read_response({bytes}, method).text;
  const std::size_t at = text.rfind("head ");
  return at == std::string::npos ? text : text.substr(at, text.find('\n', at) - at);
}

TEST(ResponseParser, TellsHowTheBodyEnds) {
  EXPECT_EQ(last_head(ok_with("Content-Length: 2\r\n", "ab")), "head 200 OK 1.1 keep length 2");
  EXPECT_EQ(last_head(ok_with("Transfer-Encoding: chunked\r\n", "0\r\n\r\n")),
            "head 200 OK 1.1 keep chunked");
  EXPECT_EQ(last_head(ok_with("", "ab")), "head 200 OK 1.1 close until_close");
  EXPECT_EQ(last_head("HTTP/1.0 200 OK\r\n\r\nab"), "head 200 OK 1.0 close until_close");
  EXPECT_EQ(last_head("HTTP/1.1 204\r\n\r\n"), "head 204  1.1 keep none");
  EXPECT_EQ(last_head("HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n"), "head 304  1.1 keep none");
  EXPECT_EQ(last_head(ok_with("Content-Length: 9\r\n"), Method::head), "head 200 OK 1.1 keep none");
  EXPECT_EQ(last_head(ok_with("Connection: close\r\nContent-Length: 0\r\n")),
            "head 200 OK 1.1 close length 0");
}

TEST(ResponseParser, GivesEveryInterimHeadBeforeTheFinalOne) {
  const Transcript all =
      read_response({"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"});
  EXPECT_EQ(all.text,
            "head 100 Continue 1.1 keep none\n"
            "head 103 Early Hints 1.1 keep none\n  Link=[</a>] canonical\n"
            "head 200 OK 1.1 keep length 2\n  Content-Length=[2] canonical\n"
            "body [ab]\nend\n");
}

TEST(ResponseParser, TakesOnlySoManyInterimHeads) {
  std::string interims;
  for (std::uint32_t i = 0; i < ResponseParser::kMaxInterims; ++i)
    interims += "HTTP/1.1 102 Processing\r\n\r\n";
  const std::string last = ok_with("Content-Length: 0\r\n");
  EXPECT_EQ(read_response({interims + last}).refusal, Refusal::none);
  EXPECT_EQ(read_response({interims + "HTTP/1.1 102 Processing\r\n\r\n" + last}).refusal,
            Refusal::head_too_large);
}

TEST(ResponseParser, CountsAnythingCutShortAsNoEnd) {
  for (const std::string& bytes :
       {std::string{}, std::string{"HTTP/1.1 200 OK\r\n"}, std::string{"HTTP/1.1 100 \r\n\r\n"},
        ok_with("Content-Length: 3\r\n", "ab"), ok_with("Transfer-Encoding: chunked\r\n"),
        ok_with("Transfer-Encoding: chunked\r\n", "2\r\nab"),
        ok_with("Transfer-Encoding: chunked\r\n", "0\r\n"),
        ok_with("Transfer-Encoding: chunked\r\n", "0\r\nX: a\r\n")}) {
    const Transcript cut = read_response({bytes});
    EXPECT_EQ(cut.ends, 0U) << bytes;
    EXPECT_EQ(cut.refusal, Refusal::none) << bytes;
  }
  ResponseParser parser{Http1Limits{}};
  parser.expect(Method::get);
  EXPECT_EQ(parser.at_eof().event, ParseEvent::need_more);
  EXPECT_EQ(parser.next("\n").event, ParseEvent::refused);
  EXPECT_EQ(parser.at_eof().event, ParseEvent::refused);
}

TEST(ResponseParser, LeavesBytesBehindTheMessageAlone) {
  ResponseParser parser{Http1Limits{}};
  parser.expect(Method::get);
  const std::string head = ok_with("Content-Length: 2\r\n");
  EXPECT_EQ(parser.next(head).event, ParseEvent::head);
  EXPECT_EQ(parser.bytes_remaining(), 2U);
  const ParseStep body = parser.next("abHTTP/1.1");
  EXPECT_EQ(body.body, "ab");
  EXPECT_EQ(body.consumed, 2U);
  EXPECT_EQ(parser.bytes_remaining(), 0U);
  const ParseStep end = parser.next("HTTP/1.1");
  EXPECT_EQ(end.event, ParseEvent::end);
  EXPECT_EQ(end.consumed, 0U);
  EXPECT_EQ(parser.next("").event, ParseEvent::need_more);
  EXPECT_EQ(parser.next("HTTP/1.1").event, ParseEvent::refused);
  EXPECT_EQ(parser.refusal(), Refusal::bytes_after_message);
}

TEST(ResponseParser, ReadsOneResponseAfterAnother) {
  ResponseParser parser{Http1Limits{}};
  const std::string first = ok_with("Transfer-Encoding: chunked\r\n", "0\r\nX: a\r\n\r\n");
  parser.expect(Method::get);
  const ParseStep head = parser.next(first);
  EXPECT_EQ(parser.next(std::string_view(first).substr(head.consumed)).event, ParseEvent::end);
  EXPECT_EQ(parser.trailers().size(), 1U);
  const std::string second = ok_with("Content-Length: 5\r\n");
  parser.expect(Method::head);
  EXPECT_EQ(parser.next(second).event, ParseEvent::head);
  EXPECT_EQ(parser.head().fields.size(), 1U);
  EXPECT_EQ(parser.next("").event, ParseEvent::end);
  EXPECT_TRUE(parser.trailers().empty());
}

TEST(ResponseParser, TakesA101WhereOneWasAskedForAndReadsOnAsItComes) {
  const std::string early = "HTTP/1.1 103 Early Hints\r\n\r\n";
  const std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
  ResponseParser parser{Http1Limits{}};
  parser.expect(Method::get, true);
  EXPECT_EQ(parser.next(early + head).consumed, early.size());
  const ParseStep step = parser.next(head + "\x81\x02hi");
  EXPECT_EQ(step.event, ParseEvent::head);
  EXPECT_EQ(step.consumed, head.size());
  EXPECT_FALSE(parser.head().is_interim());
  EXPECT_FALSE(parser.head().keep_alive);
  EXPECT_EQ(parser.next("\x81\x02hi").body, "\x81\x02hi");
  EXPECT_EQ(parser.next("HTTP/1.1 200 OK\r\n\r\n").body, "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(parser.at_eof().event, ParseEvent::end);
  ResponseParser unasked{Http1Limits{}};
  unasked.expect(Method::get);
  EXPECT_EQ(unasked.next(head).event, ParseEvent::refused);
  EXPECT_EQ(unasked.refusal(), Refusal::upgrade_unrequested);
}

TEST(ResponseParser, DropsWhatA101SaysOfABody) {
  for (const std::string lines :
       {"Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n",
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"}) {
    ResponseParser parser{Http1Limits{}};
    parser.expect(Method::get, true);
    const std::string head =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\n" + lines + "\r\n";
    EXPECT_EQ(parser.next(head + "abcd").consumed, head.size()) << lines;
    EXPECT_EQ(parser.head().fields.size(), 1U) << lines;
    EXPECT_EQ(parser.head().framing.kind, Framing::Kind::until_close) << lines;
    EXPECT_EQ(parser.next("abcd").body, "abcd") << lines;
  }
}

TEST(ResponseLimits, HeadAndFieldsMayBeExactlyAsLargeAsAllowed) {
  Http1Limits limits;
  limits.start_line_bytes = 32;
  limits.head_bytes = 100;
  limits.fields = 2;
  const auto refusal = [&limits](const std::string& bytes) {
    return read_response({bytes}, Method::head, limits).refusal;
  };
  const std::string line = "HTTP/1.1 200 ";
  EXPECT_EQ(refusal(line + std::string(32 - 2 - line.size(), 'a') + "\r\n\r\n"), Refusal::none);
  EXPECT_EQ(refusal(line + std::string(33 - 2 - line.size(), 'a') + "\r\n\r\n"),
            Refusal::head_too_large);
  const std::size_t rest = ok_with("X: \r\n").size();
  EXPECT_EQ(refusal(ok_with("X: " + std::string(100 - rest, 'a') + "\r\n")), Refusal::none);
  EXPECT_EQ(refusal(ok_with("X: " + std::string(101 - rest, 'a') + "\r\n")),
            Refusal::head_too_large);
  EXPECT_EQ(refusal(ok_with("X: a\r\nX: b\r\n")), Refusal::none);
  EXPECT_EQ(refusal(ok_with("X: a\r\nX: b\r\nX: c\r\n")), Refusal::too_many_fields);
}

}  // namespace
}  // namespace teal::net::testing
