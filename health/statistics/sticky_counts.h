// StickyCounts: which bad events of sticky clients count (docs/judge.md, condition 3). A client's
// requests are no independent draws: one of them counts in a deployment. And whoever comes back may
// have chosen its group by the cookie that it sent, out of many that it has collected: of all
// clients that come back from one place, one event counts. Always the first one, whatever group it
// is of.
//
// Pure; one per stream of bad events. Bounded: what cannot be remembered does not count, unless it
// was drawn just now, which nobody can choose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>

#include "base/judged_event.h"

namespace teal::health {

class StickyCounts {
 public:
  static constexpr std::size_t kMaxClients = 65'536;
  static constexpr std::size_t kMaxPlaces = 65'536;

  /// True: it counts, and is remembered. Always for clients that are not sticky.
  bool take(const JudgedEvent& event);
  /// It was taken, and turned out to be none.
  void give_back(const JudgedEvent& event);

 private:
  std::unordered_set<std::uint64_t> clients_;
  std::unordered_set<std::uint64_t> places_;
};

}  // namespace teal::health
