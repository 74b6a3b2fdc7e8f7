// Configurations as JSON, the shapes that control/api/openapi.json documents.
//
// Pure functions, any thread.
#pragma once

#include <boost/json/fwd.hpp>

#include "control/api/message.h"
#include "control/configuration/config_commands.h"

namespace teal::control {

boost::json::object to_json(const ReloadReport& report);
boost::json::object to_json(const ConfigReport& report);
/// Without its text.
boost::json::object to_json(const ConfigRow& row);
/// A problem with all that is wrong, and what would have changed.
ApiResponse to_response(const ReloadRefusal& refusal);

}  // namespace teal::control
