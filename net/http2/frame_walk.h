// Http2FrameWalk: where frames begin in bytes that come in any pieces, and what their heads say.
// nghttp2 tells of no frame that it takes to be none of its business; whoever has to know of them
// walks ahead of it.
//
// Pure. Does not judge frames, and keeps no more of one than its first thirteen bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace teal::net {

class Http2FrameWalk {
 public:
  static constexpr std::uint8_t kPriority = 2;

  struct Frame {
    std::size_t begin = 0;  ///< In the present piece; 0 also where it began in an earlier one.
    std::uint8_t type = 0;
    std::int32_t stream = 0;
    std::int32_t depends_on = 0;  ///< Of PRIORITY: the stream.
  };

  /// So many bytes come before the first frame.
  explicit Http2FrameWalk(std::size_t preface) : left_(preface) {}

  /// The next frame whose head ends in `piece`, behind `at`, which moves on; nothing: its bytes are
  /// used up, and the next call is for the next piece, with `at` 0 again.
  std::optional<Frame> next(std::string_view piece, std::size_t& at) {
    const std::size_t passed = std::min(left_, piece.size() - at);
    left_ -= passed;
    at += passed;
    const std::size_t begin = at;
    if (!gather(piece, at, kHead)) return std::nullopt;
    const std::size_t length = number(0, 3);
    const std::uint8_t type = head_[3];
    const std::size_t payload = type == kPriority && length >= kDependence ? kDependence : 0;
    if (!gather(piece, at, kHead + payload)) return std::nullopt;
    have_ = 0;
    left_ = length - payload;
    return Frame{begin, type, stream_at(5), payload > 0 ? stream_at(kHead) : 0};
  }

 private:
  static constexpr std::size_t kHead = 9;
  static constexpr std::size_t kDependence = 4;

  /// Whether so much of the frame is there.
  bool gather(std::string_view piece, std::size_t& at, std::size_t wanted) {
    if (have_ >= wanted) return true;
    const std::size_t taken = std::min(wanted - have_, piece.size() - at);
    if (taken == 0) return false;
    std::memcpy(head_.data() + have_, piece.data() + at, taken);
    have_ += taken;
    at += taken;
    return have_ == wanted;
  }
  std::uint32_t number(std::size_t at, std::size_t size) const {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + size; ++i) value = value << 8U | head_[i];
    return value;
  }
  /// Without the reserved bit, or the exclusive one.
  std::int32_t stream_at(std::size_t at) const {
    return static_cast<std::int32_t>(number(at, 4) & 0x7fffffffU);
  }

  std::size_t left_;  ///< Of what comes before the next head.
  std::array<std::uint8_t, kHead + kDependence> head_{};
  std::size_t have_ = 0;  ///< Of the head.
};

}  // namespace teal::net
