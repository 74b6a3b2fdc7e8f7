#include "control/sqlite/sqlite_inspection.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/descriptor.h"
#include "control/sqlite/leftovers.h"
#include "control/sqlite/sqlite_schema.h"
#include "control/sqlite/sqlite_statement.h"

namespace teal::control {
namespace {

namespace fs = std::filesystem;
using Kind = StoreInspection::Kind;
using namespace std::string_view_literals;

/// A store that was killed before its journal was folded in for the first time is a few pages; what
/// is larger than this and does not call itself a store is none.
constexpr off_t kMaxToCopy = off_t{64} * 1024 * 1024;

// The database header and the head of the first b-tree page behind it
// (https://www.sqlite.org/fileformat2.html, 1.3 and 1.6).
constexpr std::string_view kMagic = "SQLite format 3\0"sv;
constexpr std::size_t kUserVersion = 60;
constexpr std::size_t kApplication = 68;
constexpr std::size_t kPageType = 100;
constexpr std::size_t kPageCells = 103;
constexpr unsigned char kLeafOfTable = 13;
using Header = std::array<unsigned char, 108>;

std::int64_t number_at(const Header& header, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) value = value << 8U | header[i];
  return static_cast<std::int32_t>(value);
}

StoreInspection judge(std::int64_t application, std::int64_t version, bool has_tables) {
  if (application == kApplicationId) return {Kind::teal, version};
  return {application == 0 && version == 0 && !has_tables ? Kind::empty : Kind::foreign, 0};
}

StoreInspection judge(const Header& header, std::size_t size) {
  if (size < header.size() ||
      std::string_view(reinterpret_cast<const char*>(header.data()), kMagic.size()) != kMagic)
    return {Kind::other, 0};
  const bool has_tables =
      header[kPageType] != kLeafOfTable || header[kPageCells] != 0 || header[kPageCells + 1] != 0;
  return judge(number_at(header, kApplication), number_at(header, kUserVersion), has_tables);
}

/// A directory of its own, held and gone with the object.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(std::string pattern) : path_(std::move(pattern)) {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
    if (path_.empty()) return;
    held_ = std::make_unique<Descriptor>(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    static_cast<void>(hold(held_->get()));
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::unique_ptr<Descriptor> held_;
};

/// What SQLite makes of the file and its journal together, by a copy of both.
StoreInspection judge_copy(const std::string& path) {
  const TemporaryDirectory directory(pattern_of_look(path));
  if (directory.path().empty()) return {Kind::unseen, 0};
  const std::string copy = directory.path() + "/copy";
  std::error_code failed;
  for (const char* suffix : {"", "-wal"})
    if (!failed) fs::copy_file(path + suffix, copy + suffix, failed);
  if (failed) return {Kind::unseen, 0};
  sqlite3* raw = nullptr;
  const int status =
      sqlite3_open_v2(copy.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  const Database database(raw);
  if (status != SQLITE_OK) return {Kind::other, 0};
  const auto tables = read_number(raw, "SELECT count(*) FROM sqlite_schema");
  const auto application = read_number(raw, "PRAGMA application_id");
  const auto version = read_number(raw, "PRAGMA user_version");
  if (!tables || !application || !version) return {Kind::other, 0};
  return judge(*application, *version, *tables > 0);
}

off_t size_of(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) ? found.st_size : 0;
}

}  // namespace

StoreInspection inspect_store(const std::string& path) {
  const off_t size = size_of(path);
  if (size == 0) return {};
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return {};
  Header header{};
  const ssize_t read = ::pread(descriptor, header.data(), header.size(), 0);
  ::close(descriptor);
  if (read < 0) return {};
  const StoreInspection seen = judge(header, static_cast<std::size_t>(read));
  const off_t journal = size_of(path + "-wal");
  const bool is_anothers = journal > 0 && seen.kind != Kind::other &&
                           header[kWriteVersion] == kStandsAlone &&
                           header[kReadVersion] == kStandsAlone;
  if (is_anothers) return seen.kind == Kind::foreign ? seen : StoreInspection{Kind::mixed, 0};
  // A header that says whose it is stays true; one that says nothing may have its say in the
  // journal still.
  const bool may_differ = seen.kind != Kind::teal && journal > 0 && size <= kMaxToCopy &&
                          journal <= kMaxToCopy &&
                          (seen.kind == Kind::other || number_at(header, kApplication) == 0);
  return may_differ ? judge_copy(path) : seen;
}

bool stands_alone(int descriptor) {
  std::array<unsigned char, 2> how{};
  static_assert(kReadVersion == kWriteVersion + 1);
  return ::pread(descriptor, how.data(), how.size(), kWriteVersion) == 2 &&
         how[0] == kStandsAlone && how[1] == kStandsAlone;
}

std::string refusal_of_mixed(const std::string& path) {
  return path + " has another file's -wal beside it; move " + path + "-wal away";
}

}  // namespace teal::control
