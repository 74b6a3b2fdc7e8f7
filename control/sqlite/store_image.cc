#include "control/sqlite/store_image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <utility>

#include "base/descriptor.h"
#include "base/file.h"
#include "control/sqlite/memory_database.h"
#include "control/sqlite/real_path.h"
#include "control/sqlite/sqlite_inspection.h"
#include "control/sqlite/sqlite_lock.h"
#include "control/sqlite/sqlite_schema.h"
#include "control/sqlite/sqlite_statement.h"

namespace teal::control {
namespace {

constexpr const char* kRestore = "restore another backup";
constexpr std::size_t kPageSize = 16, kPages = 28;
constexpr std::size_t kHeader = 100;

Error refuse(const std::string& name, const std::string& what, const std::string& remedy) {
  return Error{Source::config, name + " " + what + "; " + remedy};
}
Error cannot_read(const std::string& name) {
  return refuse(name, std::string("cannot be read: ") + std::strerror(errno),
                "check the path and its permissions");
}
Error in_use(const std::string& name, const std::string& who) {
  return refuse(name, "is in use by " + who,
                "stop that Teal first; a backup of it while it runs: `teal state backup` without "
                "--state");
}

std::int64_t size_of(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0 ? std::int64_t{found.st_size} : 0;
}

/// Of all pages that the header counts. SQLite does not miss the last ones where nothing is on
/// them.
std::uint64_t size_by_header(std::string_view header) {
  const auto number_at = [&](std::size_t at, std::size_t bytes) {
    std::uint64_t number = 0;
    for (std::size_t i = at; i < at + bytes; ++i)
      number = number << 8U | static_cast<unsigned char>(header[i]);
    return number;
  };
  const std::uint64_t page = number_at(kPageSize, 2);
  return (page == 1 ? 65'536 : page) * number_at(kPages, 4);
}

std::uint64_t count(sqlite3* database, const char* sql) {
  return static_cast<std::uint64_t>(read_number(database, sql).value_or(0));
}

/// What version 1 has, and what later ones have besides.
StoreSummary summarize(sqlite3* database, std::int64_t version) {
  StoreSummary found;
  found.version = version;
  found.services = count(database, "SELECT count(*) FROM services");
  found.deployments = count(database, "SELECT count(*) FROM deployments");
  found.events = count(database, "SELECT count(*) FROM events");
  std::int64_t newest = 0;
  const auto look = [&](const char* sql) {
    newest = std::max(newest, read_number(database, sql).value_or(0));
  };
  look("SELECT max(created) FROM deployments");
  look("SELECT max(at) FROM events");
  look("SELECT max(at) FROM keys");
  if (version >= 2) found.evidence = count(database, "SELECT count(*) FROM evidence");
  if (version >= 3) look("SELECT max(since) FROM secrets");
  if (version >= 4) {
    Statement id(database, "SELECT value FROM identity WHERE name = 'id'");
    if (id.next()) found.id = id.text();
  }
  if (version >= 5) {
    found.generations = count(database, "SELECT count(*) FROM configs");
    look("SELECT max(at) FROM configs");
  }
  if (newest > 0) found.last_change = WallTime{std::chrono::milliseconds{newest}};
  return found;
}

}  // namespace

void StoreImage::Free::operator()(unsigned char* bytes) const {
  sqlite3_free(bytes);
}

StoreImage::StoreImage(std::string name, Buffer buffer, std::size_t size)
    : name_(std::move(name)), buffer_(std::move(buffer)), size_(size) {
  if (size_ < kHeader) return;
  // A file in WAL mode is whole without its log once that is folded into it.
  for (const std::size_t at : {kWriteVersion, kReadVersion})
    if (buffer_.get()[at] == kByLog) buffer_.get()[at] = kStandsAlone;
}

std::string_view StoreImage::bytes() const {
  return {reinterpret_cast<const char*>(buffer_.get()), size_};
}

Result<StoreImage> StoreImage::of_file(const std::string& given) {
  const std::string path = real_path(given);
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return cannot_read(path);
  if (const std::string why = why_not_regular(found.st_mode); !why.empty())
    return refuse(path, why, "name the file of a store, or of a backup");
  if (const std::string who = who_uses_store(path); !who.empty()) return in_use(path, who);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.get() < 0) return cannot_read(path);
  // A log beside a file that has none, as a backup has none, was left there by another file; SQLite
  // would take it for this one's.
  const bool has_log = size_of(path + "-wal") > 0;
  const bool is_its_own = has_log && !stands_alone(file.get());
  const bool has_journal = size_of(path + "-journal") > 0;
  if (has_journal && has_log && !is_its_own) return Error{Source::config, refusal_of_mixed(path)};
  if (is_its_own || has_journal) return with_journal(path);
  return of_descriptor(file.get(), path);
}

Result<StoreImage> StoreImage::of_descriptor(int descriptor, const std::string& name) {
  struct stat found{};
  if (::fstat(descriptor, &found) != 0) return cannot_read(name);
  const auto size = static_cast<std::size_t>(found.st_size);
  Buffer buffer(static_cast<unsigned char*>(sqlite3_malloc64(std::max<std::size_t>(size, 1))));
  if (!buffer) return refuse(name, "is larger than memory", "use a machine with more of it");
  for (std::size_t got = 0; got < size;) {
    const ssize_t some =
        ::pread(descriptor, buffer.get() + got, size - got, static_cast<off_t>(got));
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return cannot_read(name);
    if (some == 0) return refuse(name, "became shorter while it was read", "try again");
    got += static_cast<std::size_t>(some);
  }
  return StoreImage(name, std::move(buffer), size);
}

/// SQLite reads both; the journal stays as it is.
Result<StoreImage> StoreImage::with_journal(const std::string& path) {
  sqlite3* raw = nullptr;
  const int status =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  const Database database(raw);
  const auto fail = [&] {
    if ((sqlite3_errcode(raw) & 0xff) == SQLITE_BUSY) return in_use(path, "another process");
    return refuse(path, std::string("and its journal cannot be read: ") + sqlite3_errmsg(raw),
                  "check the permissions of both and of their directory; if it is damaged, " +
                      std::string(kRestore));
  };
  if (status != SQLITE_OK) return fail();
  sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (sqlite3_exec(raw, "PRAGMA locking_mode=EXCLUSIVE; BEGIN; SELECT count(*) FROM sqlite_schema",
                   nullptr, nullptr, nullptr) != SQLITE_OK)
    return fail();
  sqlite3_int64 size = 0;
  Buffer buffer(sqlite3_serialize(raw, "main", &size, 0));
  if (!buffer) return fail();
  return StoreImage(path, std::move(buffer), static_cast<std::size_t>(size));
}

Result<StoreSummary> StoreImage::check() const {
  const auto is_none = [this] {
    return refuse(name_, "is not a store of Teal", "name the file of a store, or of a backup");
  };
  const auto is_damaged = [this](const std::string& why) {
    return refuse(name_, "is damaged (" + why + ")", kRestore);
  };
  if (size_ < kHeader || !bytes().starts_with("SQLite format 3")) return is_none();
  const std::uint64_t whole = size_by_header(bytes());
  if (whole > size_)
    return refuse(
        name_,
        "was cut short (" + std::to_string(size_) + " of " + std::to_string(whole) + " bytes)",
        kRestore);
  if (whole < size_)
    return is_damaged(std::to_string(size_ - whole) + " bytes more than its header says");
  const Database database = read_in_memory(buffer_.get(), size_);
  if (!database) return is_damaged("it cannot be opened");
  const auto application = read_number(database.get(), "PRAGMA application_id");
  const auto version = read_number(database.get(), "PRAGMA user_version");
  if (!application || !version) return is_damaged(sqlite3_errmsg(database.get()));
  if (*application != kApplicationId) return is_none();
  if (*version > kSchemaVersion)
    return refuse(name_,
                  "was written by a newer Teal (schema " + std::to_string(*version) +
                      ", this one knows " + std::to_string(kSchemaVersion) + ")",
                  "use that Teal, or one that is newer still");
  Statement sound(database.get(), "PRAGMA integrity_check(1)");
  if (!sound.next()) return is_damaged(sqlite3_errmsg(database.get()));
  if (const std::string said = sound.text(); said != "ok") return is_damaged(said);
  StoreSummary summary = summarize(database.get(), *version);
  summary.bytes = size_;
  return summary;
}

Result<StoreImage> StoreImage::renamed() const {
  const Database database = copy_into_memory(bytes());
  if (!database) return refuse(name_, "is larger than memory", "use a machine with more of it");
  const bool is_named = read_number(database.get(), "PRAGMA user_version").value_or(0) < 4 ||
                        sqlite3_exec(database.get(),
                                     "UPDATE identity SET value = lower(hex(randomblob(4))) "
                                     "WHERE name = 'id'",
                                     nullptr, nullptr, nullptr) == SQLITE_OK;
  if (!is_named) return refuse(name_, "cannot be given an id", "report this");
  sqlite3_int64 size = 0;
  Buffer named(sqlite3_serialize(database.get(), "main", &size, 0));
  if (!named) return refuse(name_, "is larger than memory", "use a machine with more of it");
  return StoreImage(name_, std::move(named), static_cast<std::size_t>(size));
}

}  // namespace teal::control
