// Exposure: how many client-visible failures a release may cause in one deployment, and how many it
// has caused. Whoever sends a request to the release that could still fail before the client's eyes
// holds a reservation, so the number is exact whatever number of workers there is
// (docs/adr/0011): spent + reserved never exceeds the budget.
//
// Shared by control, which makes one per deployment with a budget, and all workers, who reach it
// through the snapshot. Its atomics are touched only for requests of such a release. Does not know
// deployments or requests.
#pragma once

#include <atomic>
#include <cstdint>

namespace teal {

class Exposure {
 public:
  explicit Exposure(std::uint32_t budget, std::uint32_t spent = 0)
      : budget_(budget), used_(spent), spent_(spent) {}

  // ---- workers
  /// A place for one request that may fail visibly. False: there is none; send it elsewhere.
  bool reserve() {
    std::uint32_t used = used_.load(std::memory_order_relaxed);
    do {
      if (used >= budget_) return false;
    } while (!used_.compare_exchange_weak(used, used + 1, std::memory_order_relaxed));
    return true;
  }
  /// The request with the reservation ended well.
  void release() { used_.fetch_sub(1, std::memory_order_relaxed); }
  /// It failed before the client's eyes. True: control must be told; it has not heard of an earlier
  /// one yet otherwise.
  bool spend() {
    spent_.fetch_add(1, std::memory_order_relaxed);
    return !news_.exchange(true, std::memory_order_acq_rel);
  }
  /// A visible failure without a reservation: there was nobody else to send the request to.
  bool overspend() {
    used_.fetch_add(1, std::memory_order_relaxed);
    return spend();
  }
  bool is_full() const { return used_.load(std::memory_order_relaxed) >= budget_; }

  // ---- control
  /// What has been spent; the next spend() tells again.
  std::uint32_t take_news() {
    news_.store(false, std::memory_order_release);
    return spent();
  }
  std::uint32_t budget() const { return budget_; }
  std::uint32_t spent() const { return spent_.load(std::memory_order_acquire); }

 private:
  const std::uint32_t budget_;
  std::atomic<std::uint32_t> used_;   ///< Spent and reserved.
  std::atomic<std::uint32_t> spent_;  ///< Only grows.
  std::atomic<bool> news_{false};
};

}  // namespace teal
