// Deadlines: many items by when something is to happen to each, the earliest at hand: a binary heap
// that knows where each item stands in it, so that a deadline is moved or taken away without
// leaving anything behind. A wheel would be cheaper and coarser; probes are spread by milliseconds.
//
// Pure; owned and used by one thread. Holds no item alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/time.h"

namespace teal::health {

/// Where an item stands; a base of the item, kept by Deadlines.
class HasDeadline {
 public:
  static constexpr std::uint32_t kNowhere = 0xffff'ffff;

  bool has_deadline() const { return place_ != kNowhere; }

 private:
  template <class Item>
  friend class Deadlines;

  std::uint32_t place_ = kNowhere;
};

template <class Item>
class Deadlines {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  /// Requires: !empty().
  Mono earliest() const { return heap_.front().at; }

  /// In place of the deadline that the item has, if it has one.
  void set(Item& item, Mono at) {
    if (item.has_deadline()) erase(item);
    heap_.push_back({at, &item});
    item.place_ = static_cast<std::uint32_t>(heap_.size() - 1);
    rise(heap_.size() - 1);
  }

  void erase(Item& item) {
    if (!item.has_deadline()) return;
    const std::size_t hole = std::exchange(item.place_, HasDeadline::kNowhere);
    const Entry last = heap_.back();
    heap_.pop_back();
    if (last.item == &item) return;
    put(hole, last);
    rise(hole);
    sink(last.item->place_);
  }

  /// The item of the earliest deadline, which has none any more. Requires: !empty().
  Item& take() {
    TEAL_ASSERT(!heap_.empty());
    Item& first = *heap_.front().item;
    erase(first);
    return first;
  }

 private:
  struct Entry {
    Mono at;
    Item* item;
  };

  void put(std::size_t place, const Entry& entry) {
    heap_[place] = entry;
    entry.item->place_ = static_cast<std::uint32_t>(place);
  }

  void rise(std::size_t place) {
    const Entry risen = heap_[place];
    for (; place > 0 && risen.at < heap_[(place - 1) / 2].at; place = (place - 1) / 2)
      put(place, heap_[(place - 1) / 2]);
    put(place, risen);
  }

  void sink(std::size_t place) {
    const Entry sunk = heap_[place];
    for (std::size_t child = 2 * place + 1; child < heap_.size(); child = 2 * place + 1) {
      if (child + 1 < heap_.size() && heap_[child + 1].at < heap_[child].at) ++child;
      if (heap_[child].at >= sunk.at) break;
      put(place, heap_[child]);
      place = child;
    }
    put(place, sunk);
  }

  std::vector<Entry> heap_;
};

}  // namespace teal::health
