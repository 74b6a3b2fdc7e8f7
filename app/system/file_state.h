// What tells one version of a file from another, without reading it.
//
// Cold path; asks the disk.
#pragma once

#include <string>

namespace teal::app {

/// Its inode, size and time of change; of one that is not there the same each time.
std::string file_state(const std::string& path);

}  // namespace teal::app
