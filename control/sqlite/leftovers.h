// What a killed process leaves beside a store: the folder in which it looked at a copy
// (`teal.db.look-Ab3dEf`), or a new store that had no time to take the old one's place
// (`teal.db.new-123-0`). Whoever makes one holds a lock (flock(2)) on it for as long as it lives,
// and so what nobody has locked is nobody's any more.
//
// Any thread; blocks on the disk. Takes no lock off the store itself.
#pragma once

#include <string>

namespace teal::control {

/// `store`: by its real path. What has another name, what holds anything else, and what somebody
/// has locked or cannot be looked at stays as it is.
void remove_leftovers(const std::string& store);

/// For mkdtemp(3): the name of a folder to look at a copy in.
std::string pattern_of_look(const std::string& store);

/// Of a copy of a store and what SQLite has beside it; false where it holds anything else, or is no
/// folder. Whether there is nothing of that name now.
bool remove_folder_of_copy(const std::string& path);

/// So that the file or folder is not taken for a leftover, until the descriptor is closed. Whether
/// nobody else holds it.
bool hold(int descriptor);

}  // namespace teal::control
