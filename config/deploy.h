// What a deployment does and what it is taken back for: alarms, rollbacks, limits of its patience.
// Part of config/config.h; its steps are config/plan.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error_meaning.h"
#include "base/time.h"
#include "config/plan.h"

namespace teal::config {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// `value > limit` or `value < limit`, strictly.
struct Threshold {
  enum class Op : std::uint8_t { above, below };

  Op op = Op::above;
  double limit = 0;
  bool operator==(const Threshold&) const = default;
};

/// Share of errors among the release's finished requests; the limit is a fraction (0.01 = 1 %).
/// With the meaning ErrorMeaning::of_clients() it is a client_error_rate.
struct ErrorRateAlarm {
  Threshold threshold;
  ErrorMeaning meaning = {};
  bool operator==(const ErrorRateAlarm&) const = default;
};

/// A quantile of the release's request duration; the limit is in milliseconds.
struct LatencyAlarm {
  double quantile = 0.99;
  Threshold threshold;
  bool operator==(const LatencyAlarm&) const = default;
};

/// The release's finished requests per second.
struct RequestRateAlarm {
  Threshold threshold;
  bool operator==(const RequestRateAlarm&) const = default;
};

/// Fires when somebody outside says so: POST /v1/alarms/{name}, or an alert of Alertmanager.
struct ExternalAlarm {
  /// Labels that an alert must have, each with exactly this value. Empty: an alertname that is the
  /// alarm's own name.
  std::map<std::string, std::string> match = {};
  /// How long an alert waits that fires again as if it had never been resolved: it may be a late
  /// copy. 0: not at all.
  Millis settle = seconds{60};
  /// An alert that nobody repeats for so long is stale: shown, and in no start's way.
  Millis stale_after = hours{24};
  bool operator==(const ExternalAlarm&) const = default;
};

/// The release against the live group at the same instant (docs/judge.md).
struct CompareAlarm {
  enum class What : std::uint8_t { errors, latency };

  What what = What::errors;
  double tolerance = 1.5;     ///< Worse by this factor is still well.
  double confidence = 0.999;  ///< 1 - alpha: what a rollback needs.
  double certify = 0.95;      ///< What "not worse" needs at a step's end.
  /// Errors: the share that the release may have where there is no live traffic to compare with, a
  /// fraction (0.01 = 1 %). Left out: 1 % for certificates, and nothing is rolled back for it.
  std::optional<double> at_most;
  /// Latency: a duration to compare by besides the live group's own quantiles.
  std::optional<Millis> limit;
  /// Errors. ErrorMeaning::of_clients(): `compare: client_errors`.
  ErrorMeaning meaning = {};
  bool operator==(const CompareAlarm&) const = default;
};

struct Alarm {
  std::string name;
  std::variant<ErrorRateAlarm, LatencyAlarm, RequestRateAlarm, ExternalAlarm, CompareAlarm>
      condition;
  Millis over = seconds{30};            ///< Sliding window; not for external ones, comparisons.
  std::uint64_t minimum_requests = 50;  ///< Fewer in the window: not enough evidence.
  bool observe = false;                 ///< Judged, shown and recorded, and does nothing.
  bool operator==(const Alarm&) const = default;
};

struct RollbackOn {
  bool deployment_failure = true;          ///< DEPLOYMENT_FAILURE
  bool deployment_stop_on_alarm = true;    ///< DEPLOYMENT_STOP_ON_ALARM
  bool deployment_stop_on_request = true;  ///< DEPLOYMENT_STOP_ON_REQUEST
  bool operator==(const RollbackOn&) const = default;
};

/// How many of the release's targets must be healthy: "75%" (rounded up) or a count, at least 1.
struct MinimumHealthy {
  bool is_percent = true;
  std::uint32_t value = 100;

  /// For a group of `targets`; never below 1.
  std::uint32_t of(std::size_t targets) const;
  bool operator==(const MinimumHealthy&) const = default;
};

/// What happens when a bake ends and an alarm still lacks its minimum of requests.
enum class NotEnoughEvidence : std::uint8_t { hold, proceed, rollback };

struct Deploy {
  Plan plan;  ///< Default AllAtOnce.
  RollbackOn rollback_on;
  std::vector<Alarm> alarms;  ///< In the order of the file; names unique.
  /// An outside alarm that already fires when the deployment starts: ignored until it resolves and
  /// fires again, or in the way.
  bool block_on_firing_alarm = false;
  MinimumHealthy minimum_healthy;
  Millis healthy_deadline = minutes{10};  ///< For minimum_healthy to come true at the start.
  NotEnoughEvidence not_enough_evidence = NotEnoughEvidence::hold;
  Millis evidence_deadline = hours{1};  ///< Of `hold`; then it is a DEPLOYMENT_FAILURE.
  /// At most so many client-visible failures of the release; 0: no limit.
  std::uint32_t exposure_budget = 0;
  Millis keep_old = minutes{10};  ///< The old group stays warm that long.
  /// For how long the alarms go on watching after the cut-over, at most keep_old; 0: not at all.
  /// Left out: five minutes, or keep_old if that is less.
  std::optional<Millis> watch_after;
  bool operator==(const Deploy&) const = default;
};

/// What the alarm counts as errors; null: it is on something else.
const ErrorMeaning* meaning_of(const Alarm& alarm);
/// All but the usual one, each once, in the order of the alarms: a deployment's table.
std::vector<ErrorMeaning> meanings_in(const std::vector<Alarm>& alarms);
/// The number of the alarm's meaning in that table; 0 of the usual one, and where it has none.
std::size_t meaning_number(const std::vector<Alarm>& alarms, const Alarm& alarm);

/// How long a release is watched after the cut-over; 0 where there is no alarm to do it.
Millis watch_time(const Deploy& deploy);
/// The alarm can judge a release that has all the traffic: it compares with nobody, or has a limit
/// for the time when there is nobody (at_most).
bool judges_alone(const Alarm& alarm);

}  // namespace teal::config
