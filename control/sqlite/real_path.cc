#include "control/sqlite/real_path.h"

#include <filesystem>
#include <system_error>

namespace teal::control {
namespace {

/// As many as Linux follows.
constexpr int kLinks = 40;

}  // namespace

std::string real_path(const std::string& path) {
  namespace fs = std::filesystem;
  if (path == ":memory:") return path;
  std::error_code failed;
  fs::path file = path;
  // A link that leads to nothing yet is where SQLite would make the file.
  for (int i = 0; i < kLinks && fs::is_symlink(fs::symlink_status(file, failed)); ++i) {
    const fs::path target = fs::read_symlink(file, failed);
    if (failed) return path;
    file = file.parent_path() / target;
  }
  const fs::path parent = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const fs::path directory = fs::canonical(parent, failed);
  return failed ? path : (directory / file.filename()).string();
}

}  // namespace teal::control
