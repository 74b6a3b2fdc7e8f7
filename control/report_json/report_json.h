// Reports as JSON, the shapes that control/api/openapi.json documents. Weights are strings as
// people write them ("12.5%"), measured numbers are numbers (shares and rates from 0 to 1), times
// are RFC 3339 in UTC, durations are milliseconds and say so in their key (`_ms`).
//
// Pure functions: the present time is given, so that a countdown needs no agreement of clocks
// between Teal and who reads it.
#pragma once

#include <vector>

#include <boost/json/fwd.hpp>

#include "control/evidence/replay.h"
#include "control/reports/reports.h"

namespace teal::control {

/// With its timeline, alarms and plan.
boost::json::object to_json(const DeploymentReport& report, WallTime now);
/// Without them: a line of a list.
boost::json::object to_summary(const DeploymentReport& report);

/// `running` and `last` are the reports of the deployments that `report` names; null where it
/// names none.
boost::json::object to_json(const ServiceReport& report, const DeploymentReport* running,
                            const DeploymentReport* last, WallTime now);

boost::json::object to_json(const Announcement& announcement);

boost::json::value to_json(const std::optional<DiscoveryReport>& discovery);
boost::json::object to_json(const AlarmReport& alarm);
boost::json::object to_json(const ErrorMeaning& meaning);
boost::json::object to_json(const ExternalAlarmReport& alarm);
/// Without definition and episodes.
boost::json::object to_summary(const ExternalAlarmReport& alarm);
boost::json::object to_json(const EvidenceReport& report);
boost::json::object to_json(const ReplayReport& report);

}  // namespace teal::control
