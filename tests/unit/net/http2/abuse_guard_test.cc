// Each rule of docs/adr/0014 on what a peer may cost, without nghttp2.
#include "net/http2/abuse_guard.h"

#include <gtest/gtest.h>

namespace teal::net {
namespace {

using Guard = Http2AbuseGuard;
using Peer = Guard::Peer;
using Type = Http2FrameType;
using Violation = Guard::Violation;

constexpr Violation kFrameFlood{Refusal::http2_frame_flood, Http2Error::enhance_your_calm};
constexpr Violation kResetFlood{Refusal::http2_reset_flood, Http2Error::enhance_your_calm};
constexpr Violation kProtocol{Refusal::http2_protocol_error, Http2Error::protocol};
constexpr Violation kStreamClosed{Refusal::http2_protocol_error, Http2Error::stream_closed};
constexpr Violation kFlowControl{Refusal::http2_protocol_error, Http2Error::flow_control};
constexpr Http2Limits kLimits{.reset_burst = 10, .resets_per_second = 5};

class Http2AbuseGuardTest : public ::testing::Test {
 protected:
  std::optional<Violation> client_frame(const Guard::Frame& frame, bool is_known = true) {
    return of_client.on_frame(frame, is_known, now);
  }
  std::optional<Violation> server_frame(const Guard::Frame& frame, bool is_known = true) {
    return of_server.on_frame(frame, is_known, now);
  }
  /// How many of such frames a client may send before one is too many; at most `most`.
  std::size_t free_frames(const Guard::Frame& frame, std::size_t most) {
    std::size_t sent = 0;
    while (sent < most && !client_frame(frame)) ++sent;
    return sent;
  }

  Guard of_client{Peer::client, kLimits};
  Guard of_server{Peer::server, kLimits};
  Mono now{std::chrono::hours(1)};
};

// ---- frames that carry nothing ------------------------------------------------------------------

TEST_F(Http2AbuseGuardTest, FramesThatCarryNoPartOfAMessageAreCounted) {
  EXPECT_EQ(free_frames({Type::ping}, 5000), Guard::kFrames);
  EXPECT_EQ(client_frame({Type::ping}), kFrameFlood);
}

TEST_F(Http2AbuseGuardTest, SettingsPrioritiesAndUnknownFramesShareOneBudget) {
  for (std::size_t i = 0; i < Guard::kFrames / 4; ++i) {
    EXPECT_EQ(client_frame({Type::settings}), std::nullopt);
    EXPECT_EQ(client_frame({Type::priority, 5, 0, 1}), std::nullopt);
    EXPECT_EQ(client_frame({static_cast<Type>(0x9)}), std::nullopt);  // CONTINUATION
    EXPECT_EQ(client_frame({static_cast<Type>(0x7f)}), std::nullopt);
  }
  EXPECT_EQ(client_frame({Type::settings}), kFrameFlood);
  EXPECT_EQ(client_frame({Type::priority, 5, 0, 1}), kFrameFlood);
}

TEST_F(Http2AbuseGuardTest, TimeGivesTheirBudgetBack) {
  free_frames({Type::ping}, 5000);
  now += std::chrono::seconds(1);
  EXPECT_EQ(free_frames({Type::ping}, 5000), Guard::kFramesPerSecond);
  now += std::chrono::hours(1);
  EXPECT_EQ(free_frames({Type::ping}, 5000), Guard::kFrames);
}

TEST_F(Http2AbuseGuardTest, EmptyDataIsOneOfThem) {
  EXPECT_EQ(free_frames({Type::data, 0, 0, 1}, 5000), Guard::kFrames);
  EXPECT_EQ(client_frame({Type::data, 0, 0, 1}), kFrameFlood);
}

TEST_F(Http2AbuseGuardTest, SoIsDataOfPaddingAlone) {
  for (std::size_t i = 0; i < Guard::kFrames; ++i) {
    EXPECT_EQ(client_frame({Type::data, 8, 0x8, 1}), std::nullopt);
    EXPECT_EQ(of_client.on_padding(now), std::nullopt);
  }
  EXPECT_EQ(of_client.on_padding(now), kFrameFlood);
}

TEST_F(Http2AbuseGuardTest, DataWithBytesOrAnEndIsFree) {
  EXPECT_EQ(free_frames({Type::data, 1, 0, 1}, 5000), 5000);
  EXPECT_EQ(free_frames({Type::data, 0, kHttp2EndStream, 1}, 5000), 5000);
}

TEST_F(Http2AbuseGuardTest, HeadersAreFreeAndBoundedByOthers) {
  for (std::int32_t stream = 1; stream < 10'000; stream += 2)
    ASSERT_EQ(client_frame({Type::headers, 20, 0x5, stream}), std::nullopt);
}

// ---- windows ------------------------------------------------------------------------------------

TEST_F(Http2AbuseGuardTest, WindowUpdatesThatAnswerNothingAreCounted) {
  EXPECT_EQ(free_frames({Type::window_update, 4, 0, 1}, 9000), Guard::kWindows);
  EXPECT_EQ(client_frame({Type::window_update, 4, 0, 1}), kFrameFlood);
  now += std::chrono::seconds(1);
  EXPECT_EQ(free_frames({Type::window_update, 4, 0, 1}, 9000), Guard::kWindowsPerSecond);
}

TEST_F(Http2AbuseGuardTest, EachFrameOfAMessageAllowsFourOfThem) {
  free_frames({Type::window_update, 4, 0, 1}, 9000);
  for (int i = 0; i < 3; ++i) of_client.on_message_frame();
  EXPECT_EQ(free_frames({Type::window_update, 4, 0, 1}, 9000), 3 * Guard::kWindowsPerMessageFrame);
}

TEST_F(Http2AbuseGuardTest, WindowUpdatesAndOtherFramesHaveBudgetsOfTheirOwn) {
  free_frames({Type::ping}, 5000);
  EXPECT_EQ(client_frame({Type::window_update, 4, 0, 1}), std::nullopt);
  free_frames({Type::window_update, 4, 0, 1}, 9000);
  now += std::chrono::milliseconds(10);
  EXPECT_EQ(client_frame({Type::ping}), std::nullopt);
}

// ---- resets -------------------------------------------------------------------------------------

TEST_F(Http2AbuseGuardTest, ResetsOfAClientAreCountedByTheLimits) {
  EXPECT_EQ(free_frames({Type::rst_stream, 4, 0, 1}, 100), kLimits.reset_burst);
  EXPECT_EQ(client_frame({Type::rst_stream, 4, 0, 1}), kResetFlood);
  now += std::chrono::seconds(1);
  EXPECT_EQ(free_frames({Type::rst_stream, 4, 0, 1}, 100), kLimits.resets_per_second);
}

TEST_F(Http2AbuseGuardTest, ResetsThatItMakesUsSendCostAsMuch) {
  for (std::uint32_t i = 0; i < kLimits.reset_burst / 2; ++i) {
    EXPECT_EQ(client_frame({Type::rst_stream, 4, 0, 1}), std::nullopt);
    EXPECT_EQ(of_client.on_reset_sent(3, Http2Error::protocol, now), std::nullopt);
  }
  EXPECT_EQ(of_client.on_reset_sent(3, Http2Error::stream_closed, now), kResetFlood);
  EXPECT_EQ(of_client.on_reset_sent(3, Http2Error::refused_stream, now), kResetFlood);
}

TEST_F(Http2AbuseGuardTest, ResetsForReasonsOfOurOwnCostItNothing) {
  for (int i = 0; i < 100; ++i)
    for (const Http2Error error : {Http2Error::none, Http2Error::internal, Http2Error::cancel})
      ASSERT_EQ(of_client.on_reset_sent(3, error, now), std::nullopt);
}

TEST_F(Http2AbuseGuardTest, AServerMayResetEachStreamThatIsOpen) {
  EXPECT_TRUE(of_server.wants_stream({Type::rst_stream, 4, 0, 1}));
  for (int i = 0; i < 10'000; ++i)
    ASSERT_EQ(server_frame({Type::rst_stream, 4, 0, 1}, true), std::nullopt);
}

TEST_F(Http2AbuseGuardTest, ItsResetsOfOtherStreamsAreFramesThatCarryNothing) {
  for (std::size_t i = 0; i < Guard::kFrames; ++i)
    ASSERT_EQ(server_frame({Type::rst_stream, 4, 0, 1}, false), std::nullopt);
  EXPECT_EQ(server_frame({Type::rst_stream, 4, 0, 1}, false), kFrameFlood);
}

TEST_F(Http2AbuseGuardTest, WhatWeResetOfAServerIsNotCounted) {
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(of_server.on_reset_sent(1, Http2Error::protocol, now), std::nullopt);
}

TEST_F(Http2AbuseGuardTest, AWindowBeyondItsEndEndsTheConnectionOfEither) {
  EXPECT_EQ(of_client.on_reset_sent(1, Http2Error::flow_control, now), kFlowControl);
  EXPECT_EQ(of_server.on_reset_sent(1, Http2Error::flow_control, now), kFlowControl);
}

// ---- frames without a stream that could have them -----------------------------------------------

TEST_F(Http2AbuseGuardTest, APriorityNeedsAStream) {
  EXPECT_EQ(client_frame({Type::priority, 5, 0, 0}), kProtocol);
  EXPECT_EQ(server_frame({Type::priority, 5, 0, 0}), kProtocol);
  EXPECT_EQ(client_frame({Type::priority, 5, 0, 7}), std::nullopt);
}

TEST_F(Http2AbuseGuardTest, NoStreamBeginsBelowAnother) {
  EXPECT_EQ(client_frame({Type::headers, 20, 0x5, 5}, false), std::nullopt);
  EXPECT_EQ(client_frame({Type::headers, 20, 0x5, 3}, false), kStreamClosed);
}

TEST_F(Http2AbuseGuardTest, NorASecondTime) {
  EXPECT_EQ(client_frame({Type::headers, 20, 0x5, 5}, false), std::nullopt);
  EXPECT_EQ(client_frame({Type::headers, 20, 0x5, 5}, false), kStreamClosed);
}

TEST_F(Http2AbuseGuardTest, TrailersOfAStreamThatIsOpenAreNoBeginning) {
  const Guard::Frame head{Type::headers, 20, 0x4, 1};
  EXPECT_FALSE(of_client.wants_stream(head));  // Beyond all others it begins in any case.
  EXPECT_EQ(client_frame(head, false), std::nullopt);
  EXPECT_TRUE(of_client.wants_stream(head));
  EXPECT_EQ(client_frame(head, true), std::nullopt);
}

TEST_F(Http2AbuseGuardTest, TrailersOfAStreamThatWeResetAreForgiven) {
  EXPECT_EQ(client_frame({Type::headers, 20, 0x4, 1}, false), std::nullopt);
  of_client.on_reset_sent(1, Http2Error::none, now);
  EXPECT_EQ(client_frame({Type::headers, 20, 0x5, 1}, false), std::nullopt);
}

TEST_F(Http2AbuseGuardTest, OfResetsItRemembersTheLatest) {
  constexpr auto kRemembered = static_cast<std::int32_t>(Guard::kResetsRemembered);
  EXPECT_EQ(client_frame({Type::headers, 20, 0x5, 2 * kRemembered + 1}, false), std::nullopt);
  for (std::int32_t i = 0; i <= kRemembered; ++i)
    of_client.on_reset_sent(2 * i + 1, Http2Error::none, now);
  EXPECT_EQ(client_frame({Type::headers, 20, 0x5, 1}, false), kStreamClosed);
  EXPECT_EQ(client_frame({Type::headers, 20, 0x5, 3}, false), std::nullopt);
  EXPECT_EQ(client_frame({Type::headers, 20, 0x5, 2 * kRemembered + 1}, false), std::nullopt);
}

TEST_F(Http2AbuseGuardTest, HeadersOfAServerAreNotItsConcern) {
  EXPECT_FALSE(of_server.wants_stream({Type::headers, 20, 0x4, 1}));
  EXPECT_EQ(server_frame({Type::headers, 20, 0x4, 1}), std::nullopt);
  EXPECT_EQ(server_frame({Type::headers, 20, 0x5, 1}, false), std::nullopt);
}

}  // namespace
}  // namespace teal::net
