#include "base/new_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/ascii.h"
#include "base/file.h"

namespace teal {
namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
constexpr int kNames = 100;
constexpr const char* kOwn = ".new-";

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

std::string own_name(const std::string& path, int i) {
  return path + kOwn + std::to_string(::getpid()) + "-" + std::to_string(i);
}

/// A name is on the disk when its directory is.
bool sync_directory(const std::string& path) {
  const Descriptor directory(
      ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory.get() >= 0 && ::fsync(directory.get()) == 0;
}

}  // namespace

NewFile::NewFile(std::string path, int descriptor)
    : path_(std::move(path)), file_(std::make_unique<Descriptor>(descriptor)) {
  if (descriptor >= 0) static_cast<void>(::flock(descriptor, LOCK_EX | LOCK_NB));
}

bool NewFile::is_name_for(const std::string& path, std::string_view name) {
  const std::string prefix = path + kOwn;
  if (!name.starts_with(prefix)) return false;
  const std::string_view numbers = name.substr(prefix.size());
  const std::size_t dash = numbers.find('-');
  const auto is_number = [](std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_digit);
  };
  return dash != std::string_view::npos && is_number(numbers.substr(0, dash)) &&
         is_number(numbers.substr(dash + 1));
}

NewFile::~NewFile() {
  if (!name_.empty()) ::unlink(name_.c_str());
}

Error NewFile::failure(const char* what) const {
  const int why = errno;
  const char* const remedy = why == ENOSPC || why == EDQUOT || why == EFBIG
                                 ? "; make room there, or name another place"
                                 : "; check that its directory exists and can be written";
  return Error{Source::config, path_ + " cannot be " + what + ": " + std::strerror(why) + remedy};
}

Result<NewFile> NewFile::create(const std::string& path) {
  const int unnamed =
      ::open(directory_of(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, kOwnerOnly);
  // Where /proc is not mounted, it could never be given a name.
  if (unnamed >= 0 && ::access(name_of(unnamed).c_str(), F_OK) == 0) return NewFile(path, unnamed);
  if (unnamed >= 0) ::close(unnamed);
  for (int i = 0; i < kNames; ++i) {
    std::string name = own_name(path, i);
    const int named = ::open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, kOwnerOnly);
    if (named < 0 && errno == EEXIST) continue;
    NewFile file(path, named);
    if (named < 0) return file.failure("written");
    file.name_ = std::move(name);
    return file;
  }
  errno = EEXIST;
  return NewFile(path, -1).failure("written");
}

Result<void> NewFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_->get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failure("written");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

bool NewFile::take_name() {
  for (int i = 0; name_.empty() && i < kNames; ++i) {
    std::string name = own_name(path_, i);
    if (::linkat(AT_FDCWD, name_of(file_->get()).c_str(), AT_FDCWD, name.c_str(),
                 AT_SYMLINK_FOLLOW) == 0)
      name_ = std::move(name);
    else if (errno != EEXIST)
      return false;
  }
  return !name_.empty();
}

Result<void> NewFile::publish(IfThere what) {
  struct stat found{};
  if (what == IfThere::replace && ::lstat(path_.c_str(), &found) == 0)
    if (const std::string why = why_not_regular(found.st_mode); !why.empty())
      return Error{Source::config, path_ + " " + why + " and is not replaced; name another file"};
  if (::fsync(file_->get()) != 0) return failure("written");
  if (what == IfThere::refuse) {
    const bool is_named = !name_.empty();
    const std::string from = is_named ? name_ : name_of(file_->get());
    if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, path_.c_str(),
                 is_named ? 0 : AT_SYMLINK_FOLLOW) != 0)
      return failure("made");
  } else {
    if (!take_name() || ::rename(name_.c_str(), path_.c_str()) != 0) return failure("made");
    name_.clear();
  }
  if (!sync_directory(path_)) return failure("made");
  return {};
}

}  // namespace teal
