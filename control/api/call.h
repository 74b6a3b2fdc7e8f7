// ApiCall: a request that has found its route, and the small answers that handlers share.
// For the handlers' own files (api/queries.cc, api/commands.cc, api/alarms.cc) only.
#pragma once

#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "control/api/message.h"
#include "control/api/router.h"
#include "control/reports/reports.h"

namespace teal::control {

struct ApiCall {
  const ApiRequest& request;
  std::vector<std::string> names;  ///< What stands for the braces of the pattern, in order.
  using Parameter = std::pair<std::string, std::string>;
  std::vector<Parameter> query;
};

ApiResponse json_response(int status, const boost::json::object& body);
/// 404, 409...: or whatever the command said.
ApiError no_such_group(const std::string& name);
/// {} or nothing: a command that takes no parameters.
bool is_empty_body(const std::string& body);

}  // namespace teal::control
