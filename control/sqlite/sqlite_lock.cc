#include "control/sqlite/sqlite_lock.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace teal::control {
namespace {

constexpr off_t kFirst = 0x40000000;
constexpr off_t kBytes = 512;

struct flock whole_lock() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = kFirst;
  lock.l_len = kBytes;
  return lock;
}

std::string holder(int descriptor) {
  struct flock lock = whole_lock();
  if (::fcntl(descriptor, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return {};
  // In another namespace of processes it has no number here.
  return lock.l_pid > 0 ? "process " + std::to_string(lock.l_pid) : "another process";
}

}  // namespace

std::string who_uses_store(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  return file.get() < 0 ? std::string() : holder(file.get());
}

Result<SqliteLock> SqliteLock::take(const std::string& path) {
  SqliteLock lock(path, ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (lock.file_->get() < 0)
    return Error{Source::config,
                 path + " cannot be opened: " + std::strerror(errno) + "; check its permissions"};
  if (const Result<void> taken = lock.take_again(); !taken) return taken.error();
  return lock;
}

Result<void> SqliteLock::take_again() {
  return lock_store(file_->get(), path_);
}

Result<void> lock_store(int descriptor, const std::string& path) {
  struct flock lock = whole_lock();
  if (::fcntl(descriptor, F_SETLK, &lock) == 0) return {};
  const int why = errno;
  const std::string who = holder(descriptor);
  if (who.empty())
    return Error{Source::config,
                 path + " cannot be locked: " + std::strerror(why) + "; check the file system"};
  return Error{Source::config,
               path + " is in use by " + who + "; stop that Teal, and start it again afterwards"};
}

}  // namespace teal::control
