// The status view: reports of the control API as text for a person. What `teal status` prints and
// `teal status --watch` redraws.
//
// Pure functions of the reports' JSON. Writes no cursor movements and knows no terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

namespace teal::app {

struct ViewStyle {
  int columns = 100;  ///< Longer lines are cut.
  bool colour = false;
  std::size_t timeline_entries = 5;  ///< The last so many.
};

/// One service as GET /v1/services/{s} tells it. Tolerates missing members: an older or newer Teal
/// may have answered.
std::string render_service(const boost::json::object& service, const ViewStyle& style);
/// GET /v1/services/{s}/deployments.
std::string render_history(const boost::json::object& history, const ViewStyle& style);
/// One line about a deployment: "d-3 shop v42: Baking at 10%", "d-3 shop v42: Ready, Gated at 10%".
std::string render_deployment_line(const boost::json::object& deployment);
/// A line for each thing that a deployment's answer warns of; often nothing.
std::string render_warnings(const boost::json::object& deployment);

/// "2026-11-23 02:14:08Z  Baking      shift to 10%"
std::string render_timeline_entry(const boost::json::object& entry);
/// Why a deployment waits and which commands end that, in two lines; nothing where it does not.
std::vector<std::string> render_wait(const boost::json::object& deployment);
/// One line about a deployment that is being waited for: where it is, why it waits, and which
/// targets of its service take no requests and why. `service` may be empty.
std::string render_heartbeat(const boost::json::object& deployment,
                             const boost::json::object& service);
/// A problem (RFC 9457) as the lines of an error message.
std::string render_problem(std::string_view body, int status);

}  // namespace teal::app
