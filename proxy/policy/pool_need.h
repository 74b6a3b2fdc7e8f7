// PoolNeed: how many connections to one target a worker needs, by the most that its last seconds
// had in use at once, and how many of the idle ones it can do without. Need grows at once; what is
// not needed any more goes slowly, half of it each period, so that a lull between two bursts does
// not cost the second one its connections (as HAProxy's pool purge does it).
//
// Pure; one per worker and target, owned by the worker. Does not know connections, limits or time:
// a period is what its owner makes one (Worker::each_second).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace teal::proxy {

class PoolNeed {
 public:
  /// Remembered, the present one included.
  static constexpr std::size_t kPeriods = 6;

  /// So many connections are in use now.
  void saw(std::uint32_t in_use) {
    if (in_use > present_) present_ = in_use;
  }

  /// The most in use at once in the remembered periods.
  std::uint32_t needed() const {
    return std::max(present_, *std::max_element(earlier_.begin(), earlier_.end()));
  }

  /// The period is over. How many of the idle connections to close; `is_short`: something is scarce
  /// in the whole process, and nothing counts as needed but what is in use.
  std::uint32_t end_period(std::uint32_t in_use, std::uint32_t idle, bool is_short) {
    const std::uint32_t wanted = is_short ? in_use : std::max(needed(), in_use);
    const std::uint32_t open = in_use + idle;
    earlier_[at_] = std::exchange(present_, in_use);
    at_ = (at_ + 1) % earlier_.size();
    if (open <= wanted) return 0;
    return std::min(idle, (open - wanted + 1) / 2);
  }

 private:
  std::uint32_t present_ = 0;
  std::array<std::uint32_t, kPeriods - 1> earlier_{};
  std::size_t at_ = 0;  ///< The one that is forgotten next.
};

}  // namespace teal::proxy
