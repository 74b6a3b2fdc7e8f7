// TrafficCache: counters of split traffic, read from the workers no more than once between two
// renewals, however many ask: a tick reads each group once for windows, baselines and reports.
//
// Control thread. Does not know what the numbers mean.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/counters.h"

namespace teal::control {

class TrafficCache {
 public:
  /// The sum of all workers' counters now.
  using Read = std::function<TrafficCounters(const TrafficKey&)>;

  explicit TrafficCache(Read read) : read_(std::move(read)) {}

  /// Whatever counters() tells from here on is as of now or later.
  void renew() {
    // What nobody has asked for since the last time is hardly asked for again.
    std::erase_if(known_, [this](const auto& each) { return each.second.reading != reading_; });
    ++reading_;
  }
  /// Read when it is first asked for. The reference is good until the next renew().
  const TrafficCounters& counters(const std::string& service, Colour colour,
                                  const std::string& revision) const {
    const auto [found, is_new] = known_.try_emplace({service, colour, revision, Audience::split});
    Known& known = found->second;
    if (is_new || known.reading != reading_) known = {read_(found->first), reading_};
    return known.counters;
  }

 private:
  struct Known {
    TrafficCounters counters;
    std::uint64_t reading = 0;
  };

  Read read_;
  mutable std::map<TrafficKey, Known> known_;
  std::uint64_t reading_ = 0;  ///< Counts renewals.
};

}  // namespace teal::control
