// Frames for streams that are over (RFC 9113, section 5.1), and how they are found in bytes that
// come in any pieces.
#include <algorithm>

#include "net/http2/closed.h"
#include "net/http2/frame_walk.h"
#include "tests/support/http2_driver.h"

namespace teal::net::testing {
namespace {

constexpr std::uint32_t kProtocolError = 1;
constexpr std::uint32_t kStreamClosed = 5;
const Http2FieldSection kOk;

struct Found {
  std::size_t begin;
  int type;
  int stream;
  bool operator==(const Found&) const = default;
};

/// The frames behind `preface` bytes that come in pieces of that size; `begin` as in the whole.
std::vector<Found> walk(std::string_view bytes, std::size_t preface, std::size_t piece_size) {
  Http2FrameWalk walk(preface);
  std::vector<Found> all;
  for (std::size_t from = 0; from < bytes.size(); from += piece_size) {
    const std::string_view piece = bytes.substr(from, piece_size);
    std::size_t at = 0;
    while (const auto frame = walk.next(piece, at))
      all.push_back({from + frame->begin, frame->type, frame->stream});
    EXPECT_EQ(at, piece.size());
  }
  return all;
}

TEST(Http2FrameWalk, FindsEveryFrameBehindThePreface) {
  const std::string bytes = h2::kPreface + h2::frame(h2::kSettings, 0, 0) +
                            h2::frame(h2::kData, 0, 5, "hello") +
                            h2::frame(h2::kReset, 0, 0x7fffffff, "1234");
  const std::vector<Found> expected{
      {24, h2::kSettings, 0}, {33, h2::kData, 5}, {47, h2::kReset, 0x7fffffff}};
  EXPECT_EQ(walk(bytes, 24, bytes.size()), expected);
}

TEST(Http2FrameWalk, FindsThemInAnyPieces) {
  const std::string bytes = "preface" + h2::frame(h2::kData, 0, 1, std::string(300, 'x')) +
                            h2::frame(h2::kData, 0, 3) + h2::frame(h2::kHeaders, 0, 5, "abc");
  const std::vector<Found> whole = walk(bytes, 7, bytes.size());
  ASSERT_EQ(whole.size(), 3U);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const std::vector<Found> found = walk(bytes, 7, size);
    ASSERT_EQ(found.size(), whole.size()) << size;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      EXPECT_EQ(found[i].type, whole[i].type);
      EXPECT_EQ(found[i].stream, whole[i].stream);
      // One that began in an earlier piece is said to begin with the piece that ends its head.
      EXPECT_GE(found[i].begin, whole[i].begin) << size;
      EXPECT_LT(found[i].begin, whole[i].begin + 9) << size;
    }
  }
}

TEST(Http2FrameWalk, KnowsWhatAPriorityDependsOnInAnyPieces) {
  const std::string bytes = h2::frame(h2::kPriority, 0, 5, h2::number(0x80000007, 4) + "\x0f") +
                            h2::frame(h2::kPriority, 0, 9, "abc") + h2::frame(h2::kData, 0, 3, "x");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Http2FrameWalk walk(0);
    std::vector<std::int32_t> said;
    for (const std::string& piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
      std::size_t at = 0;
      while (const auto frame = walk.next(piece, at)) {
        said.push_back(frame->stream);
        said.push_back(frame->depends_on);
      }
    }
    EXPECT_EQ(said, (std::vector<std::int32_t>{5, 7, 9, 0, 3, 0})) << cut;
  }
}

TEST(Http2ClosedStreams, KnowTheLatest) {
  using End = Http2ClosedStreams::End;
  Http2ClosedStreams ends;
  EXPECT_EQ(ends.of(1), End::unknown);
  ends.note(1, End::finished);
  ends.note(3, End::reset_by_peer);
  EXPECT_EQ(ends.of(1), End::finished);
  EXPECT_EQ(ends.of(3), End::reset_by_peer);
  ends.forget(3);
  EXPECT_EQ(ends.of(3), End::unknown);
  for (std::int32_t id = 5; id < 205; id += 2) ends.note(id, End::finished);
  EXPECT_EQ(ends.of(1), End::unknown);
  EXPECT_EQ(ends.of(203), End::finished);
}

class Http2OverTest : public ::testing::Test {
 protected:
  Http2OverTest() {
    driver_.feed(h2::kPreface + h2::settings() + h2::frame(h2::kSettings, h2::kAck, 0));
    driver_.frames();
  }
  Http2ServerDriver::Stream& ask(std::uint32_t id, bool ends = true) {
    driver_.feed(h2::headers(id, ends ? h2::get() : h2::post(), ends));
    driver_.frames();
    return *driver_.streams.back();
  }
  void answer(Http2ServerDriver::Stream& stream) {
    driver_.session->send_head(stream, 200, kOk, true);
    driver_.write();
    driver_.frames();
  }
  static std::string data(std::uint32_t id, std::size_t size = 1) {
    return h2::frame(h2::kData, 0, id, std::string(size, 'x'));
  }
  std::vector<h2::Frame> feed(std::string_view bytes) {
    driver_.feed(bytes);
    return driver_.frames();
  }
  /// The error of the one frame of that type that came back, or -1.
  static int error_of(const std::vector<h2::Frame>& frames, std::uint8_t type) {
    const auto is_it = [type](const h2::Frame& frame) { return frame.type == type; };
    const auto found = std::ranges::find_if(frames, is_it);
    return found == frames.end() || std::ranges::count_if(frames, is_it) != 1
               ? -1
               : static_cast<int>(found->error());
  }
  bool goes_on() const { return driver_.session->fault() == Refusal::none; }

  Http2ServerDriver driver_;
};

TEST_F(Http2OverTest, DataBehindTheEndResetsItsStreamOnlyWhileTheResponseIsUnderWay) {
  auto& stream = ask(1);
  auto& other = ask(3);
  const auto came = feed(data(1));
  EXPECT_EQ(error_of(came, h2::kReset), static_cast<int>(kStreamClosed));
  EXPECT_EQ(error_of(came, h2::kGoAway), -1);
  EXPECT_TRUE(stream.is_over);
  EXPECT_EQ(stream.error, Http2Error::stream_closed);
  EXPECT_TRUE(goes_on());
  EXPECT_TRUE(feed(data(1)).empty()) << "it is told once";
  driver_.session->send_head(other, 200, kOk, true);
  EXPECT_EQ(feed({}).size(), 1U);
}

TEST_F(Http2OverTest, DataBehindTheEndIsSeenInAnyPieces) {
  const std::string bytes = h2::kPreface + h2::settings() + h2::headers(1, h2::get()) +
                            data(1, 20) + h2::headers(3, h2::get());
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    Http2ServerDriver driver;
    driver.feed(std::string_view(bytes).substr(0, cut));
    driver.feed(std::string_view(bytes).substr(cut));
    EXPECT_EQ(error_of(driver.frames(), h2::kReset), static_cast<int>(kStreamClosed)) << cut;
    EXPECT_EQ(driver.streams.size(), 2U) << cut;
    EXPECT_EQ(driver.session->fault(), Refusal::none) << cut;
  }
}

TEST_F(Http2OverTest, DataBehindBothEndsEndsTheConnection) {
  answer(ask(1));
  EXPECT_EQ(error_of(feed(data(1)), h2::kGoAway), static_cast<int>(kStreamClosed));
  EXPECT_FALSE(goes_on());
}

TEST_F(Http2OverTest, DataBehindTheClientsOwnResetIsAnErrorOfTheStream) {
  ask(1, false);
  feed(h2::reset(1));
  const auto came = feed(data(1));
  EXPECT_EQ(error_of(came, h2::kReset), static_cast<int>(kStreamClosed));
  EXPECT_TRUE(feed(data(1)).empty()) << "it is told once";
  EXPECT_TRUE(goes_on());
}

TEST_F(Http2OverTest, DataThatWasOnTheWayWhenItsStreamWasResetHereIsPassedOver) {
  driver_.session->reset(ask(1, false), Http2Error::cancel);
  EXPECT_EQ(feed({}).size(), 1U);
  EXPECT_TRUE(feed(data(1)).empty());
  answer(ask(3, false));  // Early: the rest of the request is told to stay away.
  EXPECT_TRUE(feed(data(3)).empty());
  EXPECT_TRUE(goes_on());
}

TEST_F(Http2OverTest, DataOfARequestBeyondTheLimitOfStreamsIsPassedOver) {
  Http2Limits limits;
  limits.concurrent_streams = 1;
  Http2ServerDriver driver(limits);
  // The client has not seen the limit yet.
  driver.feed(h2::kPreface + h2::settings() + h2::headers(1, h2::get()));
  driver.feed(h2::headers(3, h2::post(), false) + data(3) + data(3));
  const auto came = driver.frames();
  EXPECT_EQ(error_of(came, h2::kReset), 7) << "REFUSED_STREAM";
  EXPECT_EQ(error_of(came, h2::kGoAway), -1);
  EXPECT_EQ(driver.session->fault(), Refusal::none);
}

TEST_F(Http2OverTest, WhatIsPassedOverStillCountsForTheWindowOfTheConnection) {
  std::size_t given_back = 0;
  for (std::uint32_t id = 1; id < 161; id += 2) {
    ask(id);
    for (const h2::Frame& frame : feed(data(id, 16'384)))
      if (frame.type == h2::kWindowUpdate && frame.stream == 0) given_back += frame.error();
  }
  EXPECT_TRUE(goes_on());
  EXPECT_GE(given_back, 512U * 1024U);
}

TEST_F(Http2OverTest, PriorityOnItsOwnStreamIsAProtocolError) {
  const auto priority = [](std::uint32_t id, std::uint32_t depends_on) {
    return h2::frame(h2::kPriority, 0, id, h2::number(depends_on, 4) + "\x0f");
  };
  ask(1);
  EXPECT_TRUE(feed(priority(1, 3)).empty());
  EXPECT_EQ(error_of(feed(priority(1, 1)), h2::kReset), static_cast<int>(kProtocolError));
  EXPECT_TRUE(goes_on());
  EXPECT_EQ(error_of(feed(priority(5, 5)), h2::kGoAway), static_cast<int>(kProtocolError));
}

}  // namespace
}  // namespace teal::net::testing
