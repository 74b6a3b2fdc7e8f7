// Outlier: passive ejection. A target that fails real requests so many times in a row, or more of
// them than its group's other targets do, is taken out for a while, longer each time; never more
// than the allowed share of its group (counted after the ejection), and never the last one that
// still accepts requests. Envoy's rules, pure: failures and times in, ejections and returns out.
//
// Control thread; one per service.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/outcome.h"
#include "base/service_state.h"
#include "base/time.h"
#include "config/config.h"

namespace teal::health {

class Outlier {
 public:
  explicit Outlier(const config::Outlier& spec) : spec_(spec) {}

  /// Other rules from now on; who is out stays out for as long as was said. But where fewer of
  /// `group` may be out than are, those that have the least time left return.
  void configure(const config::Outlier& spec, std::span<const TargetState> group, Mono now);

  /// Failures in a row.
  struct InARow {
    std::uint32_t all = 0;
    std::uint32_t gateway = 0;  ///< Of which 502, 503, 504 or no answer, up to the last one.
  };
  /// A worker saw these from `target`, a member of `group`. The reason if it is to be ejected now;
  /// the caller marks it.
  std::optional<std::string> on_failures(TargetId target, InARow failures,
                                         std::span<const TargetState> group, Mono now);
  /// What one worker saw of a target. The first one begins an interval.
  void on_tally(const TargetTally& tally, Mono now);
  /// An interval is over (success rates are looked at once in each): ask next_outlier until there
  /// is none, marking each, then end_interval().
  bool is_interval_over(Mono now) const;
  struct Found {
    TargetId target = 0;
    std::string reason;
  };
  std::optional<Found> next_outlier(std::span<const TargetState> group, Mono now);
  void end_interval() { tallies_.clear(); }
  /// The targets whose ejection has ended by `now`.
  std::vector<TargetId> returns(Mono now);
  /// An active probe found it healthy again (not: still healthy), or it left: forget it.
  void forget(TargetId target);
  /// The next moment at which returns() may have something to say.
  std::optional<Mono> next_return() const;
  /// When either of returns() and is_interval_over() may have something to say; max: never.
  Mono due() const;

 private:
  struct Ejection {
    std::uint32_t multiplier = 0;  ///< Falls by one for every base interval spent in peace.
    bool out = false;
    Mono until;  ///< While out; since when it is back otherwise.
  };
  struct Tally {
    std::uint64_t requests = 0;
    std::uint64_t failures = 0;
    double rate() const {
      return 1 - static_cast<double>(failures) / static_cast<double>(requests);
    }
  };

  bool may_go(TargetId target, std::span<const TargetState> group) const;
  /// For how long; nothing if it is out already.
  std::optional<Millis> eject(TargetId target, Mono now);

  config::Outlier spec_;
  std::map<TargetId, Ejection> known_;
  std::map<TargetId, Tally> tallies_;  ///< Of the present interval.
  Mono interval_began_;
};

}  // namespace teal::health
