// StatusWindows: what each group has done in the last seconds, as the status page shows it and as
// rates that tell when evidence may come. A group that runs another revision begins anew.
//
// Pure: times and readings are given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/colour.h"
#include "base/counters.h"
#include "base/time.h"
#include "control/traffic/recent_traffic.h"
#include "health/judge/outlook.h"

namespace teal::control {

class StatusWindows {
 public:
  /// Less of it says nothing about a rate.
  static constexpr Micros kRateKnown{1'000'000};

  /// The group's counters, of split traffic, as of `now`.
  void feed(const std::string& service, Colour colour, const std::string& revision, Mono now,
            const TrafficCounters& counted);

  /// True: of the revision's requests in the group so many have ended (Ports::read_requests()) as
  /// at its last reading; that is known as of `now`, and it need not be read. False: it is to be.
  bool feed_unchanged(const std::string& service, Colour colour, const std::string& revision,
                      Mono now, std::uint64_t ended);
  /// No request of either group has ended from the last reading until then.
  void rest_until(const std::string& service, Mono then);
  /// Neither group has had a request in the last seconds: as long as none comes, all answers stay
  /// as they are.
  bool is_at_rest(const std::string& service) const;
  /// The service is gone.
  void forget(const std::string& service) { windows_.erase(service); }

  /// Nothing before the second reading.
  std::optional<RecentTraffic::View> recent(const std::string& service, Colour colour) const;
  /// How long those requests took.
  Histogram durations(const std::string& service, Colour colour) const;
  /// Of each group, from 0 to 1; nothing where neither had a request.
  std::optional<PerColour<double>> shares(const std::string& service) const;
  /// Requests per second; nothing before there were any of a whole second.
  std::optional<health::Rates> rates(const std::string& service, Colour release) const;
  /// Most of what the revision answered in the group was no error.
  bool mostly_succeeds(const std::string& service, Colour colour,
                       const std::string& revision) const;

 private:
  struct StatusWindow {
    std::string revision;
    std::uint64_t ended = 0;  ///< Requests, at the last reading.
    bool is_fed = false;
    RecentTraffic traffic = {};
  };

  const StatusWindow* find(const std::string& service, Colour colour) const;

  std::unordered_map<std::string, PerColour<StatusWindow>> windows_;
};

}  // namespace teal::control
