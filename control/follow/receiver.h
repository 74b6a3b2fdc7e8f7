// What a leader makes of a follower's counters and events, before the judge hears of any: each
// message is taken once and in its order, counters only grow, and what the leader does not know,
// because it is gone or was never there, is left out and counted. Whoever breaks the order has lost
// something on the way: its connection ends, and a Hello begins anew.
//
// Pure; one for each follower. Knows no services: whoever asks says what there is.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/result.h"
#include "control/follow/messages.h"

namespace teal::control::follow {

class CounterReceiver {
 public:
  using Stream = std::pair<TrafficKey, Stage>;
  using Knows = std::function<bool(const TrafficKey& key, Stage stage)>;

  /// Adds what is new and known. False: it was taken before, and nothing happens. An Error: one is
  /// missing before it, or a counter would run over; nothing of it was added.
  Result<bool> take(const Counters& message, const Knows& knows);

  /// All that the follower has told of what is known.
  const std::map<Stream, TrafficCounters>& totals() const { return totals_; }
  /// Lets go of streams that are not known any more.
  void forget(const Knows& knows);
  std::uint64_t left_out() const { return left_out_; }  ///< Deltas.

 private:
  std::map<Stream, TrafficCounters> totals_;
  std::uint64_t last_ = 0;
  std::uint64_t left_out_ = 0;
};

class EventReceiver {
 public:
  /// Of one service, what its events may name.
  struct Known {
    std::size_t thresholds = 0;  ///< Of its judging; an event of a later one is left out.
  };
  struct Knows {
    /// Nothing: there is no such service, or nobody compares.
    std::function<std::optional<Known>(const std::string& service)> service;
    std::function<bool(TargetId target)> target;
  };

  /// `recorded`: the last that was recorded, as the Hello says or the store.
  explicit EventReceiver(std::uint64_t recorded) : last_(recorded) {}

  /// What of it is known, with its watermark. Nothing: it was taken before. An Error: one is
  /// missing before it, or the watermark or the count of what was dropped goes back.
  Result<std::optional<Events>> take(Events message, const Knows& knows);

  std::uint64_t last() const { return last_; }
  Mono settled() const { return settled_; }
  std::uint64_t left_out() const { return left_out_; }  ///< Events and outcomes.

 private:
  std::uint64_t last_;
  Mono settled_{};
  std::uint64_t dropped_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace teal::control::follow
