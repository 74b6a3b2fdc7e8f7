// What an Http2Session writes: messages, windows, ends.
#include <algorithm>

#include "tests/support/http2_driver.h"

namespace teal::net::testing {
namespace {

const Http2FieldSection kOk = section_of("server: x\r\nX-Mixed: Y\r\nempty: \r\n");

class Http2SessionTest : public ::testing::Test {
 protected:
  Http2SessionTest() { begin({}); }

  void begin(const Http2Limits& limits,
             const std::vector<std::pair<int, std::uint32_t>>& settings = {}) {
    driver_ = std::make_unique<Http2ServerDriver>(limits);
    driver_->feed(h2::kPreface + h2::settings(settings));
    driver_->feed(h2::frame(h2::kSettings, h2::kAck, 0));
    driver_->frames();
  }
  Http2ServerDriver::Stream& ask(std::uint32_t id, bool ends = true) {
    driver_->feed(h2::headers(id, ends ? h2::get() : h2::post(), ends));
    return *driver_->streams.back();
  }
  Http2Session& session() { return *driver_->session; }
  std::vector<h2::Frame> frames() {
    driver_->write();
    return driver_->frames();
  }
  static std::string body_of(const std::vector<h2::Frame>& frames) {
    std::string body;
    for (const h2::Frame& frame : frames)
      if (frame.type == h2::kData) body += frame.payload;
    return body;
  }

  std::unique_ptr<Http2ServerDriver> driver_;
};

TEST_F(Http2SessionTest, WritesAHeadAndItsBodyAsOneAnswer) {
  auto& stream = ask(1);
  session().send_head(stream, 200, kOk, false);
  session().send_body(stream, "hello ", driver_->output);
  session().send_body(stream, "world", driver_->output);
  session().send_end(stream);
  const auto sent = frames();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].fields,
            (h2::Lines{{":status", "200"}, {"server", "x"}, {"x-mixed", "Y"}, {"empty", ""}}));
  EXPECT_EQ(sent[1].payload, "hello world");
  EXPECT_TRUE(sent[1].ends());
  EXPECT_TRUE(stream.is_over);
}

TEST_F(Http2SessionTest, LeavesOutWhatIsOfHttp1Only) {
  auto& stream = ask(1);
  session().send_head(stream, 200,
                      section_of("connection: close\r\ntransfer-encoding: chunked\r\n"
                                 "keep-alive: 5\r\nupgrade: x\r\nproxy-connection: x\r\na: b\r\n"),
                      true);
  const auto sent = frames();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].fields, (h2::Lines{{":status", "200"}, {"a", "b"}}));
  EXPECT_TRUE(sent[0].ends());
}

TEST_F(Http2SessionTest, WritesTrailersBehindTheBody) {
  auto& stream = ask(1);
  session().send_head(stream, 200, kOk, false);
  session().send_body(stream, "x", driver_->output);
  session().send_trailers(stream, section_of("x-sum: 1\r\n"));
  const auto sent = frames();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_FALSE(sent[1].ends());
  EXPECT_EQ(sent[2].fields, (h2::Lines{{"x-sum", "1"}}));
  EXPECT_TRUE(sent[2].ends());
}

TEST_F(Http2SessionTest, KeepsToTheWindowsOfThePeer) {
  begin({}, {{4, 10}});
  auto& stream = ask(1);
  session().send_head(stream, 200, kOk, false);
  session().send_body(stream, std::string(25, 'b'), driver_->output);
  session().send_end(stream);
  EXPECT_EQ(body_of(frames()).size(), 10U);
  EXPECT_EQ(stream.waiting(), 15U);
  driver_->feed(h2::window_update(1, 14));
  EXPECT_EQ(body_of(driver_->frames()).size(), 14U);
  driver_->feed(h2::window_update(1, 1));
  const auto last = driver_->frames();
  EXPECT_EQ(body_of(last).size(), 1U);
  EXPECT_TRUE(last.back().ends());
}

TEST_F(Http2SessionTest, LargePiecesAreFramedAtOnceAndTheRestIsKept) {
  begin({}, {{4, 1'000'000}});
  driver_->feed(h2::window_update(0, 1'000'000));
  auto& stream = ask(1);
  session().send_head(stream, 200, kOk, false);
  const std::string body(100'000, 'l');
  session().send_body(stream, body, driver_->output);
  EXPECT_EQ(stream.waiting(), 0U);
  EXPECT_EQ(body_of(driver_->frames()), body);
  driver_->output.room = 30'000;
  session().send_body(stream, body, driver_->output);
  EXPECT_LE(driver_->output.text.size(), 30'000U + 16'384 + 9);
  EXPECT_GE(stream.waiting(), 50'000U);
  std::string rest = body_of(driver_->frames());
  driver_->output.room = std::string::npos;
  rest += body_of(frames());
  EXPECT_EQ(rest, body);
}

TEST_F(Http2SessionTest, OpensItsWindowOnlyForWhatIsUsedUp) {
  driver_->consumes = false;
  auto& stream = ask(1, false);
  std::size_t sent = 0;
  for (; sent + 16'384 <= 65'536; sent += 16'384)
    driver_->feed(h2::frame(h2::kData, 0, 1, std::string(16'384, 'u')));
  EXPECT_TRUE(driver_->frames().empty());
  session().consume(stream, 40'000);
  const auto opened = frames();
  ASSERT_FALSE(opened.empty());
  EXPECT_EQ(opened[0].type, h2::kWindowUpdate);
  driver_->feed(h2::frame(h2::kData, 0, 1, std::string(16'384, 'u')) +
                h2::frame(h2::kData, 0, 1, std::string(16'384, 'u')) +
                h2::frame(h2::kData, 0, 1, std::string(16'384, 'u')));
  const auto reset = driver_->frames();
  ASSERT_TRUE(std::ranges::any_of(reset, [](const h2::Frame& frame) {
    return frame.type == h2::kReset && frame.error() == 3;
  })) << "FLOW_CONTROL_ERROR for more than the window";
}

TEST_F(Http2SessionTest, AnEarlyAnswerIsFollowedByAResetWithoutError) {
  auto& stream = ask(1, false);
  session().send_head(stream, 200, kOk, false);
  session().send_body(stream, "no", driver_->output);
  session().send_end(stream);
  const auto sent = frames();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_TRUE(sent[1].ends());
  EXPECT_EQ(sent[2].type, h2::kReset);
  EXPECT_EQ(sent[2].error(), 0U);
  EXPECT_TRUE(stream.is_over);
}

TEST_F(Http2SessionTest, AResetDropsWhatWaits) {
  begin({}, {{4, 0}});
  auto& stream = ask(1);
  session().send_head(stream, 200, kOk, false);
  session().send_body(stream, "never", driver_->output);
  frames();
  session().reset(stream, Http2Error::internal);
  session().send_body(stream, "more", driver_->output);
  session().send_end(stream);
  const auto sent = frames();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].type, h2::kReset);
  EXPECT_EQ(sent[0].error(), 2U);
  EXPECT_TRUE(stream.is_over);
}

TEST_F(Http2SessionTest, ShutsDownInTwoSteps) {
  auto& stream = ask(1);
  session().start_shutdown();
  const auto first = frames();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(
      first[0].type == h2::kGoAway ? first[0].payload.substr(0, 4) : first[1].payload.substr(0, 4),
      "\x7f\xff\xff\xff");
  ask(3);
  driver_->feed(h2::frame(h2::kPing, h2::kAck, 0, std::string(8, '\0')));
  const auto second = driver_->frames();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].payload.substr(0, 4), std::string("\0\0\0\3", 4));
  EXPECT_FALSE(session().is_over());
  session().send_head(stream, 200, kOk, true);
  session().send_head(*driver_->streams[1], 200, kOk, true);
  EXPECT_EQ(frames().size(), 2U);
  EXPECT_TRUE(session().is_over());
}

TEST_F(Http2SessionTest, CountsFieldsBeforeItJoinsOrDropsAny) {
  Http2Limits limits;
  limits.fields = 10;
  limits.head_bytes = 1000;
  begin(limits);
  h2::Lines crumbs(11, {"cookie", "a=b"});
  driver_->feed(h2::headers(1, h2::get("/", crumbs)));
  // 32 bytes for each field, whatever little is in it.
  driver_->feed(h2::headers(3, h2::get("/", {{"x", std::string(800, 'x')}})));
  driver_->feed(h2::headers(5, h2::get("/", {{"x", std::string(700, 'x')}})));
  ASSERT_EQ(driver_->streams.size(), 3U);
  EXPECT_NE(driver_->streams[0]->said.find("answer with too_many_fields"), std::string::npos);
  EXPECT_NE(driver_->streams[1]->said.find("answer with head_too_large"), std::string::npos);
  EXPECT_EQ(driver_->streams[2]->said.find("answer with"), std::string::npos);
}

TEST_F(Http2SessionTest, AClientThatCancelsNowAndThenIsNotPunished) {
  for (std::uint32_t i = 0; i < 5000; ++i) {
    driver_->feed(h2::headers(2 * i + 1, h2::get()) + h2::reset(2 * i + 1));
    driver_->now += Millis{25};
  }
  EXPECT_EQ(session().fault(), Refusal::none);
}

TEST_F(Http2SessionTest, TrailersForARequestThatWasResetMayStillBeUnderWay) {
  auto& stream = ask(1, false);
  session().reset(stream, Http2Error::cancel);
  driver_->write();
  driver_->feed(h2::headers(1, {{"x-sum", "1"}}));
  EXPECT_EQ(session().fault(), Refusal::none);
}

TEST_F(Http2SessionTest, OnlyTheLastOfTheRequestsThatWereResetAreRemembered) {
  constexpr std::uint32_t kRemembered = 128;
  for (std::uint32_t i = 0; i <= kRemembered; ++i) {
    session().reset(ask(2 * i + 1, false), Http2Error::cancel);
    driver_->write();
  }
  driver_->feed(h2::headers(3, {{"x-sum", "1"}}));
  EXPECT_EQ(session().fault(), Refusal::none);
  driver_->feed(h2::headers(1, {{"x-sum", "1"}}));
  EXPECT_EQ(session().fault(), Refusal::http2_protocol_error);
}

TEST(TokenBucket, GivesABurstAndThenItsRate) {
  TokenBucket bucket(10, 100);
  Mono now{Millis{5}};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now));
  now += Millis{30};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now));
  bucket.give(1);
  EXPECT_TRUE(bucket.take(now));
  now += std::chrono::hours{1};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now));
}

}  // namespace
}  // namespace teal::net::testing
