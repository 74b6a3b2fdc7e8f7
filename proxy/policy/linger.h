// Linger: how long and how much of a request that nobody reads any more is thrown away, so that its
// client, which sends all of it before it reads, gets to see the answer that came early (RFC 9112,
// section 9.6). A client that still sends is given time; one that says nothing, or sends for ever,
// is not. Under overload none is given more than the least, nor is a client that was not answered a
// request: whose head did not come in time, or whose connection of HTTP/2 ends.
//
// Pure: plain values; time is given. One per client connection; does not know sockets.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace teal::proxy {

class Linger {
 public:
  struct Bounds {
    Millis quiet;         ///< Since the last byte came.
    Millis whole;         ///< Since the answer left.
    std::uint64_t bytes;  ///< That came since then.
  };
  static constexpr Bounds kUsual{Millis{2000}, Millis{30'000}, 64ULL * 1024 * 1024};
  static constexpr Bounds kBrief{Millis{2000}, Millis{2000}, 512ULL * 1024};

  /// The answer has left.
  void begin(Mono now) { since_ = last_ = now; }
  void note(std::size_t bytes, Mono now) {
    bytes_ += bytes;
    last_ = now;
  }
  /// When it ends, if nothing comes until then.
  Mono end(const Bounds& bounds) const {
    return std::min(last_ + bounds.quiet, since_ + bounds.whole);
  }
  /// It is over now.
  bool is_over(const Bounds& bounds, Mono now) const {
    return bytes_ > bounds.bytes || now >= end(bounds);
  }

 private:
  Mono since_{};
  Mono last_{};
  std::uint64_t bytes_ = 0;
};

}  // namespace teal::proxy
