#include "control/store/sqlite_tables.h"

#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "base/parse_number.h"
#include "control/sqlite/sqlite_snapshot.h"

namespace teal::control {
namespace {

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
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileId{found.st_dev, found.st_ino};
}

/// That of the descriptor, where there is one.
std::optional<FileId> file_id(const Descriptor* file, const std::string& path) {
  struct stat found{};
  if (file == nullptr || ::fstat(file->get(), &found) != 0) return file_id(path);
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

/// "7 1764489600000": the generation and the time, in milliseconds since 1970.
std::string to_text(const ConfirmationRow& row) {
  const auto by = std::chrono::floor<Millis>(row.by).time_since_epoch().count();
  return std::to_string(row.generation) + ' ' + std::to_string(by);
}

/// None where that cannot be read.
ConfirmationRow confirmation_from(std::string_view text) {
  const std::size_t space = std::min(text.find(' '), text.size());
  const auto generation = parse_whole<std::uint64_t>(text.substr(0, space));
  const auto by = parse_whole<std::uint64_t>(text.substr(std::min(space + 1, text.size())));
  if (!generation || !by) return {};
  return {*generation, WallTime{Millis{static_cast<std::int64_t>(*by)}}};
}

class SqliteTables final : public Store {
 public:
  SqliteTables(Database database, StorePath path, std::unique_ptr<Descriptor> file)
      : descriptor_(std::move(file)),
        database_(std::move(database)),
        path_(std::move(path.real)),
        given_(std::move(path.given)),
        file_(file_id(descriptor_.get(), path_)),
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

  Result<std::string> config_text(std::uint64_t generation) override {
    Statement rows(database_.get(), "SELECT text FROM configs WHERE generation = ?");
    rows.bind(generation);
    if (rows.next()) return rows.text();
    if (!rows.ok()) return failure("cannot be read");
    return Error{Source::internal,
                 "the store does not have generation " + std::to_string(generation)};
  }

  Result<void> check() override {
    for (const auto& [name, file] :
         {std::pair{path_, &file_}, {given_, &file_}, {path_ + kJournal, &journal_}})
      if (*file && !is_still(name, **file))
        return Error{Source::internal,
                     "the file " + name +
                         " of the store was removed or replaced while Teal runs, and what is "
                         "written would be lost; move that very file back" +
                         what_a_restart_does(given_)};
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

  Result<std::unique_ptr<SnapshotSource>> begin_snapshot() override {
    if (!descriptor_) return Store::begin_snapshot();
    if (Result<void> there = check(); !there) return there.error();
    if (!execute("PRAGMA wal_autocheckpoint=0")) return failure("cannot be kept as it is");
    return make_sqlite_snapshot_source(descriptor_->get(), path_);
  }

  void end_snapshot() override { execute("PRAGMA wal_autocheckpoint=1000"); }

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
    for (const ConfigRow& row : batch.configs)
      if (!put("INSERT OR REPLACE INTO configs VALUES(?,?,?,?,?,?)", row.generation, row.at,
               std::string_view(row.digest), std::string_view(row.mark), std::string_view(row.by),
               std::string_view(row.text)))
        return false;
    if (batch.confirmation && !put("INSERT OR REPLACE INTO identity VALUES('confirm', ?)",
                                   std::string_view(to_text(*batch.confirmation))))
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
    if (batch.first_config && !put("DELETE FROM configs WHERE generation < ?", *batch.first_config))
      return false;
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
    Statement configs(database_.get(),
                      "SELECT generation, at, digest, mark, loaded_by FROM configs "
                      "ORDER BY generation");
    while (configs.next()) {
      ConfigRow row;
      row.generation = static_cast<std::uint64_t>(configs.number());
      row.at = wall_time(configs.number());
      row.digest = configs.text();
      row.mark = configs.text();
      row.by = configs.text();
      contents.configs.push_back(std::move(row));
    }
    if (!configs.ok()) return false;
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
      if (name == "confirm") contents.confirmation = confirmation_from(value);
    }
    return rows.ok();
  }

  std::unique_ptr<Descriptor> descriptor_;  ///< Closed after the database.
  Database database_;
  bool syncs_lazily_ = false;
  std::string path_;               ///< Where it really is.
  std::string given_;              ///< Where a restart looks for it.
  std::optional<FileId> file_;     ///< None: it is in memory.
  std::optional<FileId> journal_;  ///< None: nothing was written yet.
};

}  // namespace

std::unique_ptr<Store> make_sqlite_tables(Database database, StorePath path,
                                          std::unique_ptr<Descriptor> file) {
  return std::make_unique<SqliteTables>(std::move(database), std::move(path), std::move(file));
}

}  // namespace teal::control
