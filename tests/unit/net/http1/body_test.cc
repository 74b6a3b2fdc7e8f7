#include <string>

#include <gtest/gtest.h>

#include "net/http1/parser.h"

namespace teal::net {
namespace {

constexpr Framing kChunked{Framing::Kind::chunked, 0};

/// Content and outcome of a body that comes in one piece.
struct Outcome {
  std::string content;
  ParseEvent last = ParseEvent::need_more;
  Refusal refusal = Refusal::none;
  std::size_t consumed = 0;
};

Outcome read(Framing framing, std::string_view bytes, const Http1Limits& limits = {}) {
  Http1BodyParser parser;
  parser.start(framing, limits);
  Outcome outcome;
  for (;;) {
    const ParseStep step = parser.next(bytes);
    outcome.consumed += step.consumed;
    bytes.remove_prefix(step.consumed);
    outcome.content.append(step.body);
    outcome.last = step.event;
    if (step.event == ParseEvent::body) continue;
    outcome.refusal = parser.refusal();
    return outcome;
  }
}

TEST(BodyParser, HasNothingToReadWhereThereIsNoBody) {
  Http1BodyParser parser;
  parser.start({}, Http1Limits{});
  EXPECT_TRUE(parser.finished());
  const ParseStep step = parser.next("abc");
  EXPECT_EQ(step.event, ParseEvent::end);
  EXPECT_EQ(step.consumed, 0U);
}

TEST(BodyParser, CountsALengthDown) {
  Http1BodyParser parser;
  parser.start({Framing::Kind::length, 5}, Http1Limits{});
  EXPECT_EQ(parser.bytes_remaining(), 5U);
  EXPECT_EQ(parser.next("").event, ParseEvent::need_more);
  EXPECT_EQ(parser.next("abc").body, "abc");
  EXPECT_EQ(parser.bytes_remaining(), 2U);
  EXPECT_FALSE(parser.finished());
  EXPECT_FALSE(parser.end_at_eof());
  EXPECT_EQ(parser.next("defg").body, "de");
  EXPECT_TRUE(parser.finished());
  EXPECT_EQ(parser.next("fg").event, ParseEvent::end);
}

TEST(BodyParser, CountsWhatWentByWithoutBeingShown) {
  Http1BodyParser parser;
  parser.start({Framing::Kind::length, 100}, Http1Limits{});
  EXPECT_EQ(parser.next("abc").body, "abc");
  parser.skip(90);
  EXPECT_EQ(parser.bytes_remaining(), 7U);
  EXPECT_EQ(parser.next("d").body, "d");
  parser.skip(6);
  EXPECT_TRUE(parser.finished());
  EXPECT_EQ(parser.next("").event, ParseEvent::end);
}

TEST(BodyParser, PointsIntoTheInputInsteadOfCopying) {
  Http1BodyParser parser;
  parser.start(kChunked, Http1Limits{});
  const std::string_view input = "3\r\nabc\r\n0\r\n\r\n";
  const ParseStep step = parser.next(input);
  EXPECT_EQ(step.body.data(), input.data() + 3);
  EXPECT_EQ(step.consumed, 6U);
  EXPECT_EQ(parser.bytes_remaining(), 0U);
}

TEST(BodyParser, EndsWithTheConnectionWhereNothingElseEndsIt) {
  Http1BodyParser parser;
  parser.start({Framing::Kind::until_close, 0}, Http1Limits{});
  EXPECT_EQ(parser.next("0\r\n\r\n").body, "0\r\n\r\n");
  EXPECT_EQ(parser.next("").event, ParseEvent::need_more);
  EXPECT_FALSE(parser.finished());
  EXPECT_TRUE(parser.end_at_eof());
  EXPECT_EQ(parser.next("").event, ParseEvent::end);
}

TEST(BodyParser, TakesChunksOfUpTo63Bits) {
  Http1BodyParser parser;
  parser.start(kChunked, Http1Limits{});
  EXPECT_EQ(parser.next("7fffffffffffffff\r\nabc").body, "abc");
  EXPECT_EQ(read(kChunked, "0000000000000001\r\na\r\n0000000000000000\r\n\r\n").content, "a");
  EXPECT_EQ(read(kChunked, "8000000000000000\r\n").refusal, Refusal::chunk_size_malformed);
}

TEST(BodyParser, GivesTrailersWithTheirOffsetsInTheTrailerSection) {
  Http1BodyParser parser;
  parser.start(kChunked, Http1Limits{});
  const std::string_view input = "0\r\nX-Sum: 1\r\nServer-Timing: a\r\n\r\nrest";
  const ParseStep step = parser.next(input);
  ASSERT_EQ(step.event, ParseEvent::end);
  EXPECT_EQ(input.substr(step.consumed), "rest");
  ASSERT_EQ(parser.trailers().size(), 2U);
  EXPECT_EQ(parser.trailers().begin()->name_at, 0U);
  EXPECT_EQ(parser.trailers().find("server-timing")->value_size, 1U);
  EXPECT_EQ(parser.trailers().value(*parser.trailers().find("x-sum")), "1");
}

TEST(BodyLimits, ChunkLineMayBeExactlyAsLongAsAllowed) {
  Http1Limits limits;
  limits.chunk_line_bytes = 32;
  const auto body = [](std::size_t line) {
    return "1;" + std::string(line - 4, 'a') + "\r\nx\r\n0\r\n\r\n";
  };
  EXPECT_EQ(read(kChunked, body(32), limits).content, "x");
  EXPECT_EQ(read(kChunked, body(33), limits).refusal, Refusal::chunk_line_too_long);
  EXPECT_EQ(read(kChunked, "1;" + std::string(29, 'a'), limits).refusal, Refusal::none);
  EXPECT_EQ(read(kChunked, "1;" + std::string(30, 'a'), limits).refusal,
            Refusal::chunk_line_too_long);
}

TEST(BodyLimits, ExtensionsMayNotOutweighTheContentForLong) {
  const Http1Limits limits;
  const std::string heavy = "1;" + std::string(1000, 'a') + "\r\nx\r\n";
  std::string body;
  for (int i = 0; i < 10; ++i) body += heavy;
  EXPECT_EQ(read(kChunked, body + "0\r\n\r\n", limits).last, ParseEvent::end);
  for (int i = 0; i < 10; ++i) body += heavy;
  EXPECT_EQ(read(kChunked, body, limits).refusal, Refusal::chunk_line_too_long);
}

TEST(BodyLimits, SmallExtensionsAndSmallChunksMayGoOnForEver) {
  std::string signed_chunks;
  for (int i = 0; i < 10'000; ++i)
    signed_chunks += "64;sig=" + std::string(64, '0') + "\r\n" + std::string(100, 'x') + "\r\n";
  EXPECT_EQ(read(kChunked, signed_chunks + "0\r\n\r\n").last, ParseEvent::end);
  std::string single;
  for (int i = 0; i < 10'000; ++i) single += "1\r\nx\r\n";
  EXPECT_EQ(read(kChunked, single + "0\r\n\r\n").content, std::string(10'000, 'x'));
}

TEST(BodyLimits, TrailersMayBeExactlyAsLargeAndAsManyAsAllowed) {
  Http1Limits limits;
  limits.trailer_bytes = 64;
  limits.fields = 2;
  const auto section = [](std::size_t size) {
    return "0\r\nX: " + std::string(size - 7, 'a') + "\r\n\r\n";
  };
  EXPECT_EQ(read(kChunked, section(64), limits).last, ParseEvent::end);
  EXPECT_EQ(read(kChunked, section(65), limits).refusal, Refusal::trailers_too_large);
  EXPECT_EQ(read(kChunked, "0\r\nX: a\r\nX: b\r\n\r\n", limits).last, ParseEvent::end);
  EXPECT_EQ(read(kChunked, "0\r\nX: a\r\nX: b\r\nX: c\r\n\r\n", limits).refusal,
            Refusal::too_many_fields);
}

TEST(BodyParser, StaysRefused) {
  Http1BodyParser parser;
  parser.start(kChunked, Http1Limits{});
  EXPECT_EQ(parser.next("x").event, ParseEvent::refused);
  EXPECT_EQ(parser.next("0\r\n\r\n").event, ParseEvent::refused);
  EXPECT_FALSE(parser.finished());
  EXPECT_FALSE(parser.end_at_eof());
}

}  // namespace
}  // namespace teal::net
