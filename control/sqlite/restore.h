// Puts a backup in the place of a store that no Teal runs on. Whatever happens meanwhile, kill -9
// or a full disk, there is the old store or the new one, whole, and the old one is kept beside.
//
// For a process that does not serve, any thread; waits for the disk.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "control/sqlite/store_image.h"

namespace teal::control {

struct Restored {
  StoreSummary summary;  ///< Of the backup.
  std::string store;     ///< Where it is now: absolute, and without links.
  /// What stood there before, as "teal.db.replaced-20261130T121500Z", with its journal under the
  /// same name where that could not be folded into it. Empty: nothing was there.
  std::string kept;
};

/// The new store is its owner's alone and belongs to whom the old one, or its directory, belongs.
/// An Error: nothing was changed. `now`: for the name of what is kept.
Result<Restored> restore_store(const std::string& backup, const std::string& given, WallTime now);

}  // namespace teal::control
