// The file of a listening Unix socket: when the one that is there may be removed, with which
// permissions it is made, and who removes it at the end. For the listeners and for the control API.
//
// Never waits: whoever is asked is asked without blocking. One thread at a time.
#pragma once

#include <sys/stat.h>

#include <string>
#include <utility>

#include "base/result.h"

namespace teal::net {

/// Removes what a process left behind that ended without cleaning up: a socket on which connecting
/// is refused. Whatever else stands there is somebody's, and the Error says what it is: a socket
/// that answers or whose backlog is full, one of another kind, one that we may not ask, a file, a
/// symbolic link.
Result<void> clear_stale_socket(const std::string& path);

/// The file that bind() made. Removes it at its end if it is the same still, and nobody has
/// connected another process to it.
class SocketFile {
 public:
  SocketFile() = default;
  /// Looks at the file. Requires: bind() has just made it.
  explicit SocketFile(std::string path);
  ~SocketFile() { remove(); }
  SocketFile(SocketFile&& from) noexcept { *this = std::move(from); }
  SocketFile& operator=(SocketFile&& from) noexcept;

  /// Requires: the sockets bound to it are closed.
  void remove();
  /// It stays: somebody else goes on with the socket.
  void release() { path_.clear(); }

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t number_ = 0;
};

/// Gives the socket's file this mode whatever the umask is, without a moment with more: before
/// bind(), and after it with `path`, before listen(). False: errno says why not.
bool limit_socket_mode(int unbound, mode_t mode);
bool set_socket_mode(const std::string& path, mode_t mode);

}  // namespace teal::net
