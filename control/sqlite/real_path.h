// Where a store really is. SQLite follows symbolic links and has its journal beside the file that
// they lead to: whoever looks for the journal, or puts another file in that place, needs the same
// name. Asked once, at each door.
//
// Any thread; waits for the disk.
#pragma once

#include <string>

namespace teal::control {

/// Absolute and without links, also of a file that is not there yet. As given where its directory
/// is not there either, and for ":memory:".
std::string real_path(const std::string& path);

}  // namespace teal::control
