#include "health/probe/http1_probe.h"

#include <gtest/gtest.h>

#include "tests/support/http1_response_vectors.h"

namespace teal::health {
namespace {

/// What becomes of these bytes, given one by one, and the connection's end behind them.
Http1Probe ask(std::string_view bytes, std::size_t most = 64 * 1024) {
  Http1Probe made(most);
  for (std::size_t i = 0; i < bytes.size() && !made.is_over(); ++i) made.feed(bytes.substr(i, 1));
  made.feed_end();
  return made;
}

TEST(Http1Probe, TakesWhatIsTakenOfTargetsThatAnswerClients) {
  for (const auto& each : net::testing::accepted_responses()) {
    if (each.method != net::Method::get) continue;
    const Http1Probe got = ask(each.bytes);
    EXPECT_EQ(got.failure(), "") << each.sentence;
    EXPECT_GE(got.status(), 200U) << each.sentence;
  }
}

TEST(Http1Probe, RefusesWhatIsRefusedOfTargetsThatAnswerClientsAndSaysWhy) {
  for (const auto& each : net::testing::refused_responses()) {
    if (each.method != net::Method::get) continue;
    EXPECT_EQ(ask(each.bytes).failure(),
              "the answer is not valid HTTP: " + std::string(net::explain(each.refusal)))
        << each.sentence;
  }
}

TEST(Http1Probe, TakesAStatusLineWithoutAReasonAndItsBlank) {
  EXPECT_EQ(ask("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").status(), 200U);
}

TEST(Http1Probe, TakesAHeadAsLargeAsClientsGet) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ";
  EXPECT_EQ(ask(head + std::string(60'000, 'x') + "\r\n\r\n").failure(), "");
  EXPECT_NE(ask(head + std::string(66'000, 'x') + "\r\n\r\n").failure(), "");
}

TEST(Http1Probe, IsOverWithSoMuchOfABody) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
  Http1Probe made(10);
  made.feed(head + "nine more");
  EXPECT_FALSE(made.is_over());
  made.feed("!");
  EXPECT_TRUE(made.is_over());
  EXPECT_EQ(made.failure(), "");
}

TEST(Http1Probe, SaysHowFarAnAnswerCameThatWasCut) {
  EXPECT_EQ(ask("").failure(), "connection closed without an answer");
  for (const char* bytes :
       {"H", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n"})
    EXPECT_EQ(ask(bytes).failure(), "connection closed before the answer was complete") << bytes;
}

}  // namespace
}  // namespace teal::health
