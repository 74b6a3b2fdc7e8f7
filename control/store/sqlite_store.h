// The store as one SQLite file in WAL mode with synchronous=FULL: a committed batch survives the
// loss of power. Opened exclusively, so that two Teals never share one; checked before it is
// trusted; never silently replaced. The file and those beside it are for their owner alone (0600).
// Whose file it is is seen before it is touched (control/sqlite/sqlite_inspection.h); what an
// earlier Teal wrote is brought up to date (control/sqlite/sqlite_schema.h). While it runs, a file
// that is removed or replaced is a store that fails.
//
// Control thread only: a commit waits for the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "control/store/store.h"

namespace teal::control {

struct SqliteOptions {
  /// The file grows no larger than so many pages of 4 KiB; 0: as large as the disk lets it.
  std::uint32_t max_pages = 0;
  /// Hears of permissions that were tightened; may be null.
  Log* log = nullptr;
};

/// Creates the file where there is none. The Error names the file and the remedy.
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path,
                                                 const SqliteOptions& options = {});

/// The file of a store, whose bytes these are, in memory and brought up to date: what a start would
/// read. `name`: for messages.
Result<std::unique_ptr<Store>> open_sqlite_image(std::string_view bytes, const std::string& name);

}  // namespace teal::control
