#include "control/sources/trusted_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/descriptor.h"
#include "base/file.h"

namespace teal::control {
namespace {

TrustedFile refuse(LookFault fault, const std::string& path, const std::string& why) {
  return {{}, LookProblem{fault, path + " " + why}};
}

TrustedFile cannot(const char* what, const std::string& path) {
  const LookFault fault = errno == ENOENT ? LookFault::missing : LookFault::unreadable;
  return refuse(fault, path, std::string("cannot be ") + what + ": " + std::strerror(errno));
}

/// Empty: it may be believed.
std::string why_unsafe(const struct stat& status, unsigned user) {
  if (status.st_uid != 0 && status.st_uid != user)
    return "belongs to user " + std::to_string(status.st_uid) +
           "; it must be root's or that of Teal's own user";
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return "can be written by its group or by others; chmod go-w it";
  return {};
}

TrustedFile read_all(int fd, const std::string& path, std::size_t most) {
  constexpr std::size_t kPiece = 16 * 1024;
  std::array<char, kPiece> piece{};
  TrustedFile file;
  while (true) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot("read", path);
    if (got == 0) return file;
    file.text.append(piece.data(), static_cast<std::size_t>(got));
    if (file.text.size() > most)
      return refuse(LookFault::unreadable, path,
                    "is larger than " + std::to_string(most / 1024) + " KiB");
  }
}

}  // namespace

TrustedFile read_trusted_file(const std::string& path, std::size_t most, unsigned user) {
  struct stat status{};
  // Before it is opened: that alone makes some devices do something.
  if (::stat(path.c_str(), &status) != 0) return cannot("opened", path);
  if (const std::string why = why_not_regular(status.st_mode); !why.empty())
    return refuse(LookFault::unreadable, path, why);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.get() < 0) return cannot("opened", path);
  // And after: what is read is this file, whatever the name means by now.
  if (::fstat(file.get(), &status) != 0) return cannot("read", path);
  if (const std::string why = why_not_regular(status.st_mode); !why.empty())
    return refuse(LookFault::unreadable, path, why);
  if (const std::string why = why_unsafe(status, user); !why.empty())
    return refuse(LookFault::unsafe, path, why);
  return read_all(file.get(), path, most);
}

}  // namespace teal::control
