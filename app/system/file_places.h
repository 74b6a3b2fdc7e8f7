// Where the files are that a configuration names: relative paths begin at the working folder, which
// a configuration cannot know and a message has to say; and whether Teal could write its own there.
//
// Cold path: looks at the disk and at the working folder when it is asked.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/load.h"

namespace teal::app {

/// "/srv/teal.db" for "teal.db" where the working folder is /srv.
std::string absolute_path(const std::string& path);

/// "'teal.db' is relative to the working folder /srv"; empty for an absolute one.
std::string relative_to_what(const std::string& path);

/// Of the store and the access log: what would keep this user's Teal from writing them. `file` is
/// the configuration's.
std::vector<config::Problem> look_at_places(const config::Config& config, const std::string& file);

/// "state: /srv/teal.db ('teal.db' is relative to...)", a line for each.
std::vector<std::string> describe_places(const config::Config& config);

}  // namespace teal::app
