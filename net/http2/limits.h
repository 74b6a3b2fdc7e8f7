// What one HTTP/2 connection may cost, and the buckets that floods are measured with.
//
// Plain values; time is given.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace teal::net {

struct Http2Limits {
  std::uint32_t concurrent_streams = 128;
  std::uint32_t path_bytes = 8 * 1024;
  /// Names, values and 32 bytes for each field (RFC 9113, section 6.5.2), as they come.
  std::uint32_t head_bytes = 32 * 1024;
  std::uint32_t fields = 100;
  std::uint32_t trailer_bytes = 16 * 1024;
  /// Streams that the client resets or makes us reset: so many at once, so many a second.
  std::uint32_t reset_burst = 500;
  std::uint32_t resets_per_second = 50;
};

/// What a target may say, to a request as to a probe: as over HTTP/1 (net/http1/parser.h).
inline constexpr Http2Limits kHttp2ResponseLimits{.head_bytes = 64 * 1024, .fields = 200};

/// So many at once, so many a second for ever.
class TokenBucket {
 public:
  TokenBucket(std::uint64_t burst, std::uint64_t per_second)
      : burst_(burst * kParts), per_milli_(per_second * kParts / 1000), level_(burst_) {}

  /// False: there were not so many.
  bool take(Mono now, std::uint64_t tokens = 1) {
    if (last_ == Mono{}) last_ = now;
    const auto passed = std::chrono::duration_cast<Millis>(now - last_).count();
    if (passed > 0) {
      level_ = std::min(burst_, level_ + static_cast<std::uint64_t>(passed) * per_milli_);
      last_ += Millis{passed};
    }
    if (level_ < tokens * kParts) return false;
    level_ -= tokens * kParts;
    return true;
  }
  /// Earned otherwise than by time.
  void give(std::uint64_t tokens) { level_ = std::min(burst_, level_ + tokens * kParts); }

 private:
  static constexpr std::uint64_t kParts = 1000;

  std::uint64_t burst_;
  std::uint64_t per_milli_;
  std::uint64_t level_;
  Mono last_{};
};

}  // namespace teal::net
