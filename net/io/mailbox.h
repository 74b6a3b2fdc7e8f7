// Mailbox: the one way by which other threads bring something to the thread that turns a reactor:
// they put it in, and its owner takes all that has come, in order. A look whether there is anything
// costs one load, so the owner may look often; the lock is taken once per item put and once per
// batch taken.
//
// Any thread puts; the reactor's thread takes. Has no limit of its own: who puts has one (of a
// worker's: connections that were placed on it, one call for each group, one table for each
// publication, one word for each batch of reports).
#pragma once

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "net/io/reactor.h"

namespace teal::net {

template <class Item>
class Mailbox {
 public:
  /// Putting something in ends the reactor's wait. The reactor outlives the last put().
  explicit Mailbox(Reactor& reactor) : reactor_(reactor) {}

  // ---- any thread
  void put(Item item) {
    {
      const std::scoped_lock lock(mutex_);
      items_.push_back(std::move(item));
      has_items_.store(true, std::memory_order_relaxed);
    }
    reactor_.wake();
  }

  // ---- the reactor's thread
  /// Where something is put in after this looked, the reactor wakes up for it.
  bool has_items() const { return has_items_.load(std::memory_order_relaxed); }
  /// All there is, in the order in which it came; the box is empty then.
  std::vector<Item> take() {
    const std::scoped_lock lock(mutex_);
    has_items_.store(false, std::memory_order_relaxed);
    return std::exchange(items_, {});
  }

 private:
  Reactor& reactor_;
  std::mutex mutex_;
  std::vector<Item> items_;
  std::atomic<bool> has_items_{false};
};

}  // namespace teal::net
