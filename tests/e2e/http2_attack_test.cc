// Attacks over HTTP/2, run on loopback: each costs Teal a bounded amount of memory and a counter,
// and a clean request is served right after. The list is that of CVE-2019-9511 to 9518, 2023-44487,
// 2024-27316, 2025-8671 and 2026-49975.
#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

#include <gtest/gtest.h>

namespace teal::e2e {
namespace {

constexpr std::uint32_t kEnhanceYourCalm = 11;
/// What an attack may cost; sanitizers keep what is freed.
const long kMaxKilobytes = kSanitized ? 400'000 : 16'000;

class Http2AttackTest : public testing::Test {
 protected:
  void start(const std::string& more_listener = {}, const std::string& more_service = {}) {
    ConfigText config = shop({target_.address()}, more_service);
    config.listeners = "public:\n  address: '127.0.0.1:0'\n" + more_listener;
    teal_ = std::make_unique<Teal>(config);
    EXPECT_EQ(Http2Client(teal_->listener()).get(1).status, "200");
    before_ = teal_->resident_kilobytes();
  }
  void expect_well() {
    EXPECT_LT(teal_->resident_kilobytes() - before_, kMaxKilobytes);
    EXPECT_EQ(Http2Client(teal_->listener()).get(1).status, "200");
  }
  /// The end of a client that begins streams of which each makes Teal send a reset, no more than 50
  /// at once.
  std::optional<std::uint32_t> go_away_after(
      const std::function<std::string(std::uint32_t)>& stream) {
    Http2Client client(teal_->listener());
    for (std::uint32_t next = 1; next < 6000;) {
      std::string bytes;
      for (int i = 0; i < 50; ++i, next += 2) bytes += stream(next);
      client.send(bytes);
      for (int resets = 0; resets < 50;) {
        const auto frame = client.next();
        if (!frame) return std::nullopt;
        if (frame->type == h2::kGoAway) return frame->error();
        resets += frame->type == h2::kReset ? 1 : 0;
      }
    }
    return std::nullopt;
  }
  bool counts(const std::string& rule, double least = 1) {
    return eventually([&] {
      return teal_->admin().metric("teal_requests_refused_total", "rule=\"" + rule + '"') >= least;
    });
  }

  Target target_;
  std::unique_ptr<Teal> teal_;
  long before_ = 0;
};

TEST_F(Http2AttackTest, RapidReset) {
  start();
  target_.set_latency(Millis{50});
  Http2Client client(teal_->listener());
  std::string bytes;
  for (std::uint32_t i = 0; i < 3000; ++i)
    bytes += h2::headers(2 * i + 1, h2::get()) + h2::reset(2 * i + 1);
  client.send(bytes);
  EXPECT_EQ(client.await_go_away(), kEnhanceYourCalm);
  EXPECT_TRUE(counts("http2_reset_flood"));
  target_.set_latency(Millis{0});
  expect_well();
}

// By a window beyond its end it works once: that ends the connection. MalformedRequestsWithoutEnd
// is the way that is left.
TEST_F(Http2AttackTest, MadeYouReset) {
  constexpr std::uint32_t kFlowControlError = 3;
  start();
  EXPECT_EQ(go_away_after([](std::uint32_t stream) {
              return h2::headers(stream, h2::get()) + h2::window_update(stream, 0x7fffffff);
            }),
            kFlowControlError);
  EXPECT_TRUE(counts("http2_protocol_error"));
  expect_well();
}

TEST_F(Http2AttackTest, MalformedRequestsWithoutEnd) {
  start();
  EXPECT_EQ(go_away_after([](std::uint32_t stream) {
              return h2::headers(stream, h2::get("/", {{"connection", "x"}}));
            }),
            kEnhanceYourCalm);
  EXPECT_TRUE(counts("http2_reset_flood"));
  EXPECT_EQ(target_.requests(), 1U);
  expect_well();
}

TEST_F(Http2AttackTest, MoreStreamsThanAllowed) {
  start("  http2: { concurrent_streams: 10 }\n");
  target_.on_request([](TargetConnection& connection, const SeenRequest&) { connection.stall(); });
  Http2Client client(teal_->listener());
  std::string bytes;
  for (std::uint32_t i = 0; i < 20; ++i) bytes += h2::headers(2 * i + 1, h2::get());
  client.send(bytes);
  EXPECT_TRUE(client.await_go_away());
  EXPECT_TRUE(counts("http2_protocol_error"));
  EXPECT_LE(target_.requests(), 11U);
  target_.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(200, "ok"));
  });
  expect_well();
}

TEST_F(Http2AttackTest, ContinuationFlood) {
  start();
  Http2Client client(teal_->listener());
  std::string bytes = h2::frame(h2::kHeaders, 0, 1, h2::hpack(h2::get()));
  const std::string junk =
      h2::hpack({{"x", std::string(8000, 'x')}, {"y", std::string(8000, 'y')}});
  for (int i = 0; i < 200; ++i) bytes += h2::frame(h2::kContinuation, 0, 1, junk);
  client.send(bytes);
  EXPECT_EQ(client.await_go_away(), kEnhanceYourCalm);
  EXPECT_TRUE(counts("http2_head_bomb"));
  expect_well();
}

TEST_F(Http2AttackTest, EmptyContinuationFlood) {
  start();
  Http2Client client(teal_->listener());
  std::string bytes = h2::frame(h2::kHeaders, 0, 1, h2::hpack(h2::get()));
  for (int i = 0; i < 20'000; ++i) bytes += h2::frame(h2::kContinuation, 0, 1);
  client.send(bytes);
  EXPECT_EQ(client.await_go_away(), kEnhanceYourCalm);
  EXPECT_TRUE(counts("http2_head_bomb"));
  expect_well();
}

/// One field of 4 KB in the table, referred to by one byte each.
TEST_F(Http2AttackTest, HpackBomb) {
  start();
  Http2Client client(teal_->listener());
  std::string block = h2::hpack(h2::get());
  block += '\x40' + h2::hpack_length(1) + "x" + h2::hpack_length(3900) + std::string(3900, 'b');
  block += std::string(10'000, '\xbe');
  client.send(h2::frame(h2::kHeaders, h2::kEndHeaders | h2::kEndStream, 1, block));
  EXPECT_EQ(client.await_go_away(), kEnhanceYourCalm);
  EXPECT_TRUE(counts("http2_head_bomb"));
  expect_well();
}

/// Empty cookie crumbs, one byte each, on streams that are then never read.
TEST_F(Http2AttackTest, CookieCrumbBombBehindAClosedWindow) {
  start();
  Http2Client client(teal_->listener(), {{4, 0}});
  std::string crumbs = h2::hpack(h2::get());
  crumbs += std::string(3000, '\xa0');
  std::string bytes;
  for (std::uint32_t i = 0; i < 100; ++i)
    bytes += h2::frame(h2::kHeaders, h2::kEndHeaders | h2::kEndStream, 2 * i + 1, crumbs);
  client.send(bytes);
  const auto answer = client.await(h2::kHeaders);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->field(":status"), "431");
  EXPECT_TRUE(counts("too_many_fields", 100));
  EXPECT_EQ(target_.requests(), 1U);
  expect_well();
}

struct Flood {
  const char* name;
  std::string frame;
};

class Http2FloodTest : public Http2AttackTest, public testing::WithParamInterface<Flood> {};

TEST_P(Http2FloodTest, EndsTheConnection) {
  start();
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::post(), false));
  std::string bytes;
  for (int i = 0; i < 20'000; ++i) bytes += GetParam().frame;
  client.send(bytes);
  EXPECT_EQ(client.await_go_away(), kEnhanceYourCalm);
  EXPECT_TRUE(counts("http2_frame_flood"));
  expect_well();
}

INSTANTIATE_TEST_SUITE_P(
    Frames, Http2FloodTest,
    testing::Values(Flood{"Settings", h2::settings()},
                    Flood{"SettingsThatChangeTheTable", h2::settings({{1, 0}, {1, 4096}})},
                    Flood{"Ping", h2::frame(h2::kPing, 0, 0, "12345678")},
                    Flood{"EmptyData", h2::frame(h2::kData, 0, 1)},
                    Flood{"PaddingOnly", h2::frame(h2::kData, 8, 1, std::string(1, '\0'))},
                    Flood{"Priority", h2::frame(h2::kPriority, 0, 1, h2::number(3, 4) + "\x10")},
                    Flood{"WindowUpdate", h2::window_update(0, 1)}),
    [](const auto& flood) { return flood.param.name; });

TEST_F(Http2AttackTest, PingsWhoseAnswersNobodyReads) {
  start("  timeouts: { keep_alive: 300ms }\n");
  Http2Client client(teal_->listener(), {}, 4096);
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += h2::frame(h2::kPing, 0, 0, "12345678");
  // Sooner or later Teal takes no more, and ends it.
  for (int i = 0; i < 50; ++i)
    if (!client.wire().send(bytes, Deadline{Millis{300}})) break;
  EXPECT_TRUE(
      eventually([&] { return teal_->admin().metric("teal_downstream_connections_active") == 0; }));
  expect_well();
}

/// Large answers on many streams whose windows open byte by byte, for ever.
TEST_F(Http2AttackTest, StreamsThatDripDieByTheirDeadline) {
  const std::string body(200'000, 'd');
  target_.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(200, body));
  });
  start("", "timeouts: { stream_idle: 400ms }\n");
  Http2Client client(teal_->listener(), {{4, 1}});
  std::string bytes;
  constexpr std::uint32_t kStreams = 60;
  for (std::uint32_t i = 0; i < kStreams; ++i) bytes += h2::headers(2 * i + 1, h2::get());
  client.send(bytes);
  std::size_t resets = 0;
  std::uint32_t dripped = 0;
  const Deadline deadline;
  while (resets < kStreams && !deadline.has_passed()) {
    const auto frame = client.next(Deadline{Millis{20}});
    if (frame && frame->type == h2::kReset) ++resets;
    if (frame && frame->type == h2::kData) continue;
    if (client.ended() == Arrival::closed || client.ended() == Arrival::reset) break;
    client.send(h2::window_update(2 * (dripped++ % kStreams) + 1, 1));
  }
  EXPECT_EQ(resets, kStreams);
  EXPECT_GE(teal_->admin().metric("teal_timeouts_total", "phase=\"stream\""), kStreams);
  target_.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(200, "ok"));
  });
  expect_well();
}

/// Small answers, complete but never taken.
TEST_F(Http2AttackTest, CompleteAnswersThatNobodyTakesAreThrownAway) {
  start("  timeouts: { keep_alive: 400ms }\n");
  Http2Client client(teal_->listener(), {{4, 0}});
  client.send(h2::headers(1, h2::get()));
  const auto head = client.await(h2::kHeaders);
  ASSERT_TRUE(head);
  for (int i = 0; i < 100; ++i) client.send(h2::window_update(0, 1));
  const auto reset = client.await(h2::kReset);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->error(), 8U) << "CANCEL";
  expect_well();
}

TEST_F(Http2AttackTest, AHeadThatDoesNotEndIsNotWaitedFor) {
  start("  timeouts: { request_header: 300ms }\n");
  Http2Client client(teal_->listener());
  ASSERT_EQ(client.get(1).status, "200");
  client.send(h2::frame(h2::kHeaders, h2::kEndStream, 3, h2::hpack(h2::get())));
  EXPECT_TRUE(client.await_go_away());
  EXPECT_GE(teal_->admin().metric("teal_timeouts_total", "phase=\"request_header\""), 1);
  expect_well();
}

TEST_F(Http2AttackTest, NothingBehindThePrefaceIsNotWaitedFor) {
  start("  timeouts: { request_header: 300ms }\n");
  Http2Client client(teal_->listener());
  EXPECT_TRUE(client.await_go_away());
  expect_well();
}

TEST_F(Http2AttackTest, BrokenFramesEndTheConnectionAndNothingElse) {
  start();
  for (const std::string& bytes :
       {h2::frame(h2::kData, 0, 1, "x"), h2::frame(h2::kSettings, 0, 1),
        h2::frame(h2::kPing, 0, 0, "1"), h2::headers(2, h2::get()),
        h2::frame(h2::kHeaders, h2::kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff"),
        h2::number(0xffffff, 3) + std::string(6, '\0')}) {
    Http2Client client(teal_->listener());
    client.send(bytes);
    const auto error = client.await_go_away();
    ASSERT_TRUE(error);
    EXPECT_NE(*error, 0U);
  }
  EXPECT_TRUE(counts("http2_protocol_error", 6));
  Wire wire = Wire::connect(teal_->listener());
  wire.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
  std::string rest;
  EXPECT_NE(wire.read_to_end(rest), Arrival::timeout);
  expect_well();
}

}  // namespace
}  // namespace teal::e2e
