// StatusWindows: what each group has done in the last seconds, as the status page shows it and as
// rates that tell when evidence may come. A group that runs another revision begins anew.
//
// Pure: times and readings are given.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/colour.h"
#include "base/counters.h"
#include "base/time.h"
#include "health/judge/outlook.h"
#include "health/statistics/window.h"

namespace teal::control {

class StatusWindows {
 public:
  static constexpr Millis kOver{10'000};
  /// Less of it says nothing about a rate.
  static constexpr Micros kRateKnown{1'000'000};

  /// The group's counters, of split traffic, as of `now`.
  void feed(const std::string& service, Colour colour, const std::string& revision, Mono now,
            const TrafficCounters& counted);

  /// Nothing before the second reading.
  std::optional<health::Window::View> recent(const std::string& service, Colour colour) const;
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
    health::Window window{kOver};
  };

  const StatusWindow* find(const std::string& service, Colour colour) const;

  std::map<std::string, PerColour<StatusWindow>> windows_;
};

}  // namespace teal::control
