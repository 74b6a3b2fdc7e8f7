// Placement: which worker carries a new connection. The kernel deals connections out by a hash,
// which is even for thousands and not for a dozen: of twelve HTTP/2 clients two may share a worker
// while others idle. So the worker that accepts one hands it to the worker with the fewest, if that
// has clearly fewer.
//
// Loads are shared by the workers and written when a connection opens or closes, never by a
// request. Any thread; a decision on numbers that are a moment old is good enough.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace teal::proxy {

/// Open connections by worker, those on their way to it included.
class ConnectionLoads {
 public:
  explicit ConnectionLoads(std::size_t workers) : open_(workers) {}

  /// The worker for a connection that `accepted_by` has accepted; counted there from now on.
  std::size_t place(std::size_t accepted_by) {
    const std::size_t chosen = choose(accepted_by);
    open_[chosen].fetch_add(1, std::memory_order_relaxed);
    return chosen;
  }
  /// As place(), but it stays where it is.
  std::size_t keep(std::size_t worker) {
    open_[worker].fetch_add(1, std::memory_order_relaxed);
    return worker;
  }
  void closed(std::size_t worker) { open_[worker].fetch_sub(1, std::memory_order_relaxed); }
  std::uint32_t open(std::size_t worker) const {
    return open_[worker].load(std::memory_order_relaxed);
  }

 private:
  /// Whoever has accepted it keeps it unless it has an eighth more than the least loaded: exact for
  /// a few connections, and for many nearly none is handed over, which costs a wake-up.
  std::size_t choose(std::size_t accepted_by) const {
    std::size_t least = accepted_by;
    for (std::size_t worker = 0; worker < open_.size(); ++worker)
      if (open(worker) < open(least)) least = worker;
    return open(accepted_by) <= open(least) + open(least) / 8 ? accepted_by : least;
  }

  std::vector<std::atomic<std::uint32_t>> open_;
};

}  // namespace teal::proxy
