// The views of configurations: what a reload has changed, which generation runs, and those before.
//
// Pure functions of the JSON of GET /v1/config and its kin. What is missing reads as nothing.
#pragma once

#include <string>

#include <boost/json/fwd.hpp>

namespace teal::app {

/// Of a reload or a rollback: the changes, a line each, and what became of them.
std::string render_reload(const boost::json::object& report);
/// GET /v1/config.
std::string render_config(const boost::json::object& report);
/// GET /v1/config/history.
std::string render_config_history(const boost::json::object& history);
/// The changes that a report or a problem lists, a line each.
std::string render_changes(const boost::json::object& of);

}  // namespace teal::app
