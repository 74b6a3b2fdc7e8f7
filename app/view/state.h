// The views of a store or a backup of one: what is in it.
//
// Pure functions.
#pragma once

#include <string>

#include <boost/json/fwd.hpp>

#include "control/sqlite/store_image.h"

namespace teal::app {

/// Some lines, the first with the name of the file.
std::string render_store(const control::StoreSummary& summary, const std::string& path);
boost::json::object to_json(const control::StoreSummary& summary, const std::string& path);

}  // namespace teal::app
