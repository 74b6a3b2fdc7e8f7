#include "health/probe/http2_probe.h"

#include <gtest/gtest.h>

#include "tests/support/http2_frames.h"

namespace teal::health {
namespace {

constexpr int kMaxStreams = 3;  // SETTINGS_MAX_CONCURRENT_STREAMS

const ProbeRequest kRequest{"GET", "a.example", "/healthz", "accept: */*\r\n", {}};

/// Whether these bytes, as they come after the preface or later, hold a request.
bool asks(std::string_view bytes) {
  if (bytes.starts_with(h2::kPreface)) bytes.remove_prefix(h2::kPreface.size());
  h2::FrameReader reader;
  reader.feed(bytes);
  for (h2::Frame frame; reader.next(frame);)
    if (frame.type == h2::kHeaders) return true;
  return false;
}

TEST(Http2Probe, AsksWhenTheTargetHasSaidWhatItTakes) {
  Http2Probe ask(kRequest, false, 1000);
  EXPECT_FALSE(asks(ask.take_output()));
  ask.feed(h2::settings());
  EXPECT_TRUE(asks(ask.take_output()));
  ask.feed(h2::headers(1, {{":status", "200"}}));
  EXPECT_TRUE(ask.is_over());
  EXPECT_EQ(ask.failure(), "");
  EXPECT_EQ(ask.status(), 200U);
}

TEST(Http2Probe, WaitsForATargetThatTakesNoStreamForNow) {
  Http2Probe ask(kRequest, false, 1000);
  ask.feed(h2::settings({{kMaxStreams, 0}}));
  EXPECT_FALSE(asks(ask.take_output()));
  EXPECT_FALSE(ask.is_over());
  ask.feed(h2::settings({{kMaxStreams, 1}}));
  EXPECT_TRUE(asks(ask.take_output()));
}

TEST(Http2Probe, TakesAHeadAsLargeAsClientsGet) {
  Http2Probe ask(kRequest, false, 1000);
  ask.feed(h2::settings());
  ask.take_output();
  h2::Lines fields{{":status", "200"}};
  for (int i = 0; i < 150; ++i) fields.emplace_back("x-" + std::to_string(i), "some value");
  ask.feed(h2::headers(1, fields));
  EXPECT_EQ(ask.failure(), "");
  EXPECT_EQ(ask.status(), 200U);
}

}  // namespace
}  // namespace teal::health
