// Counter: a number with one writer, and arrays of such numbers by what they count.
//
// The worker that owns it writes (a relaxed load, add, store: no locked instruction, no shared
// cache line); anybody reads at any time.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace teal {

class Counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// One Counter for each value of an enumeration that ends with count_.
template <class Enum>
class Counts {
 public:
  static constexpr std::size_t kSize = static_cast<std::size_t>(Enum::count_);

  Counter& operator[](Enum which) { return counts_[static_cast<std::size_t>(which)]; }
  std::uint64_t read(Enum which) const { return counts_[static_cast<std::size_t>(which)].read(); }

 private:
  std::array<Counter, kSize> counts_;
};

}  // namespace teal
