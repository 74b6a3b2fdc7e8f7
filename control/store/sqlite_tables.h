// The tables of an opened SQLite store: one transaction for each batch, and everything read back at
// a start. How a file becomes a store that can be trusted is control/store/sqlite_store.cc.
//
// Control thread only, as every Store.
#pragma once

#include <memory>
#include <string>

#include "base/descriptor.h"
#include "control/sqlite/sqlite_statement.h"
#include "control/store/store.h"

namespace teal::control {

struct StorePath {
  std::string real;   ///< Where the file and its journal are (control/sqlite/real_path.h).
  std::string given;  ///< Where a restart looks for it.
};

/// Requires: the tables of this version (control/sqlite/sqlite_schema.h). `path`: for messages, and
/// to notice that the file is not there any more. `file`: the very file that the database is, which
/// was opened before it was locked and is closed after it is; for snapshots. Null: there is none.
std::unique_ptr<Store> make_sqlite_tables(Database database, StorePath path,
                                          std::unique_ptr<Descriptor> file);

}  // namespace teal::control
