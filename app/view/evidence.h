// The evidence of a deployment and its replay as lines for a person. Pure: JSON in, text out.
#pragma once

#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

namespace teal::app {

/// What a comparison stands on, in two lines: "release 12 bad of 540, live 3 of 4860; ...", and its
/// e-value and certificate.
std::vector<std::string> render_comparison(const boost::json::object& comparison);
/// GET /v1/deployments/{id}/evidence.
std::string render_evidence(const boost::json::object& evidence);
/// GET /v1/deployments/{id}/replay.
std::string render_replay(const boost::json::object& replay);

}  // namespace teal::app
