// The tables of an opened SQLite store: one transaction for each batch, and everything read back at
// a start. How a file becomes a store that can be trusted is control/store/sqlite_store.cc.
//
// Control thread only, as every Store.
#pragma once

#include <memory>
#include <string>

#include "control/store/sqlite_statement.h"
#include "control/store/store.h"

namespace teal::control {

/// Requires: the tables of this version (control/store/sqlite_schema.h). `path`: for messages, and
/// to notice that the file is not there any more.
std::unique_ptr<Store> make_sqlite_tables(Database database, std::string path);

}  // namespace teal::control
