// Http2AbuseGuard: what the peer of one HTTP/2 connection may cost (docs/adr/0014), and which of
// its frames belong to no stream that could have them. It is told of frames and says which rule the
// peer has broken; ending the connection is the session's.
//
// Pure: plain values, time is given. Does not know nghttp2. How large a field section may become is
// Http2HeadReader's (net/http2/head.h); how many streams there may be is nghttp2's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "net/http/refusal.h"
#include "net/http2/frame.h"
#include "net/http2/limits.h"

namespace teal::net {

class Http2AbuseGuard {
 public:
  enum class Peer : std::uint8_t { client, server };

  /// Frames that carry no part of a message: so many at once, so many a second.
  static constexpr std::uint64_t kFrames = 2000;
  static constexpr std::uint64_t kFramesPerSecond = 500;
  /// WINDOW_UPDATEs that answer no frame of a message: so many at once, so many a second.
  static constexpr std::uint64_t kWindows = 4000;
  static constexpr std::uint64_t kWindowsPerSecond = 1000;
  static constexpr std::uint64_t kWindowsPerMessageFrame = 4;
  /// Of streams that were reset from here, to know what still comes for them.
  static constexpr std::size_t kResetsRemembered = 128;

  /// The head of a frame.
  struct Frame {
    Http2FrameType type = Http2FrameType::data;
    std::size_t length = 0;
    std::uint8_t flags = 0;
    std::int32_t stream = 0;
  };

  /// The connection ends: `rule` says why to people, `error` to the peer.
  struct Violation {
    Refusal rule;
    Http2Error error;
    bool operator==(const Violation&) const = default;
  };

  /// Of `limits` it takes those of resets.
  Http2AbuseGuard(Peer peer, const Http2Limits& limits);

  /// Whether on_frame() has to be told if the stream is known: few frames ask for that.
  bool wants_stream(const Frame& frame) const {
    if (peer_ == Peer::server) return frame.type == Http2FrameType::rst_stream;
    return frame.type == Http2FrameType::headers && frame.stream <= last_begun_;
  }
  /// A frame's head has come. `is_known`: its stream is open; of no meaning where wants_stream() is
  /// false.
  std::optional<Violation> on_frame(const Frame& frame, bool is_known, Mono now);
  /// The DATA that has come was padding and did not end its stream: only its end tells.
  std::optional<Violation> on_padding(Mono now) { return charge_frame(now); }
  /// A request has come, or a frame of a message was sent: WINDOW_UPDATEs may answer it.
  void on_message_frame() { windows_.give(kWindowsPerMessageFrame); }
  /// RST_STREAM was sent.
  std::optional<Violation> on_reset_sent(std::int32_t stream, Http2Error error, Mono now);

 private:
  std::optional<Violation> charge_frame(Mono now);
  std::optional<Violation> charge_reset(Mono now);
  std::optional<Violation> begin_stream(std::int32_t stream, bool is_known);
  void remember_reset(std::int32_t stream);

  Peer peer_;
  TokenBucket resets_;
  TokenBucket frames_{kFrames, kFramesPerSecond};
  TokenBucket windows_{kWindows, kWindowsPerSecond};
  std::int32_t last_begun_ = 0;  ///< The client's highest stream.
  /// Streams that were reset from here: their peer may not know yet. The oldest make room.
  std::vector<std::int32_t> resets_sent_;
  std::size_t next_reset_sent_ = 0;
};

}  // namespace teal::net
