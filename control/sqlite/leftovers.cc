#include "control/sqlite/leftovers.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/ascii.h"
#include "base/descriptor.h"
#include "base/new_file.h"
#include "control/sqlite/sqlite_inspection.h"

namespace teal::control {
namespace {

namespace fs = std::filesystem;

/// The copy and what SQLite has beside it.
constexpr std::array<std::string_view, 4> kInside{"copy", "copy-wal", "copy-journal", "copy-shm"};
constexpr std::string_view kLook = ".look-";
constexpr std::string_view kRandom = "XXXXXX";
constexpr int kHow = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

bool is_look(const std::string& store, const std::string& path) {
  const std::string prefix = store + std::string(kLook);
  return path.starts_with(prefix) && path.size() == prefix.size() + kRandom.size() &&
         std::all_of(path.begin() + static_cast<std::ptrdiff_t>(prefix.size()), path.end(),
                     [](char c) { return is_alnum(c); });
}

void remove_look(const std::string& path) {
  const Descriptor folder(::open(path.c_str(), kHow | O_DIRECTORY));
  if (folder.get() >= 0 && hold(folder.get())) static_cast<void>(remove_folder_of_copy(path));
}

bool is_same(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/// Of the store's own file it is a second name, and that is not opened: closing it would take the
/// process's locks off the store.
void remove_new(const std::string& path, const std::string& store) {
  struct stat found{};
  struct stat own{};
  if (::lstat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return;
  if (::stat(store.c_str(), &own) != 0 || !is_same(found, own)) {
    const Descriptor file(::open(path.c_str(), kHow));
    if (file.get() < 0 || !hold(file.get())) return;
    if (found.st_size > 0 && inspect_store(path).kind != StoreInspection::Kind::teal) return;
  }
  ::unlink(path.c_str());
}

}  // namespace

void remove_leftovers(const std::string& store) {
  std::error_code failed;
  std::vector<std::string> looks;
  std::vector<std::string> news;
  fs::directory_iterator each(fs::path(store).parent_path(), failed);
  for (; !failed && each != fs::directory_iterator(); each.increment(failed)) {
    std::string path = each->path().string();
    if (is_look(store, path))
      looks.push_back(std::move(path));
    else if (NewFile::is_name_for(store, path))
      news.push_back(std::move(path));
  }
  for (const std::string& path : looks) remove_look(path);
  for (const std::string& path : news) remove_new(path, store);
}

std::string pattern_of_look(const std::string& store) {
  return store + std::string(kLook) + std::string(kRandom);
}

bool remove_folder_of_copy(const std::string& path) {
  std::error_code failed;
  const fs::file_status found = fs::symlink_status(path, failed);
  if (!fs::exists(found)) return found.type() == fs::file_type::not_found;
  if (!fs::is_directory(found)) return false;
  fs::directory_iterator each(path, failed);
  for (; !failed && each != fs::directory_iterator(); each.increment(failed))
    if (std::ranges::find(kInside, each->path().filename().string()) == kInside.end()) return false;
  if (failed) return false;
  for (const std::string_view name : kInside) ::unlink((path + '/').append(name).c_str());
  return ::rmdir(path.c_str()) == 0;
}

bool hold(int descriptor) {
  return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
}

}  // namespace teal::control
