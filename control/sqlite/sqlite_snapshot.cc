#include "control/sqlite/sqlite_snapshot.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "control/sqlite/leftovers.h"
#include "control/sqlite/sqlite_statement.h"

namespace teal::control {
namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
constexpr std::size_t kPiece = std::size_t{256} * 1024;
/// What the store's own commits are to find free meanwhile.
constexpr std::uint64_t kSpare = std::uint64_t{32} * 1024 * 1024;
constexpr int kStepsBetweenLooks = 10'000;
constexpr const char* kJournal = "-wal";
/// Magic, version, page size, number of the checkpoint, salts, checksum
/// (https://www.sqlite.org/fileformat2.html#the_wal_file, 4.1).
constexpr std::size_t kJournalHeader = 32;

std::string folder_of(const std::string& path) {
  return path + ".snapshot";
}

std::optional<std::uint64_t> size_of(int descriptor) {
  struct stat found{};
  if (::fstat(descriptor, &found) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(found.st_size);
}

/// Fewer bytes than asked for: the file ends there. Nothing: it cannot be read.
std::optional<std::string> read_at(int descriptor, std::uint64_t offset, std::size_t most) {
  std::string bytes(most, '\0');
  std::size_t got = 0;
  while (got < most) {
    const ssize_t some =
        ::pread(descriptor, bytes.data() + got, most - got, static_cast<off_t>(offset + got));
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return std::nullopt;
    if (some == 0) break;
    got += static_cast<std::size_t>(some);
  }
  bytes.resize(got);
  return bytes;
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t some = ::write(descriptor, bytes.data(), bytes.size());
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(some));
  }
  return true;
}

/// The folder of the copy, gone with the object.
class Folder {
 public:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  ~Folder() { static_cast<void>(remove_folder_of_copy(path_)); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string copy() const { return path_ + "/copy"; }

 private:
  std::string path_;
};

class SqliteSnapshotSource final : public SnapshotSource {
 public:
  SqliteSnapshotSource(int database, std::string path)
      : database_(database), path_(std::move(path)) {}

  Result<std::shared_ptr<const Snapshot>> make(const std::atomic<bool>& is_given_up) override {
    const std::string folder = folder_of(path_);
    if (!remove_folder_of_copy(folder))
      return error(folder + " is in the way and is not of a snapshot", "move it away");
    if (const std::optional<Error> error = check_room()) return *error;
    if (::mkdir(folder.c_str(), S_IRWXU) != 0) return failure("no folder beside it can be made");
    const Folder place(folder);
    if (const std::optional<Error> error = copy(place.copy(), is_given_up)) return *error;
    if (const std::optional<Error> error = fold(place.copy(), is_given_up)) return *error;
    const int whole = ::open(place.copy().c_str(), O_RDONLY | O_CLOEXEC);
    if (whole < 0) return failure("the copy cannot be opened");
    return std::make_shared<const Snapshot>(whole, size_of(whole).value_or(0));
  }

 private:
  Error failure(const std::string& what, int why = errno) const {
    return error(what + ": " + std::strerror(why),
                 "check the disk's space and the permissions of "
                 "the store's directory");
  }
  Error error(const std::string& what, const std::string& remedy) const {
    return Error{Source::internal,
                 "no snapshot of the store " + path_ + " was made: " + what + "; " + remedy};
  }
  Error given_up() const { return error("Teal ends", "ask again when it runs"); }

  /// Before anything is written: who fills the store's disk keeps the store from being written.
  std::optional<Error> check_room() const {
    struct statvfs disk{};
    if (::fstatvfs(database_, &disk) != 0) return std::nullopt;
    struct stat journal{};
    const bool has_journal = ::stat((path_ + kJournal).c_str(), &journal) == 0;
    const std::uint64_t needed =
        size_of(database_).value_or(0) +
        2 * (has_journal ? static_cast<std::uint64_t>(journal.st_size) : 0) + kSpare;
    const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    if (free >= needed) return std::nullopt;
    return error("its disk has " + std::to_string(free >> 20U) + " MiB left, and " +
                     std::to_string((needed >> 20U) + 1) + " are needed for a copy",
                 "make room there, or stop Teal and use `teal state backup --state`");
  }

  std::optional<Error> copy(const std::string& to, const std::atomic<bool>& is_given_up) const {
    for (int tries = 0; tries < 2; ++tries) {
      const std::string before = journal_header();
      if (const std::optional<Error> wrong = copy_file(database_, to, is_given_up)) return wrong;
      {
        const Descriptor journal(::open((path_ + kJournal).c_str(), O_RDONLY | O_CLOEXEC));
        if (journal.get() < 0 && errno != ENOENT) return failure("its journal cannot be opened");
        if (journal.get() >= 0)
          if (const std::optional<Error> wrong =
                  copy_file(journal.get(), to + kJournal, is_given_up))
            return wrong;
      }
      if (journal_header() == before) return std::nullopt;
    }
    return error("it was written anew again and again meanwhile", "report this");
  }

  /// Empty: there is none yet.
  std::string journal_header() const {
    const Descriptor journal(::open((path_ + kJournal).c_str(), O_RDONLY | O_CLOEXEC));
    if (journal.get() < 0) return {};
    return read_at(journal.get(), 0, kJournalHeader).value_or(std::string());
  }

  std::optional<Error> copy_file(int from, const std::string& to,
                                 const std::atomic<bool>& is_given_up) const {
    const Descriptor copy(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOwnerOnly));
    if (copy.get() < 0) return failure("the copy cannot be written");
    // What is appended to the journal meanwhile is not waited for.
    const std::uint64_t end = size_of(from).value_or(0);
    for (std::uint64_t at = 0; at < end;) {
      if (is_given_up) return given_up();
      const std::optional<std::string> piece =
          read_at(from, at, static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, end - at)));
      if (!piece) return failure("it cannot be read");
      if (piece->empty()) break;
      if (!write_all(copy.get(), *piece)) return failure("the copy cannot be written");
      at += piece->size();
    }
    return std::nullopt;
  }

  /// Makes one sound file of the copy and its journal.
  std::optional<Error> fold(const std::string& copy, const std::atomic<bool>& is_given_up) const {
    sqlite3* raw = nullptr;
    const int status =
        sqlite3_open_v2(copy.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    const Database database(raw);
    if (status != SQLITE_OK) return error("the copy cannot be opened", "report this");
    const auto look = [](void* flag) {
      return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0;
    };
    sqlite3_progress_handler(raw, kStepsBetweenLooks, look,
                             const_cast<std::atomic<bool>*>(&is_given_up));
    const auto execute = [raw](const char* sql) {
      return sqlite3_exec(raw, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
    };
    // It is gone with this process anyway: nothing of it has to be waited for.
    if (!execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=OFF"))
      return error(sqlite3_errmsg(raw), "report this");
    {
      Statement mode(raw, "PRAGMA journal_mode=DELETE");
      if (!mode.next() || mode.text() != "delete")
        return is_given_up ? given_up() : error(sqlite3_errmsg(raw), "check the disk's space");
    }
    Statement check(raw, "PRAGMA integrity_check(1)");
    const bool is_sound = check.next() && check.text() == "ok";
    if (is_given_up) return given_up();
    if (!is_sound) return error("the store is damaged", "stop Teal, and restore a backup");
    return std::nullopt;
  }

  int database_;
  std::string path_;
};

}  // namespace

Result<std::string> Snapshot::read(std::uint64_t offset, std::size_t most) const {
  std::optional<std::string> bytes = read_at(file_.get(), offset, most);
  if (!bytes)
    return Error{Source::internal,
                 std::string("the snapshot cannot be read: ") + std::strerror(errno)};
  return *std::move(bytes);
}

std::unique_ptr<SnapshotSource> make_sqlite_snapshot_source(int database, std::string path) {
  return std::make_unique<SqliteSnapshotSource>(database, std::move(path));
}

bool remove_snapshot_leftovers(const std::string& path) {
  return remove_folder_of_copy(folder_of(path));
}

}  // namespace teal::control
