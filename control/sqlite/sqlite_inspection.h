// What stands where the store is to be, before anything of it is touched: whoever names the
// database of another program in `state` gets it back as it was, byte for byte and with its mode.
// Only the file's header is read; where a journal beside it may say more, a copy of both is asked.
//
// Blocks on the disk: at the start alone. Opens nothing for writing but the copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace teal::control {

/// Where a database's header says how the file is written and read, and what it says: without a log
/// beside it (by a rollback journal), or by one (https://www.sqlite.org/fileformat2.html, 1.3.3).
inline constexpr std::size_t kWriteVersion = 18, kReadVersion = 19;
inline constexpr unsigned char kStandsAlone = 1, kByLog = 2;

struct StoreInspection {
  enum class Kind : std::uint8_t {
    absent,   ///< There is nothing, or nothing that can be read: whoever opens it says why.
    empty,    ///< A database without anything in it, or a file without a byte: ours to fill.
    teal,     ///< A store.
    foreign,  ///< A database of another program.
    other,    ///< No database.
    unseen,   ///< Its directory takes no copy.
    /// A store that is written without a log, as a backup is, beside the log of another file:
    /// SQLite would take it for this one's.
    mixed,
  };
  Kind kind = Kind::absent;
  std::int64_t version = 0;  ///< Of kind teal: its `user_version`, as far as the header knows.
};

StoreInspection inspect_store(const std::string& path);

/// By its header: it is written without a log.
bool stands_alone(int descriptor);
/// Why a file of kind mixed is not touched, and what helps.
std::string refusal_of_mixed(const std::string& path);

}  // namespace teal::control
