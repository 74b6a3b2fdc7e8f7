// LiveBaseline: what the live group of each service has done in the last minutes, and what a step
// of a deployment calls slow by it. A step's thresholds are frozen with its publication: what the
// live group does later, its share of a common trouble included, does not move what "slow" means.
// Of a reading it keeps only the durations that there are.
//
// Pure: times and readings are given. Does not know which step it is, nor its weight.
#pragma once

#include <string>
#include <unordered_map>

#include "base/counters.h"
#include "base/time.h"
#include "control/engine/deployment.h"
#include "control/evidence/evidence.h"
#include "health/statistics/sparse_histogram.h"

namespace teal::control {

class LiveBaseline {
 public:
  /// Thresholds are taken from the last one to two of these.
  static constexpr Millis kRecent{150'000};

  /// Whether feed() would note anything: the counters need not be read otherwise.
  bool is_due(const std::string& service, const std::string& revision, Mono now) const;
  /// Both readings that thresholds are taken by are as of `since` or later: if no request has ended
  /// after that, another one would change nothing.
  bool is_settled(const std::string& service, const std::string& revision, Mono since) const;
  /// The counters of the live group's split traffic, as of `now`.
  void feed(const std::string& service, const std::string& revision, Mono now,
            const TrafficCounters& counted);
  /// The step's thresholds. `counted`: the same counters of the group that is replaced; where they
  /// are not those of the revision that was fed last, all of them count.
  EvidenceStep freeze(const DeploymentSpec& spec, TrafficCounters counted) const;

  /// The service is gone.
  void forget(const std::string& service) { recent_.erase(service); }

 private:
  /// A reading, as far as thresholds are made of it.
  struct Mark {
    Mark() = default;
    explicit Mark(const TrafficCounters& counted)
        : duration(counted.duration), given_up(counted.given_up) {}

    bool is_empty() const { return duration.empty() && given_up.empty(); }

    health::SparseHistogram duration, given_up;
  };
  /// By two earlier readings.
  struct Recent {
    std::string revision;
    Mono turned, turned_before;  ///< When `last` and `before_last` were read.
    Mark before_last, last;
  };

  std::unordered_map<std::string, Recent> recent_;  ///< By service.
};

}  // namespace teal::control
