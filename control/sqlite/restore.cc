#include "control/sqlite/restore.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/new_file.h"
#include "control/sqlite/leftovers.h"
#include "control/sqlite/real_path.h"
#include "control/sqlite/sqlite_inspection.h"
#include "control/sqlite/sqlite_lock.h"
#include "control/sqlite/sqlite_statement.h"

namespace teal::control {
namespace {

namespace fs = std::filesystem;
/// What belongs to a database file and is named after it.
constexpr std::array<const char*, 3> kBeside{"-wal", "-journal", "-shm"};
constexpr std::array<const char*, 4> kAll{"", "-wal", "-journal", "-shm"};
constexpr int kNames = 100;

Error failure(const std::string& path, const std::string& what, const std::string& why) {
  return Error{Source::config, path + " cannot be " + what + ": " + why +
                                   "; nothing was restored: check the disk's space and the "
                                   "permissions of its directory"};
}

/// "20261130T121500Z", a name that sorts by time.
std::string compact(WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts)};
}

std::optional<Error> refuse_others(const std::string& store) {
  struct stat found{};
  if (::lstat(store.c_str(), &found) == 0)
    if (const std::string why = why_not_regular(found.st_mode); !why.empty())
      return Error{Source::config, store + " " + why + "; name another file in `state`"};
  switch (inspect_store(store).kind) {
    case StoreInspection::Kind::foreign:
    case StoreInspection::Kind::other:
      return Error{Source::config, store +
                                       " is there and is not a store of Teal; name another file in "
                                       "`state`, or move that one away"};
    case StoreInspection::Kind::mixed: return Error{Source::config, refusal_of_mixed(store)};
    case StoreInspection::Kind::absent:
    case StoreInspection::Kind::empty:
    case StoreInspection::Kind::teal:
    case StoreInspection::Kind::unseen: break;
  }
  return std::nullopt;
}

/// Makes one file of the store and its journal, as far as SQLite can. Why it cannot, by its codes.
int fold(const std::string& store) {
  sqlite3* raw = nullptr;
  const int opened =
      sqlite3_open_v2(store.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  const Database database(raw);
  if (opened != SQLITE_OK) return opened & 0xff;
  return sqlite3_exec(raw, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=DELETE", nullptr,
                      nullptr, nullptr) &
         0xff;
}

/// What could not be folded into the store: the disk is full, most often. A damaged one is kept
/// with its journal as it is.
std::optional<Error> refuse_leftovers(const std::string& store, int why) {
  if (why == SQLITE_CORRUPT || why == SQLITE_NOTADB) return std::nullopt;
  for (const char* suffix : {"-wal", "-journal"}) {
    std::error_code absent;
    if (const auto size = fs::file_size(store + suffix, absent); !absent && size > 0)
      return Error{Source::config, store + suffix +
                                       " cannot be folded into the store that is there; nothing "
                                       "was restored: make room on its disk"};
  }
  return std::nullopt;
}

/// The same file under another name, or a copy where the file system has no second names.
std::string link_or_copy(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return {};
  std::error_code failed;
  fs::copy_file(from, to, failed);
  if (!failed) return {};
  return failed.message();
}

/// A name that nothing has; the journal of another would become its own.
std::string free_name(const std::string& store, WallTime now) {
  std::string name = store + ".replaced-" + compact(now);
  for (int i = 1; i < kNames; ++i) {
    const std::string next = i == 1 ? name : name + "-" + std::to_string(i);
    std::error_code ignored;
    bool is_free = true;
    for (const char* suffix : kAll) is_free = is_free && !fs::exists(next + suffix, ignored);
    if (is_free) return next;
  }
  return name;
}

/// Gives the store, or only what is beside it, second names, and takes away what SQLite would take
/// for the new one's journal. Until then the old one is found whole under its own name.
Result<std::string> keep(const std::string& store, WallTime now,
                         std::span<const char* const> what) {
  std::string kept = free_name(store, now);
  std::error_code ignored;
  for (const char* suffix : what)
    if (fs::exists(store + suffix, ignored))
      if (const std::string why = link_or_copy(store + suffix, kept + suffix); !why.empty())
        return failure(store + suffix, "kept as " + kept + suffix, why);
  for (const char* suffix : kBeside)
    if (::unlink((store + suffix).c_str()) != 0 && errno != ENOENT)
      return failure(store + suffix, "taken away", std::strerror(errno));
  return kept;
}

/// The new one could not be put there.
void take_back(const std::string& store, const std::string& kept) {
  std::error_code ignored;
  for (const char* suffix : kBeside) fs::rename(kept + suffix, store + suffix, ignored);
  fs::remove(kept, ignored);
}

/// Where there was none: a Teal that has begun one meanwhile keeps it, with its journal. Locked
/// before it has a name, so that none starts on it while another's journal is beside it.
std::optional<Error> put_anew(NewFile& file, const std::string& store, WallTime now) {
  if (const Result<void> locked = lock_store(file.descriptor(), store); !locked)
    return locked.error();
  if (const Result<void> placed = file.publish(NewFile::IfThere::refuse); !placed)
    return placed.error();
  const Result<std::string> tidied = keep(store, now, kBeside);
  if (tidied) return std::nullopt;
  ::unlink(store.c_str());
  return tidied.error();
}

/// Root restores for the user that Teal runs as.
void give_to_owner(int descriptor, const std::string& store) {
  struct stat found{};
  const std::string parent = fs::path(store).parent_path().string();
  const bool known = ::stat(store.c_str(), &found) == 0 ||
                     ::stat(parent.empty() ? "." : parent.c_str(), &found) == 0;
  if (known && ::geteuid() == 0)
    static_cast<void>(::fchown(descriptor, found.st_uid, found.st_gid) == 0);
}

}  // namespace

Result<Restored> restore_store(const std::string& backup, const std::string& given, WallTime now) {
  const std::string store = real_path(given);
  std::error_code ignored;
  if (fs::equivalent(backup, store, ignored))
    return Error{Source::config, backup + " is that very store; name a backup of it"};
  const Result<StoreImage> image = StoreImage::of_file(backup);
  if (!image) return image.error();
  Result<StoreSummary> summary = image->check();
  if (!summary) return summary.error();
  const Result<StoreImage> named = image->renamed();
  if (!named) return named.error();
  if (const std::optional<Error> wrong = refuse_others(store)) return *wrong;

  const bool is_there = fs::exists(store, ignored);
  std::optional<SqliteLock> lock;
  if (is_there) {
    Result<SqliteLock> taken = SqliteLock::take(store);
    if (!taken) return taken.error();
    lock.emplace(std::move(*taken));
  }
  remove_leftovers(store);
  Result<NewFile> file = NewFile::create(store);
  if (!file) return file.error();
  if (const Result<void> written = file->write(named->bytes()); !written) return written.error();
  give_to_owner(file->descriptor(), store);
  if (!is_there) {
    if (const std::optional<Error> wrong = put_anew(*file, store, now)) return *wrong;
    return Restored{*std::move(summary), store, {}};
  }
  const std::optional<Error> unfolded = refuse_leftovers(store, fold(store));
  if (const Result<void> still = lock->take_again(); !still) return still.error();
  if (unfolded) return *unfolded;
  const Result<std::string> kept = keep(store, now, kAll);
  if (!kept) return kept.error();
  const Result<void> placed = file->publish(NewFile::IfThere::replace);
  if (!placed) take_back(store, *kept);
  if (!placed) return placed.error();
  return Restored{*std::move(summary), store, *kept};
}

}  // namespace teal::control
