// The alarms of a deployment as the store keeps them: part of what control/store/spec_json.h
// writes. What they said is control/evidence/alarm_record.h's.
//
// Plain functions, any thread.
#pragma once

#include <boost/json.hpp>

#include "config/deploy.h"

namespace teal::control {

boost::json::object alarm_to_json(const config::Alarm& alarm);
/// Throws std::exception where it is no such record.
config::Alarm alarm_from_json(const boost::json::object& object);

}  // namespace teal::control
