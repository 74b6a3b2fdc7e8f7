// External alarms as text for a person: what `teal alarms` prints, and what of them `teal deploy`
// and `teal status` say.
//
// Pure functions of the control API's JSON, which may be an older or newer Teal's.
#pragma once

#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "app/view/status.h"

namespace teal::app {

/// GET /v1/alarms.
std::string render_alarms(const boost::json::object& alarms, const ViewStyle& style);
/// Of a deployment's alarms those with something to be known about, a line each: "  alarm pager
/// fires since 2026-11-23 02:13:07Z, ignored until it resolves".
std::string render_alarm_notes(const boost::json::object& deployment);
/// The outside alarms of a service that are not resolved, without an indent or a line's end.
std::vector<std::string> render_outside_alarms(const boost::json::object& service);

}  // namespace teal::app
