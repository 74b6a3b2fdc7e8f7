// BlockCounts: how likely a bad request was to be the release's, had the groups been alike, given
// the bad ones of its permuted block that were counted before: places of the release not yet
// accounted for / requests not yet accounted for. The groups of the good requests are no part of
// what the comparison knows; leaving them out keeps the whole information of a failure even in
// short blocks, where the draw itself is often a foregone conclusion (docs/judge.md has the proof).
//
// Pure; one per stream of bad events. Remembers the last kMaxBlocks blocks that had one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "base/judged_event.h"

namespace teal::health {

class BlockCounts {
 public:
  static constexpr std::size_t kMaxBlocks = 4096;

  /// Counts the event; nothing where it says nothing, because its group was certain.
  std::optional<double> take(const JudgedEvent& event, bool release);

 private:
  struct Seen {
    std::uint32_t bad = 0;
    std::uint32_t release = 0;  ///< Of which the release's.
  };
  std::unordered_map<std::uint64_t, Seen> blocks_;
  std::deque<std::uint64_t> order_;
};

}  // namespace teal::health
