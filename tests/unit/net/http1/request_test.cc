#include <string>

#include <gtest/gtest.h>

#include "net/http1/parser.h"
#include "tests/support/http1_driver.h"
#include "tests/support/http1_request_vectors.h"
#include "tests/support/http1_smuggling_vectors.h"

namespace teal::net::testing {
namespace {

/// The head of a request that must be accepted.
class ParsedHead {
 public:
  explicit ParsedHead(std::string bytes) : bytes_(std::move(bytes)), parser_(Http1Limits{}) {
    const ParseStep step = parser_.next(bytes_);
    EXPECT_EQ(step.event, ParseEvent::head) << to_string(parser_.refusal());
    EXPECT_EQ(step.consumed, parser_.head().size);
  }
  RequestHead* operator->() { return &parser_.head(); }
  std::string_view text(Slice piece) { return parser_.head().text(piece); }

 private:
  std::string bytes_;
  RequestParser parser_;
};

TEST(RequestParser, AcceptsWhatIsWellFormed) {
  for (const RequestVector& vector : accepted_requests()) {
    const Transcript transcript = read_requests({vector.bytes});
    EXPECT_EQ(transcript.refusal, Refusal::none)
        << vector.sentence << ": " << to_string(transcript.refusal);
    EXPECT_GE(transcript.ends, 1U) << vector.sentence;
    EXPECT_EQ(transcript.consumed, vector.bytes.size()) << vector.sentence;
  }
}

TEST(RequestParser, RefusesEachBrokenRuleByItsName) {
  for (const RequestVector& vector : refused_requests()) {
    const Transcript transcript = read_requests({vector.bytes});
    EXPECT_EQ(to_string(transcript.refusal), to_string(vector.refusal)) << vector.sentence;
    EXPECT_EQ(transcript.ends, 0U) << vector.sentence;
  }
}

TEST(RequestParser, LetsNoSmuggledRequestThrough) {
  for (const RequestVector& vector : smuggling_requests()) {
    const Transcript transcript = read_requests({vector.bytes});
    EXPECT_NE(transcript.refusal, Refusal::none) << vector.sentence;
    EXPECT_EQ(transcript.text.find("head GET /smuggled"), std::string::npos) << vector.sentence;
  }
}

TEST(RequestParser, TellsWhatAHeadSays) {
  ParsedHead head(
      "POST /a/b?c=d HTTP/1.1\r\nHost: Shop.Example:8080\r\nX:  y \r\n"
      "Content-Length: 12\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_EQ(head->method, Method::post);
  EXPECT_EQ(head.text(head->method_text), "POST");
  EXPECT_EQ(head.text(head->target), "/a/b?c=d");
  EXPECT_EQ(head->path(), "/a/b");
  EXPECT_EQ(head.text(head->authority), "Shop.Example:8080");
  EXPECT_EQ(head->minor_version, 1);
  EXPECT_TRUE(head->keep_alive);
  EXPECT_TRUE(head->expects_continue);
  EXPECT_EQ(head->framing, (Framing{Framing::Kind::length, 12}));
  ASSERT_EQ(head->fields.size(), 4U);
  const Field& odd = *(head->fields.begin() + 1);
  EXPECT_EQ(head->fields.name(odd), "X");
  EXPECT_EQ(head->fields.value(odd), "y");
  EXPECT_EQ(head->fields.line(odd), "X:  y \r\n");
  EXPECT_FALSE(odd.canonical);
  EXPECT_TRUE(head->fields.begin()->canonical);
}

TEST(RequestParser, KnowsTheMethodsByTheirExactLetters) {
  const std::pair<const char*, Method> methods[] = {
      {"GET", Method::get},         {"HEAD", Method::head},   {"POST", Method::post},
      {"PUT", Method::put},         {"PATCH", Method::patch}, {"DELETE", Method::delete_},
      {"OPTIONS", Method::options}, {"get", Method::other},   {"GETS", Method::other},
      {"PROPFIND", Method::other}};
  for (const auto& [text, method] : methods)
    EXPECT_EQ(ParsedHead(text + std::string(" / HTTP/1.1\r\nHost: a\r\n\r\n"))->method, method)
        << text;
}

TEST(RequestParser, CutsAnAbsoluteFormDownToOriginForm) {
  ParsedHead with_path("GET http://a.example/x?y HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_EQ(with_path.text(with_path->target), "/x?y");
  EXPECT_EQ(with_path.text(with_path->authority), "a.example");
  ParsedHead without_path("GET https://[::1]:1 HTTP/1.1\r\nHost: [::1]:1\r\n\r\n");
  EXPECT_EQ(without_path.text(without_path->target), "/");
  EXPECT_EQ(without_path.text(without_path->authority), "[::1]:1");
  ParsedHead without_host("GET http://a.example/ HTTP/1.0\r\n\r\n");
  EXPECT_EQ(without_host.text(without_host->authority), "a.example");
}

TEST(RequestParser, KeepsTheConnectionAsVersionAndConnectionSay) {
  const auto keeps = [](std::string_view version, std::string_view lines) {
    return ParsedHead("GET / HTTP/" + std::string(version) + "\r\nHost: a\r\n" +
                      std::string(lines) + "\r\n")
        ->keep_alive;
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_TRUE(keeps("1.1", "Connection: x-a, upgrade\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: x-a ,, CLOSE\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: x-a\r\nConnection: close\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: keep-alive, close\r\n"));
  EXPECT_TRUE(keeps("1.1", "Connection: closed\r\n"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Connection: Keep-Alive\r\n"));
  EXPECT_FALSE(keeps("1.0", "Connection: keep-alive\r\nConnection: close\r\n"));
}

TEST(RequestParser, KnowsWhetherConnectionNamesOtherFields) {
  const auto names = [](std::string_view lines) {
    return ParsedHead("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n")
        ->connection_names;
  };
  EXPECT_FALSE(names(""));
  EXPECT_FALSE(names("Connection: keep-alive\r\n"));
  EXPECT_FALSE(names("Connection: Close, , keep-alive\r\n"));
  EXPECT_TRUE(names("Connection: te\r\n"));
  EXPECT_TRUE(names("Connection: keep-alive, x-a\r\n"));
  EXPECT_TRUE(names("Connection: x-a, close\r\nConnection: keep-alive\r\n"));
}

TEST(RequestParser, KnowsNoExpectationOfHttp10) {
  const auto expects = [](const std::string& version) {
    return ParsedHead("POST / HTTP/" + version +
                      "\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n")
        ->expects_continue;
  };
  EXPECT_TRUE(expects("1.1"));
  EXPECT_FALSE(expects("1.0"));
}

TEST(RequestParser, ForgetsTheLastRequestWhenItStartsAgain) {
  const std::string bytes =
      post_with("Expect: 100-continue\r\nConnection: close\r\nContent-Length: 1\r\n", "a") +
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + chunked("0\r\nX: a\r\n\r\n") +
      get_with("");
  const Transcript all = read_requests({bytes});
  EXPECT_EQ(all.ends, 4U);
  EXPECT_NE(all.text.find("head GET / authority= 1.0 keep none\n"), std::string::npos) << all.text;
  EXPECT_NE(all.text.find("head GET / authority=a.example 1.1 keep none\n"), std::string::npos);
  EXPECT_EQ(all.text.substr(all.text.rfind("end\n")), "end\n");
}

TEST(RequestParser, IsBetweenMessagesUntilTheFirstByteOfAHead) {
  RequestParser parser{Http1Limits{}};
  EXPECT_TRUE(parser.is_between_messages());
  EXPECT_EQ(parser.next("\r").event, ParseEvent::need_more);
  EXPECT_TRUE(parser.is_between_messages());
  EXPECT_EQ(parser.next("\r\n").consumed, 2U);
  EXPECT_TRUE(parser.is_between_messages());
  EXPECT_EQ(parser.next("G").event, ParseEvent::need_more);
  EXPECT_FALSE(parser.is_between_messages());
  const std::string rest = get_with("");
  EXPECT_EQ(parser.next(rest).event, ParseEvent::head);
  EXPECT_FALSE(parser.is_between_messages());
  EXPECT_EQ(parser.next("").event, ParseEvent::end);
  parser.restart();
  EXPECT_TRUE(parser.is_between_messages());
}

TEST(RequestParser, StaysRefusedAndHoldsPipelinedBytesBack) {
  RequestParser broken{Http1Limits{}};
  EXPECT_EQ(broken.next("\n").event, ParseEvent::refused);
  const std::string request = get_with("");
  EXPECT_EQ(broken.next(request).event, ParseEvent::refused);
  EXPECT_EQ(broken.refusal(), Refusal::bare_lf);

  RequestParser done{Http1Limits{}};
  EXPECT_EQ(done.next(request).event, ParseEvent::head);
  EXPECT_EQ(done.next(request).event, ParseEvent::end);
  const ParseStep held = done.next(request);
  EXPECT_EQ(held.event, ParseEvent::end);
  EXPECT_EQ(held.consumed, 0U);
}

/// The refusal of a request under these limits.
Refusal refusal_under(const Http1Limits& limits, const std::string& bytes) {
  return read_requests({bytes}, limits).refusal;
}

TEST(RequestLimits, RequestLineMayBeExactlyAsLongAsAllowed) {
  Http1Limits limits;
  limits.start_line_bytes = 64;
  const std::string around = "GET / HTTP/1.1\r\n";
  const auto request = [&](std::size_t line) {
    return "GET /" + std::string(line - around.size(), 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  EXPECT_EQ(refusal_under(limits, request(64)), Refusal::none);
  EXPECT_EQ(refusal_under(limits, "\r\n" + request(64)), Refusal::none);
  EXPECT_EQ(refusal_under(limits, request(65)), Refusal::request_line_too_long);
  EXPECT_EQ(refusal_under(limits, "\r\n" + request(65)), Refusal::request_line_too_long);
  EXPECT_EQ(refusal_under(limits, std::string(63, 'A')), Refusal::none);
  EXPECT_EQ(refusal_under(limits, std::string(64, 'A')), Refusal::request_line_too_long);
}

TEST(RequestLimits, HeadMayBeExactlyAsLargeAsAllowed) {
  Http1Limits limits;
  limits.head_bytes = 200;
  const std::size_t rest = get_with("X: \r\n").size();
  const auto request = [&](std::size_t head) {
    return get_with("X: " + std::string(head - rest, 'a') + "\r\n");
  };
  EXPECT_EQ(request(200).size(), 200U);
  EXPECT_EQ(refusal_under(limits, request(200)), Refusal::none);
  EXPECT_EQ(refusal_under(limits, request(201)), Refusal::head_too_large);
  // An empty line before it does not count, consumed or not.
  EXPECT_EQ(refusal_under(limits, "\r\n" + request(200)), Refusal::none);
  EXPECT_EQ(refusal_under(limits, "\r\n" + request(201)), Refusal::head_too_large);
  EXPECT_EQ(read_requests({"\r\n", request(200)}, limits).refusal, Refusal::none);
  EXPECT_EQ(read_requests({"\r\n", request(201)}, limits).refusal, Refusal::head_too_large);
  EXPECT_EQ(refusal_under(limits, request(200).substr(0, 199)), Refusal::none);
  // The request line has its own limit only where it is the smaller one.
  EXPECT_EQ(refusal_under(limits, std::string(200, 'A')), Refusal::head_too_large);
}

TEST(RequestLimits, FieldsMayBeExactlyAsManyAsAllowed) {
  Http1Limits limits;
  limits.fields = 3;
  EXPECT_EQ(refusal_under(limits, get_with("X: a\r\nX: b\r\n")), Refusal::none);
  EXPECT_EQ(refusal_under(limits, get_with("X: a\r\nX: b\r\nX: c\r\n")), Refusal::too_many_fields);
}

TEST(RequestLimits, NamesAreRefusedBeforeTheirSizeOverflows) {
  Http1Limits limits;
  limits.head_bytes = 200'000;
  EXPECT_EQ(refusal_under(limits, get_with(std::string(65'535, 'a') + ": b\r\n")), Refusal::none);
  EXPECT_EQ(refusal_under(limits, get_with(std::string(65'536, 'a') + ": b\r\n")),
            Refusal::head_too_large);
}

TEST(RequestLimits, LengthsMayBeAsLargeAs63Bits) {
  ParsedHead head(post_with("Content-Length: 9223372036854775807\r\n"));
  EXPECT_EQ(head->framing.length, 9'223'372'036'854'775'807U);
}

}  // namespace
}  // namespace teal::net::testing
