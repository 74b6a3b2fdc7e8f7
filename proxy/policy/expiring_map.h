// ExpiringMap: what was found out not long ago, by a tag that only Teal can make (net/tls/mac.h).
// Holds a fixed number of entries; one more takes the place of the oldest.
//
// A plain value of one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <unordered_map>
#include <utility>

#include "base/time.h"
#include "net/tls/mac.h"

namespace teal::proxy {

template <class Value>
class ExpiringMap {
 public:
  using Key = net::Mac::Tag;

  explicit ExpiringMap(std::size_t most) : most_(most) {}

  /// Null: nothing is known, or not any more. Good until the next put().
  const Value* find(const Key& key, Mono now) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    if (found->second->until > now) return &found->second->value;
    entries_.erase(found->second);
    by_key_.erase(found);
    return nullptr;
  }
  /// In place of what was known.
  void put(const Key& key, Value value, Mono until) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      entries_.erase(found->second);
      by_key_.erase(found);
    } else if (entries_.size() >= most_) {
      by_key_.erase(entries_.front().key);
      entries_.pop_front();
    }
    entries_.push_back({key, until, std::move(value)});
    by_key_.emplace(key, std::prev(entries_.end()));
  }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Key key;
    Mono until;
    Value value;
  };
  /// Tags are random already.
  struct Hash {
    std::size_t operator()(const Key& key) const {
      std::size_t hash = 0;
      std::memcpy(&hash, key.data(), sizeof hash);
      return hash;
    }
  };

  const std::size_t most_;
  std::list<Entry> entries_;  ///< Oldest first.
  std::unordered_map<Key, typename std::list<Entry>::iterator, Hash> by_key_;
};

}  // namespace teal::proxy
