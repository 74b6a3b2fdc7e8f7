// Deadline: until when a test waits for something that should happen at once. Generous, because it
// only matters when a test fails; more so under the sanitizers, which slow everything down.
//
// Nothing here sleeps for a fixed time: eventually() looks again until the thing is so.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/time.h"
#include "tests/support/e2e_binary.h"

namespace teal::e2e {

/// The binary under test, not the test itself, is what the sanitizers make slow and large.
inline const bool kSanitized = is_instrumented(teal_binary());
inline const int kPatience = kSanitized ? 5 : 1;

class Deadline {
 public:
  explicit Deadline(Millis time = std::chrono::seconds{30})
      : at_(std::chrono::steady_clock::now() + time * kPatience) {}

  Mono at() const { return at_; }
  bool has_passed() const { return std::chrono::steady_clock::now() >= at_; }
  /// For poll(): never below zero.
  int left_ms() const {
    const auto left = std::chrono::ceil<Millis>(at_ - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(0, left.count()));
  }

 private:
  Mono at_;
};

/// Looks until `is_so()`; false if the deadline passed first.
template <class Predicate>
bool eventually(Predicate is_so, Deadline deadline = Deadline{}) {
  while (true) {
    if (is_so()) return true;
    if (deadline.has_passed()) return false;
    std::this_thread::sleep_for(Millis{2});
  }
}

}  // namespace teal::e2e
