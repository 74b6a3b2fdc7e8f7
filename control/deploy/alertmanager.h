// Alertmanager's webhook, version 4, and Grafana's, which has the same alerts: a body in, alerts
// out. Read leniently, because owners of custom payload templates leave things out: an alert needs
// a status and labels. One that cannot be read is told apart from the others and refuses none of
// them.
//
// Pure functions, any thread. Know no service; whose alert it is, is asked by concerns().
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "config/deploy.h"
#include "config/load.h"

namespace teal::control {

using AlertLabels = std::map<std::string, std::string>;

struct Alert {
  bool firing = false;
  AlertLabels labels;
  std::string fingerprint;  ///< Alertmanager's; computed of the labels where it is not given.
  std::optional<WallTime> starts, ends;  ///< Empty where not given, or 0001-01-01.
  std::string why;                       ///< Its summary or description; else its name.
};

struct RefusedAlert {
  std::size_t index = 0;  ///< In the body's list.
  std::string why;
};

struct AlertBatch {
  std::vector<Alert> alerts;
  std::vector<RefusedAlert> refused;
  /// Alerts that Alertmanager left out (max_alerts) and that nothing is known of: not resolved.
  std::uint64_t truncated = 0;
  std::string group;  ///< groupKey.
};

/// Beyond those, alerts of one batch are refused.
inline constexpr std::size_t kMaxAlertsOfABatch = 2000;

/// Problems where it is no such body, or where none of its alerts can be read.
config::Loaded<AlertBatch> parse_alert_batch(const std::string& body);

/// RFC 3339, down to milliseconds.
std::optional<WallTime> parse_alert_time(std::string_view text);
/// As Prometheus and Alertmanager compute it: 16 hexadecimal digits.
std::string fingerprint_of(const AlertLabels& labels);
/// Its alertname, or its labels where it has none.
std::string name_of(const Alert& alert);
/// {alertname="HighErrorRate", instance="10.0.0.1:80"}; cut after 500 bytes.
std::string to_string(const AlertLabels& labels);

/// Whether the alert is the alarm's. Requires: it is an external one.
bool concerns(const config::Alarm& alarm, const Alert& alert);

}  // namespace teal::control
