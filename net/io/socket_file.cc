#include "net/io/socket_file.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/io/socket.h"

namespace teal::net {
namespace {

/// 0, or the errno of connecting to it: ECONNREFUSED where no process has the socket any more.
int ask(const std::string& path) {
  const Endpoint endpoint = to_endpoint({Address::Kind::unix_socket, path, 0});
  const Socket probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe) return errno;
  return ::connect(probe.fd(), endpoint.address(), endpoint.size) == 0 ? 0 : errno;
}

Error refuse(const std::string& path, const std::string& why, const std::string& remedy) {
  return Error{Source::config, path + ' ' + why + "; " + remedy};
}

Error in_use(const std::string& path, int asked) {
  constexpr const char* kRemedy = "stop it or choose another address";
  switch (asked) {
    case 0: return refuse(path, "is in use: another process answers there", kRemedy);
    case EINPROGRESS:
    case EAGAIN:
      return refuse(path, "is in use: so many wait for the process there that its backlog is full",
                    kRemedy);
    case EPROTOTYPE:
      return refuse(path, "is in use: another process has a socket of another kind there", kRemedy);
    default:
      return refuse(path,
                    std::string("cannot be asked whether it is in use: ") + std::strerror(asked),
                    "remove it if nobody uses it");
  }
}

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

Result<void> clear_stale_socket(const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return refuse(path, std::string("cannot be looked at: ") + std::strerror(errno),
                  "check the folder and its permissions");
  }
  if (S_ISLNK(found.st_mode))
    return refuse(path, "is not a socket but a symbolic link", "give the path that it leads to");
  if (!S_ISSOCK(found.st_mode))
    return refuse(path, "exists and is not a socket", "choose another address");
  const int asked = ask(path);
  if (asked == ENOENT) return {};
  if (asked != ECONNREFUSED) return in_use(path, asked);
  struct stat now{};
  if (::lstat(path.c_str(), &now) != 0) return {};
  if (!is_same(found, now)) return refuse(path, "has just been made anew", "try again");
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return refuse(path, std::string("is left over and cannot be removed: ") + std::strerror(errno),
                "remove it");
}

SocketFile::SocketFile(std::string path) {
  struct stat made{};
  if (::lstat(path.c_str(), &made) != 0) return;
  path_ = std::move(path);
  device_ = made.st_dev;
  number_ = made.st_ino;
}

SocketFile& SocketFile::operator=(SocketFile&& from) noexcept {
  if (this == &from) return *this;
  remove();
  path_ = std::exchange(from.path_, {});
  device_ = from.device_;
  number_ = from.number_;
  return *this;
}

void SocketFile::remove() {
  const std::string path = std::exchange(path_, {});
  struct stat found{};
  if (path.empty() || ::lstat(path.c_str(), &found) != 0) return;
  if (found.st_dev != device_ || found.st_ino != number_) return;
  // The number may have been given to another's file since.
  if (ask(path) == ECONNREFUSED) ::unlink(path.c_str());
}

bool limit_socket_mode(int unbound, mode_t mode) {
  // On Linux bind() gives the file the mode of the socket, less the umask.
  return ::fchmod(unbound, mode) == 0;
}

bool set_socket_mode(const std::string& path, mode_t mode) {
  return ::chmod(path.c_str(), mode) == 0;
}

}  // namespace teal::net
