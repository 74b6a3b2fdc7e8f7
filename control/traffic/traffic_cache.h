// TrafficCache: how many requests each group has had, for reports: looked up in the workers no more
// than once between two renewals, however many ask, and read as a whole only where more requests
// have ended since.
//
// Control thread. Does not know what the numbers mean.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/counters.h"
#include "control/deploy/ports.h"

namespace teal::control {

/// Of split traffic, since the revision came into the group.
struct TrafficTotals {
  Tally tally;
  std::uint64_t shielded = 0;
  bool operator==(const TrafficTotals&) const = default;
};

class TrafficCache {
 public:
  explicit TrafficCache(Ports& ports) : ports_(ports) {}

  /// Whatever totals() tells from here on is as of now or later.
  void renew() { ++reading_; }
  TrafficTotals totals(const std::string& service, Colour colour,
                       const std::string& revision) const;
  /// The service is gone.
  void forget(const std::string& service) { known_.erase(service); }

 private:
  struct Known {
    std::string revision;
    std::uint64_t reading = 0;  ///< When it was looked up last; 0: never.
    std::uint64_t ended = 0;    ///< By then.
    TrafficTotals totals = {};
  };

  Ports& ports_;
  mutable std::map<std::string, PerColour<Known>> known_;
  std::uint64_t reading_ = 1;  ///< Counts renewals.
};

}  // namespace teal::control
