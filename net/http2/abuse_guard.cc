#include "net/http2/abuse_guard.h"

#include <algorithm>

namespace teal::net {
namespace {

using Violation = Http2AbuseGuard::Violation;

constexpr Violation kFrameFlood{Refusal::http2_frame_flood, Http2Error::enhance_your_calm};
constexpr Violation kResetFlood{Refusal::http2_reset_flood, Http2Error::enhance_your_calm};

constexpr Violation protocol_error(Http2Error error) {
  return {Refusal::http2_protocol_error, error};
}

}  // namespace

Http2AbuseGuard::Http2AbuseGuard(Peer peer, const Http2Limits& limits)
    : peer_(peer), resets_(limits.reset_burst, limits.resets_per_second) {}

std::optional<Violation> Http2AbuseGuard::on_frame(const Frame& frame, bool is_known, Mono now) {
  switch (frame.type) {
    case Http2FrameType::headers: return begin_stream(frame.stream, is_known);
    case Http2FrameType::data:
      if (frame.length > 0 || (frame.flags & kHttp2EndStream) != 0) return std::nullopt;
      break;
    case Http2FrameType::rst_stream:
      if (peer_ == Peer::client) return charge_reset(now);
      // A server can end each stream once, and they are ours.
      if (is_known) return std::nullopt;
      break;
    case Http2FrameType::window_update:
      return windows_.take(now) ? std::nullopt : std::optional(kFrameFlood);
    case Http2FrameType::priority: {
      const std::optional<Violation> flood = charge_frame(now);
      // It needs a stream (RFC 9113, section 6.3); nghttp2 is more patient.
      if (!flood && frame.stream == 0) return protocol_error(Http2Error::protocol);
      return flood;
    }
    default: break;
  }
  return charge_frame(now);
}

std::optional<Violation> Http2AbuseGuard::on_reset_sent(std::int32_t stream, Http2Error error,
                                                        Mono now) {
  if (peer_ == Peer::client) remember_reset(stream);
  // What the peer makes us reset costs it as much as what it resets itself (CVE-2025-8671).
  const bool is_ours = error == Http2Error::none || error == Http2Error::internal ||
                       error == Http2Error::cancel || peer_ == Peer::server;
  const std::optional<Violation> flood = is_ours ? std::nullopt : charge_reset(now);
  // A window beyond its end, by WINDOW_UPDATE or by SETTINGS, where it has to end the connection
  // (RFC 9113, section 6.9.2); nghttp2 only resets.
  if (error == Http2Error::flow_control) return protocol_error(Http2Error::flow_control);
  return flood;
}

std::optional<Violation> Http2AbuseGuard::charge_frame(Mono now) {
  return frames_.take(now) ? std::nullopt : std::optional(kFrameFlood);
}

std::optional<Violation> Http2AbuseGuard::charge_reset(Mono now) {
  return resets_.take(now) ? std::nullopt : std::optional(kResetFlood);
}

/// No stream begins with an identifier below another's (RFC 9113, section 5.1.1), nor again; of one
/// that was reset from here the client may not know yet. nghttp2 is more patient.
std::optional<Violation> Http2AbuseGuard::begin_stream(std::int32_t stream, bool is_known) {
  if (peer_ == Peer::server) return std::nullopt;
  if (stream > last_begun_) {
    last_begun_ = stream;
    return std::nullopt;
  }
  if (is_known || std::ranges::find(resets_sent_, stream) != resets_sent_.end())
    return std::nullopt;
  return protocol_error(Http2Error::stream_closed);
}

void Http2AbuseGuard::remember_reset(std::int32_t stream) {
  if (resets_sent_.size() < kResetsRemembered) {
    resets_sent_.push_back(stream);
  } else {
    resets_sent_[next_reset_sent_++ % kResetsRemembered] = stream;
  }
}

}  // namespace teal::net
