// ControlStats and AlertStats: what each service, and what came from outside, has come to since the
// start of the process, for Prometheus.
// Counters that somebody may alarm on are there from the start, at 0: else the first increase of a
// process is one that nobody sees.
//
// Control thread. Counts what it is told of.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/colour.h"
#include "control/engine/status.h"
#include "health/judge/episodes.h"

namespace teal::control {

/// Of one service.
struct ServiceStats {
  static constexpr std::array kReasons{"ALARM_ACTIVE", "HEALTH_CONSTRAINTS", "MANUAL_STOP",
                                       "TIMEOUT"};
  static constexpr std::array kKinds{Kind::deploy, Kind::rollback};
  static constexpr std::array kEnds{Status::succeeded, Status::failed, Status::stopped};

  ServiceStats() {
    for (const char* reason : kReasons) rollbacks.try_emplace(reason, 0);
    for (const Kind kind : kKinds)
      for (const Status status : kEnds) outcomes.try_emplace({kind, status}, 0);
  }

  std::map<std::string, std::uint64_t> rollbacks;  ///< By the code of their reason.
  std::map<std::pair<Kind, Status>, std::uint64_t> outcomes;
  PerColour<std::uint64_t> ejected{};
};

/// Of what came from outside on alarms.
struct AlertStats {
  std::map<health::EpisodeTable::Outcome, std::uint64_t> words;  ///< By what they came to.
  std::uint64_t unmatched = 0;  ///< Alerts that no service has an alarm for.
  std::uint64_t refused = 0;    ///< Alerts that could not be read.
  std::uint64_t truncated = 0;  ///< Alerts that Alertmanager says it left out.
};

class ControlStats {
 public:
  /// A rollback began.
  void count_rollback(const std::string& service, const std::string& reason) {
    ++services_[service].rollbacks[reason];
  }
  void count_end(const std::string& service, Kind kind, Status status) {
    ++services_[service].outcomes[{kind, status}];
  }
  void count_ejection(const std::string& service, Colour colour) {
    ++services_[service].ejected[colour];
  }
  ServiceStats of(const std::string& service) const {
    const auto known = services_.find(service);
    return known == services_.end() ? ServiceStats{} : known->second;
  }

 private:
  std::map<std::string, ServiceStats> services_;
};

}  // namespace teal::control
