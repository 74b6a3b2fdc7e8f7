// Problems: what the control API answers when it does not do what it was asked, as problem+json
// (RFC 9457). Each says what is wrong, in this case, and what to do about it.
//
// Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "config/load.h"
#include "control/api/message.h"
#include "control/reports/reports.h"

namespace teal::control {

inline constexpr std::string_view kProblemJson = "application/problem+json";

ApiResponse to_response(const ApiError& error);
/// With more that is told of this case.
ApiResponse to_response(const ApiError& error, const boost::json::object& details);
/// 404 with the names that there are.
ApiResponse unknown_name(const ApiError& error, std::string_view list,
                         const std::vector<std::string>& names);
/// 400: the body, with every problem of it and where it is.
ApiResponse bad_body(const config::Problems& problems);
/// The title of an HTTP status ("Not Found") for problems that have none of their own.
std::string_view status_title(int status);

}  // namespace teal::control
