// A snapshot of a SQLite store in WAL mode that a connection of this process has open and writes
// to. While its checkpoints rest, the database file does not change and the journal beside it only
// grows: a copy of the one and then of the other is the store as it was at some commit meanwhile.
// The one thing that may come between, that the next commit begins the journal anew, shows in the
// journal's header, and then the copy is made again: that happens once at most.
//
// The copy stands in a folder of its own beside the store, `<store>.snapshot`, until SQLite has
// made one sound file of it. That needs as much room again as the store and its journal.
#pragma once

#include <memory>
#include <string>

#include "control/sqlite/snapshot.h"

namespace teal::control {

/// `database`: a descriptor of the file at `path`, open until the snapshot is made. It is not
/// closed here: that would take the process's locks off the file.
std::unique_ptr<SnapshotSource> make_sqlite_snapshot_source(int database, std::string path);

/// What is left of a snapshot whose process was killed. Whether its place is free now: what is
/// there and is not of a snapshot stays as it is. Requires: none is being made.
bool remove_snapshot_leftovers(const std::string& path);

}  // namespace teal::control
