#include "control/store/sqlite_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "base/file.h"
#include "control/sqlite/leftovers.h"
#include "control/sqlite/memory_database.h"
#include "control/sqlite/real_path.h"
#include "control/sqlite/sqlite_inspection.h"
#include "control/sqlite/sqlite_schema.h"
#include "control/sqlite/sqlite_snapshot.h"
#include "control/sqlite/sqlite_statement.h"
#include "control/store/sqlite_tables.h"

namespace teal::control {
namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

/// The way from a file name to a store that can be trusted.
class Opening {
 public:
  explicit Opening(const std::string& path) : given_(path), path_(real_path(path)) {}

  Result<std::unique_ptr<Store>> open(const SqliteOptions& options) {
    if (const std::optional<Error> error = inspect()) return *error;
    if (const std::optional<Error> error = own_file(options.log)) return *error;
    sqlite3* raw = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int status = sqlite3_open_v2(path_.c_str(), &raw, flags, nullptr);
    database_.reset(raw);
    if (status != SQLITE_OK)
      return refuse("cannot be opened", "check that its directory exists and can be written");
    if (const std::optional<Error> error = lock()) return *error;
    if (!is_still_there())
      return refuse("was replaced while it was being opened", "start Teal again");
    if (const std::optional<Error> error = prepare()) return *error;
    if (options.max_pages > 0) {
      const std::string limit = "PRAGMA max_page_count=" + std::to_string(options.max_pages);
      if (!execute(limit.c_str())) return refuse("cannot be limited", "report this");
    }
    if (file_) static_cast<void>(remove_snapshot_leftovers(path_));
    if (file_) remove_leftovers(path_);
    return make_sqlite_tables(std::move(database_), {path_, given_}, std::move(file_));
  }

 private:
  /// Before anything of it is touched.
  std::optional<Error> inspect() {
    if (path_ == ":memory:") return std::nullopt;
    const StoreInspection found = inspect_store(path_);
    switch (found.kind) {
      case StoreInspection::Kind::foreign: return foreign();
      case StoreInspection::Kind::other: return unreadable();
      case StoreInspection::Kind::unseen:
        return refuse("cannot be looked at", "check that its directory can be written");
      case StoreInspection::Kind::mixed:
        return Error{Source::config, "the store " + refusal_of_mixed(path_)};
      case StoreInspection::Kind::teal:
        if (found.version > kSchemaVersion) return newer(found.version);
        break;
      case StoreInspection::Kind::absent:
      case StoreInspection::Kind::empty: break;
    }
    return std::nullopt;
  }

  /// Makes the file, or tightens what is there. SQLite gives the files beside it the same mode.
  std::optional<Error> own_file(Log* log) {
    if (path_ == ":memory:") return std::nullopt;
    if (const std::optional<Error> error = tighten(path_, O_CREAT, log)) return error;
    for (const char* suffix : {"-journal", "-wal", "-shm"})
      if (const std::optional<Error> error = tighten(path_ + suffix, 0, log)) return error;
    return std::nullopt;
  }

  /// Before SQLite opens it: closing a descriptor takes the process's locks off a file. The store's
  /// own stays open.
  std::optional<Error> tighten(const std::string& file, int how, Log* log) {
    struct stat found{};
    const bool is_new = ::stat(file.c_str(), &found) != 0 && errno == ENOENT;
    if (is_new && how == 0) return std::nullopt;
    if (!is_new && !why_not_regular(found.st_mode).empty())
      return Error{Source::config, "the store " + file + ' ' + why_not_regular(found.st_mode) +
                                       "; give Teal another file in `state`"};
    auto opened = std::make_unique<Descriptor>(
        ::open(file.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | how, kOwnerOnly));
    // Whatever is wrong, SQLite says it better.
    if (opened->get() < 0) return std::nullopt;
    const bool is_wide = ::fstat(opened->get(), &found) == 0 && (found.st_mode & kOthers) != 0;
    const bool is_tight = (!is_new && !is_wide) || ::fchmod(opened->get(), kOwnerOnly) == 0;
    const int why = errno;
    if (file == path_) file_ = std::move(opened);
    if (is_wide && log != nullptr && is_tight)
      log->info("a file of the store was open to others and is its owner's alone now",
                {{"path", file}, {"mode", "0600"}});
    else if (is_wide && log != nullptr)
      log->warning("a file of the store is open to others",
                   {{"path", file}, {"reason", std::strerror(why)}, {"remedy", "chmod 0600"}});
    return std::nullopt;
  }

  /// A restore may have put another in its place before it was locked.
  bool is_still_there() const {
    struct stat opened{};
    struct stat found{};
    if (!file_ || ::fstat(file_->get(), &opened) != 0) return true;
    return ::stat(path_.c_str(), &found) == 0 && opened.st_dev == found.st_dev &&
           opened.st_ino == found.st_ino;
  }

  bool execute(const char* sql) {
    return sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  }

  Error refuse(std::string_view what, std::string_view remedy) {
    std::string text = "the store " + path_ + " " + std::string(what);
    const int why = database_ == nullptr ? SQLITE_OK : sqlite3_errcode(database_.get());
    if (why != SQLITE_OK && why != SQLITE_ROW && why != SQLITE_DONE)
      text += " (" + std::string(sqlite3_errmsg(database_.get())) + ")";
    return Error{Source::config, text + "; nothing was changed: " + std::string(remedy)};
  }
  Error foreign() {
    return refuse("belongs to another program", "give Teal another file in `state`");
  }
  Error newer(std::int64_t version) {
    return refuse("was written by a newer Teal (version " + std::to_string(version) +
                      ", this one knows " + std::to_string(kSchemaVersion) + ")",
                  "start that Teal, or move the file away to begin anew");
  }

  std::optional<Error> lock() {
    // Exclusive: the lock stays until the process ends, and WAL needs no shared memory file.
    const bool locked = execute("PRAGMA locking_mode=EXCLUSIVE") &&
                        execute("PRAGMA journal_mode=WAL") && execute("BEGIN EXCLUSIVE") &&
                        execute("COMMIT") && execute("PRAGMA synchronous=FULL");
    if (locked) return std::nullopt;
    const int status = sqlite3_errcode(database_.get()) & 0xff;
    if (status == SQLITE_BUSY || status == SQLITE_LOCKED)
      return refuse("is in use by another process",
                    "stop the other Teal, or give this one another `state`");
    if (status == SQLITE_NOTADB || status == SQLITE_CORRUPT) return unreadable();
    return refuse("cannot be written",
                  "check the disk's space and the permissions of the file and its directory");
  }

  std::optional<Error> prepare() {
    const auto tables = read_number(database_.get(), "SELECT count(*) FROM sqlite_schema");
    const auto application = read_number(database_.get(), "PRAGMA application_id");
    const auto version = read_number(database_.get(), "PRAGMA user_version");
    if (!tables || !application || !version) return unreadable();
    if (*tables == 0 && *application == 0 && *version == 0) return migrate(0);
    if (*application != kApplicationId) return foreign();
    if (*version > kSchemaVersion) return newer(*version);
    {
      Statement check(database_.get(), "PRAGMA quick_check(1)");
      if (!check.next() || check.text() != "ok") return unreadable();
    }
    return *version == kSchemaVersion ? std::nullopt : migrate(*version);
  }

  std::optional<Error> migrate(std::int64_t version) {
    if (execute(migration_from(version).c_str())) return std::nullopt;
    return refuse(version == 0 ? "cannot be created" : "cannot be brought up to date",
                  "check the disk's space and the directory's permissions");
  }

  Error unreadable() {
    return refuse("is damaged or is not a store of Teal",
                  "restore it from a backup, or move it away to begin anew with the groups of the "
                  "configuration");
  }

  std::string given_;
  std::string path_;
  std::unique_ptr<Descriptor> file_;
  Database database_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path,
                                                 const SqliteOptions& options) {
  return Opening{path}.open(options);
}

Result<std::unique_ptr<Store>> open_sqlite_image(std::string_view bytes, const std::string& name) {
  const auto refuse = [&](const char* why) {
    return Error{Source::config, name + " cannot be read as a store: " + why};
  };
  Database database = copy_into_memory(bytes);
  if (!database) return refuse("it is larger than memory");
  sqlite3* const raw = database.get();
  const auto version = read_number(raw, "PRAGMA user_version");
  if (!version || *version < 1 || *version > kSchemaVersion) return refuse("it has no version");
  if (*version < kSchemaVersion &&
      sqlite3_exec(raw, migration_from(*version).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return refuse(sqlite3_errmsg(raw));
  return make_sqlite_tables(std::move(database), {name, name}, nullptr);
}

}  // namespace teal::control
