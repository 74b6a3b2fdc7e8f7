// How many idle connections to targets the whole process keeps, and each worker's part of them. A
// worker takes places in blocks when it needs more than it has and gives back what it has not used
// for a while, so that a request touches nothing that is shared and the limit is exact all the
// same. Who finds nothing left says so, and a worker that has more than an even part gives way.
//
// IdleBudget: any thread. IdleShare: one worker's, used by its thread. Neither knows connections
// (proxy/loop/idle_pool.h does).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>

namespace teal::proxy {

class IdleBudget {
 public:
  IdleBudget(std::uint32_t limit, std::uint32_t workers) : limit_(limit), workers_(workers) {}

  /// Of a lower one, what is over it goes as it is given back.
  void set_limit(std::uint32_t limit) { limit_.store(limit, std::memory_order_relaxed); }
  std::uint32_t limit() const { return limit_.load(std::memory_order_relaxed); }
  /// A worker's even part.
  std::uint32_t even_part() const { return limit() / workers_; }
  /// So many places are taken at once: few enough that what lies unused is little of the limit.
  std::uint32_t block() const { return std::clamp(limit() / workers_ / 8, 1U, 32U); }

  /// Up to a block of places; 0: there are none.
  std::uint32_t take() {
    std::uint32_t taken = taken_.load(std::memory_order_relaxed);
    while (true) {
      const std::uint32_t most = limit();
      const std::uint32_t got = std::min(block(), most - std::min(most, taken));
      if (got == 0) return 0;
      if (taken_.compare_exchange_weak(taken, taken + got, std::memory_order_relaxed)) return got;
    }
  }
  void give_back(std::uint32_t places) { taken_.fetch_sub(places, std::memory_order_relaxed); }
  std::uint32_t taken() const { return taken_.load(std::memory_order_relaxed); }

  /// Somebody found nothing left.
  void miss() { misses_.fetch_add(1, std::memory_order_relaxed); }
  std::uint32_t misses() const { return misses_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> limit_;
  const std::uint32_t workers_;
  std::atomic<std::uint32_t> taken_{0};
  std::atomic<std::uint32_t> misses_{0};
};

class IdleShare {
 public:
  explicit IdleShare(IdleBudget& budget) : budget_(budget) {}
  ~IdleShare() { budget_.give_back(held_); }
  IdleShare(const IdleShare&) = delete;
  IdleShare& operator=(const IdleShare&) = delete;

  /// A place for one more idle connection. False: there is none in the process.
  bool enter() {
    if (used_ == held_ && !take_more()) [[unlikely]]
      return false;
    ++used_;
    return true;
  }
  void leave() { --used_; }

  /// Several times a period: looks how many are used. After a refusal the process is not asked
  /// again before this, so that a worker which goes short does not ask for each request.
  void look() {
    peak_ = std::max(peak_, used_);
    is_refused_ = false;
  }
  /// A period is over: gives back what was not used in it and in the one before. How many idle
  /// connections to close for other workers that go short; then call give_back_unused().
  std::uint32_t end_period() {
    const std::uint32_t misses = budget_.misses();
    const bool others_go_short = misses - std::exchange(seen_misses_, misses) > own_misses_;
    own_misses_ = 0;
    const std::uint32_t needed = std::max({used_, peak_, last_peak_});
    const std::uint32_t spare = others_go_short ? 0 : budget_.block();
    if (held_ > needed + spare) give_back(held_ - needed - spare);
    last_peak_ = std::exchange(peak_, used_);
    const std::uint32_t even = budget_.even_part();
    if (!others_go_short || used_ <= even) return 0;
    return (used_ - even + 1) / 2;
  }
  void give_back_unused() {
    give_back(held_ - used_);
    peak_ = last_peak_ = used_;
  }

  std::uint32_t used() const { return used_; }
  std::uint32_t held() const { return held_; }

 private:
  bool take_more() {
    if (is_refused_) return false;
    const std::uint32_t got = budget_.take();
    held_ += got;
    if (got > 0) return true;
    is_refused_ = true;
    ++own_misses_;
    budget_.miss();
    return false;
  }
  void give_back(std::uint32_t places) {
    held_ -= places;
    budget_.give_back(places);
  }

  IdleBudget& budget_;
  std::uint32_t held_ = 0;       ///< Places taken from the budget.
  std::uint32_t used_ = 0;       ///< Of which have a connection.
  std::uint32_t peak_ = 0;       ///< The most of those seen in this period.
  std::uint32_t last_peak_ = 0;  ///< In the last one.
  std::uint32_t seen_misses_ = 0;
  std::uint32_t own_misses_ = 0;  ///< Since end_period().
  bool is_refused_ = false;
};

}  // namespace teal::proxy
