#include "control/store/sqlite_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "control/store/sqlite_look.h"
#include "control/store/sqlite_schema.h"
#include "control/store/sqlite_statement.h"

namespace teal::control {
namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
constexpr const char* kJournal = "-wal";

WallTime wall_time(std::int64_t millis) {
  return WallTime{std::chrono::milliseconds{millis}};
}

/// Which file a path leads to.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId&) const = default;
};

std::optional<FileId> file_id(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileId{found.st_dev, found.st_ino};
}

/// Whether the path leads to that file still. Who may not look any more has not lost it.
bool is_still(const std::string& path, const FileId& file) {
  if (const std::optional<FileId> now = file_id(path)) return *now == file;
  return errno != ENOENT && errno != ENOTDIR;
}

/// Nobody should restart to mend what a restart makes final.
std::string what_a_restart_does(const std::string& path) {
  return file_id(path)
             ? ", or restart Teal to go on with what is there now"
             : "; a restart would begin without any earlier state, with the groups of the "
               "configuration file";
}

class SqliteStore final : public Store {
 public:
  SqliteStore(Database database, std::string path)
      : database_(std::move(database)),
        path_(std::move(path)),
        file_(file_id(path_)),
        journal_(file_id(path_ + kJournal)) {}

  Result<Contents> load() override {
    Contents contents;
    if (!read_deployments(contents) || !read_events(contents) || !read_rest(contents))
      return failure("cannot be read");
    return contents;
  }

  Result<std::vector<EvidenceRow>> evidence(DeploymentNumber deployment) override {
    std::vector<EvidenceRow> found;
    Statement rows(database_.get(),
                   "SELECT part, text FROM evidence WHERE deployment = ? ORDER BY part");
    rows.bind(deployment);
    while (rows.next()) {
      const auto part = static_cast<std::uint64_t>(rows.number());
      found.push_back({deployment, part, rows.text()});
    }
    if (!rows.ok()) return failure("cannot be read");
    return found;
  }

  Result<void> check() override {
    for (const auto& [suffix, file] : {std::pair{"", &file_}, std::pair{kJournal, &journal_}})
      if (*file && !is_still(path_ + suffix, **file))
        return Error{Source::internal,
                     "the file " + path_ + suffix +
                         " of the store was removed or replaced while Teal runs, and what is "
                         "written would be lost; move that very file back" +
                         what_a_restart_does(path_)};
    return {};
  }

  Result<void> commit(const Batch& batch) override {
    if (batch.empty()) return {};
    if (Result<void> there = check(); !there) return there.error();
    // A connection that lost its transaction to a full disk may still be inside one.
    if (sqlite3_get_autocommit(database_.get()) == 0) execute("ROLLBACK");
    // In WAL mode, NORMAL leaves the file in order and syncs it when the log is folded into it.
    if (batch.may_be_lost != syncs_lazily_) {
      if (!execute(batch.may_be_lost ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL"))
        return failure("cannot be written");
      syncs_lazily_ = batch.may_be_lost;
    }
    if (!execute("BEGIN IMMEDIATE")) return failure("cannot be written");
    if (write(batch) && execute("COMMIT")) {
      if (!journal_) journal_ = file_id(path_ + kJournal);
      return {};
    }
    Error error = failure("cannot be written");
    if (sqlite3_get_autocommit(database_.get()) == 0) execute("ROLLBACK");
    return error;
  }

 private:
  bool execute(const char* sql) {
    return sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  }

  Error failure(std::string_view what) {
    return Error{Source::internal, "the store " + path_ + " " + std::string(what) + ": " +
                                       sqlite3_errmsg(database_.get()) +
                                       "; check the disk's space and the file's permissions"};
  }

  bool run(Statement& statement) {
    statement.next();
    return statement.ok();
  }

  template <class... Values>
  bool put(const char* sql, const Values&... values) {
    Statement statement(database_.get(), sql);
    (statement.bind(values), ...);
    return run(statement);
  }

  bool write(const Batch& batch) {
    for (const DeploymentRow& row : batch.deployments)
      if (!put("INSERT OR REPLACE INTO deployments(number, service, created, spec) "
               "VALUES(?,?,?,?)",
               row.number, std::string_view(row.service), row.created, std::string_view(row.spec)))
        return false;
    for (const EventRow& row : batch.events)
      if (!put("INSERT OR REPLACE INTO events VALUES(?,?,?,?,?)", row.deployment, row.sequence,
               row.age, row.at, std::string_view(row.event)))
        return false;
    for (const ClockRow& row : batch.clocks)
      if (!put("UPDATE deployments SET age = ? WHERE number = ?", row.age, row.deployment))
        return false;
    for (const ServiceRow& row : batch.services)
      if (!put("INSERT OR REPLACE INTO services VALUES(?,?)", std::string_view(row.name),
               std::string_view(row.state)))
        return false;
    for (const KeyRow& row : batch.keys)
      if (!put("INSERT OR REPLACE INTO keys VALUES(?,?,?,?)", std::string_view(row.key),
               std::string_view(row.digest), row.deployment, row.at))
        return false;
    for (const EvidenceRow& row : batch.evidence)
      if (!put("INSERT OR REPLACE INTO evidence VALUES(?,?,?)", row.deployment, row.part,
               std::string_view(row.text)))
        return false;
    for (const SecretRow& row : batch.secrets)
      if (!put("INSERT OR REPLACE INTO secrets VALUES(?,?,?)", std::string_view(row.name),
               std::string_view(row.value), row.since))
        return false;
    if (batch.reserved_events && !put("INSERT OR REPLACE INTO identity VALUES('events', ?)",
                                      std::string_view(std::to_string(*batch.reserved_events))))
      return false;
    return forget(batch);
  }

  bool forget(const Batch& batch) {
    for (const DeploymentNumber number : batch.forgotten)
      if (!put("DELETE FROM evidence WHERE deployment = ?", number) ||
          !put("DELETE FROM events WHERE deployment = ?", number) ||
          !put("DELETE FROM deployments WHERE number = ?", number))
        return false;
    for (const std::string& key : batch.forgotten_keys)
      if (!put("DELETE FROM keys WHERE key = ?", std::string_view(key))) return false;
    for (const std::string& name : batch.forgotten_secrets)
      if (!put("DELETE FROM secrets WHERE name = ?", std::string_view(name))) return false;
    return true;
  }

  bool read_deployments(Contents& contents) {
    Statement rows(database_.get(),
                   "SELECT number, service, created, spec, age FROM deployments ORDER BY number");
    while (rows.next()) {
      DeploymentRow row;
      row.number = static_cast<DeploymentNumber>(rows.number());
      row.service = rows.text();
      row.created = wall_time(rows.number());
      row.spec = rows.text();
      contents.clocks.push_back({row.number, Age{rows.number()}});
      contents.deployments.push_back(std::move(row));
    }
    return rows.ok();
  }

  bool read_events(Contents& contents) {
    Statement rows(database_.get(),
                   "SELECT deployment, sequence, age, at, event FROM events "
                   "ORDER BY deployment, sequence");
    while (rows.next()) {
      EventRow row;
      row.deployment = static_cast<DeploymentNumber>(rows.number());
      row.sequence = static_cast<std::uint64_t>(rows.number());
      row.age = Age{rows.number()};
      row.at = wall_time(rows.number());
      row.event = rows.text();
      contents.events.push_back(std::move(row));
    }
    return rows.ok();
  }

  bool read_rest(Contents& contents) {
    Statement services(database_.get(), "SELECT name, state FROM services ORDER BY name");
    while (services.next()) {
      std::string name = services.text();
      contents.services.push_back({std::move(name), services.text()});
    }
    Statement keys(database_.get(), "SELECT key, digest, deployment, at FROM keys ORDER BY at");
    while (keys.next()) {
      KeyRow row;
      row.key = keys.text();
      row.digest = keys.text();
      row.deployment = static_cast<DeploymentNumber>(keys.number());
      row.at = wall_time(keys.number());
      contents.keys.push_back(std::move(row));
    }
    Statement secrets(database_.get(), "SELECT name, value, since FROM secrets ORDER BY name");
    while (secrets.next()) {
      SecretRow row;
      row.name = secrets.text();
      row.value = secrets.text();
      row.since = wall_time(secrets.number());
      contents.secrets.push_back(std::move(row));
    }
    return services.ok() && keys.ok() && secrets.ok() && read_identity(contents);
  }

  bool read_identity(Contents& contents) {
    Statement rows(database_.get(), "SELECT name, value FROM identity");
    while (rows.next()) {
      const std::string name = rows.text();
      const std::string value = rows.text();
      if (name == "id") contents.id = value;
      if (name == "events")
        std::from_chars(value.data(), value.data() + value.size(), contents.reserved_events);
    }
    return rows.ok();
  }

  Database database_;
  bool syncs_lazily_ = false;
  std::string path_;
  std::optional<FileId> file_;     ///< None: it is in memory.
  std::optional<FileId> journal_;  ///< None: nothing was written yet.
};

/// The way from a file name to a store that can be trusted.
class Opening {
 public:
  explicit Opening(const std::string& path) : path_(path) {}

  Result<std::unique_ptr<Store>> open(const SqliteOptions& options) {
    if (const std::optional<Error> error = look()) return *error;
    if (const std::optional<Error> error = own_file(options.log)) return *error;
    sqlite3* raw = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int status = sqlite3_open_v2(path_.c_str(), &raw, flags, nullptr);
    database_.reset(raw);
    if (status != SQLITE_OK)
      return refuse("cannot be opened", "check that its directory exists and can be written");
    if (const std::optional<Error> error = lock()) return *error;
    if (const std::optional<Error> error = prepare()) return *error;
    if (options.max_pages > 0) {
      const std::string limit = "PRAGMA max_page_count=" + std::to_string(options.max_pages);
      if (!execute(limit.c_str())) return refuse("cannot be limited", "report this");
    }
    return std::unique_ptr<Store>(std::make_unique<SqliteStore>(std::move(database_), path_));
  }

 private:
  /// Before anything of it is touched.
  std::optional<Error> look() {
    if (path_ == ":memory:") return std::nullopt;
    const StoreLook found = look_at_store(path_);
    switch (found.kind) {
      case StoreLook::Kind::foreign: return foreign();
      case StoreLook::Kind::other: return unreadable();
      case StoreLook::Kind::unseen:
        return refuse("cannot be looked at", "check that its directory can be written");
      case StoreLook::Kind::teal:
        if (found.version > kSchemaVersion) return newer(found.version);
        break;
      case StoreLook::Kind::absent:
      case StoreLook::Kind::empty: break;
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

  /// Before SQLite opens it: closing a descriptor takes the process's locks off a file.
  std::optional<Error> tighten(const std::string& file, int how, Log* log) {
    struct stat found {};
    const bool is_new = ::stat(file.c_str(), &found) != 0 && errno == ENOENT;
    if (is_new && how == 0) return std::nullopt;
    if (!is_new && !why_not_regular(found.st_mode).empty())
      return Error{Source::config, "the store " + file + ' ' + why_not_regular(found.st_mode) +
                                       "; give Teal another file in `state`"};
    const int descriptor =
        ::open(file.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | how, kOwnerOnly);
    // Whatever is wrong, SQLite says it better.
    if (descriptor < 0) return std::nullopt;
    const bool is_wide = ::fstat(descriptor, &found) == 0 && (found.st_mode & kOthers) != 0;
    const bool is_tight = (!is_new && !is_wide) || ::fchmod(descriptor, kOwnerOnly) == 0;
    const int why = errno;
    ::close(descriptor);
    if (is_wide && log != nullptr && is_tight)
      log->info("a file of the store was open to others and is its owner's alone now",
                {{"path", file}, {"mode", "0600"}});
    else if (is_wide && log != nullptr)
      log->warning("a file of the store is open to others",
                   {{"path", file}, {"reason", std::strerror(why)}, {"remedy", "chmod 0600"}});
    return std::nullopt;
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

  std::string path_;
  Database database_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path,
                                                 const SqliteOptions& options) {
  return Opening{path}.open(options);
}

}  // namespace teal::control
