// What the alarms of a deployment said last, as the store keeps it with the evidence, so that a
// deployment that is over is explained after a restart as it was before.
//
// Plain functions, any thread. The control API's JSON is another one, for people
// (control/report_json/report_json.h).
#pragma once

#include <boost/json.hpp>

#include "control/reports/reports.h"

namespace teal::control {

boost::json::value alarm_record(const AlarmReport& alarm);
/// Throws std::exception where it is none.
AlarmReport read_alarm_record(const boost::json::value& record);

}  // namespace teal::control
