// The evidence of a deployment and its replay as lines for a person. Pure: JSON in, text out.
#pragma once

#include <string>

#include <boost/json/fwd.hpp>

namespace teal::app {

/// One line of what a comparison stands on: "release 12 bad of 540, live 3 of 4860; ...".
std::string render_comparison(const boost::json::object& comparison);
/// GET /v1/deployments/{id}/evidence.
std::string render_evidence(const boost::json::object& evidence);
/// GET /v1/deployments/{id}/replay.
std::string render_replay(const boost::json::object& replay);

}  // namespace teal::app
