// PoolNeed: how many connections to one target a worker needs, by the most that its last seconds
// had in use at once, and how many of the idle ones it can do without. Need grows at once; what is
// not needed any more goes slowly, half of it each period, so that a lull between two bursts does
// not cost the second one its connections (HAProxy's pool purge does likewise).
//
// Pure; one per worker and target, owned by the worker. Does not know connections, limits or time:
// a period is what its owner makes one (Worker::each_second).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace teal::proxy {

class PoolNeed {
 public:
  /// Remembered, the present one included.
  static constexpr std::size_t kPeriods = 6;

  /// So many connections are in use now.
  void saw(std::uint32_t in_use) { peaks_[at_] = std::max(peaks_[at_], in_use); }

  /// The most in use at once in the remembered periods.
  std::uint32_t needed() const { return *std::max_element(peaks_.begin(), peaks_.end()); }

  /// The period is over. How many of the idle connections to close; `is_short`: something is scarce
  /// in the whole process, and nothing counts as needed but what is in use.
  std::uint32_t end_period(std::uint32_t in_use, std::uint32_t idle, bool is_short) {
    const std::uint32_t wanted = is_short ? in_use : std::max(needed(), in_use);
    const std::uint32_t open = in_use + idle;
    at_ = (at_ + 1) % kPeriods;
    peaks_[at_] = in_use;
    if (open <= wanted) return 0;
    return std::min(idle, (open - wanted + 1) / 2);
  }

 private:
  std::array<std::uint32_t, kPeriods> peaks_{};
  std::size_t at_ = 0;
};

}  // namespace teal::proxy
