// Outlook: whether the evidence that alarms want can come, and when, at the rate at which requests
// come: before a deployment starts, for the steps of its plan; while it holds, for what is missing.
// An estimate for people. Nothing is decided by it.
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/weight.h"
#include "config/config.h"
#include "health/judge/verdict.h"

namespace teal::health {

/// Requests per second of split traffic, as of now.
struct Rates {
  double release = 0;
  double live = 0;
  double of(const Shortfall& shortfall) const {
    return shortfall.of_both ? release + live : release;
  }
};

/// Until the shortfall is made good; nothing where these rates never do that, or do not tell.
std::optional<Millis> time_until(const Shortfall& shortfall, const Rates& rates);

/// "about 1m32s at this rate"; "never at this rate: at 4 requests/s this needs over >= 13s"; empty
/// where the rates do not tell.
std::string outlook_of(const Shortfall& shortfall, const Rates& rates);

/// What an alarm wants of the step of a plan that can bring it least.
struct Need {
  std::string alarm;
  Weight weight;        ///< The release's share in that step.
  Shortfall shortfall;  ///< At its beginning.
  Millis patience{0};   ///< So long it is waited for: the bake and, where it is held, what follows.
  bool in_watch = false;

  /// Of the whole service's, per second, which bring it in time.
  double requests_per_second() const;
};

/// Of each alarm that a step waits for and that counts requests, in their order. An estimate for
/// comparisons: as if nothing failed.
std::vector<Need> needs_of(const config::Deploy& deploy);

/// "at least 17 requests/s at 10% (50 requests of the release in 30s)".
std::string describe(const Need& need);

/// A need above this is said although nobody knows how many requests come.
inline constexpr double kMuchTraffic = 100;

/// A sentence for each need that requests do not meet which come at this rate, of the whole
/// service's; nothing: nobody knows the rate, and only what wants much traffic is said.
std::vector<std::string> shortages(const std::vector<Need>& needs,
                                   std::optional<double> requests_per_second);

}  // namespace teal::health
