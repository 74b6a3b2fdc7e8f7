// The episodes of a service's external alarms, as the store keeps them with the service.
//
// Plain functions, any thread. The control API's JSON is another one, for people
// (control/report_json/report_json.h).
#pragma once

#include <vector>

#include <boost/json.hpp>

#include "health/judge/episodes.h"

namespace teal::control {

boost::json::array episode_records(const std::vector<health::Episode>& episodes);
/// Of a service's record: its `episodes`, or, as older versions wrote it, its `firing`. Throws
/// std::exception where it has neither.
std::vector<health::Episode> read_episode_records(const boost::json::object& service);

}  // namespace teal::control
