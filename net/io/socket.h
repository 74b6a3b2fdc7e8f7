// Sockets as file descriptors that own themselves, and the few ways Teal makes them. No event loop
// here (net/io/reactor.h); nothing blocks but close().
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "base/address.h"
#include "base/result.h"

namespace teal::net {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { close(); }
  Socket(Socket&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}
  Socket& operator=(Socket&& from) noexcept {
    if (this != &from) {
      close();
      fd_ = std::exchange(from.fd_, -1);
    }
    return *this;
  }

  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

/// An address in the kernel's form.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
Endpoint to_endpoint(const Address& address);
Address to_address(const Endpoint& endpoint);

/// Whether others may listen on a port too.
enum class Port : std::uint8_t {
  exclusive,  ///< Nobody else does, and nobody else will: not even another Teal.
  shared,     ///< Whoever has our user and says the same (SO_REUSEPORT).
};

/// A listening, non-blocking socket. The file of a Unix socket gets `unix_mode`, whatever the umask
/// is; a stale one is removed first (net/io/socket_file.h).
///
/// Exclusive is decided by listen(), not by bind(): of two processes that ask at the same time one
/// is refused. Connections that an earlier process left behind are not in the way.
Result<Socket> listen_on(const Address& address, Port port = Port::exclusive,
                         unsigned unix_mode = 0600);
/// From now on the port of a listening socket is shared, with what this process adds to it: whoever
/// asks for it exclusively is still refused.
void share_port(const Socket& listening);
/// One more socket for the port of `first`, which shares it, so that each worker has its own: the
/// system gives connections to all of them. Of a Unix socket it is a second descriptor.
Result<Socket> listen_beside(const Socket& first);
/// The address that a socket is bound to (the port the system chose).
Address local_address(const Socket& socket);
/// A second descriptor of the same socket.
Result<Socket> duplicate(const Socket& socket);

/// Begins to connect, non-blocking; readiness to write tells that it ended, connect_error() how.
Result<Socket> start_connect(const Endpoint& endpoint);
/// 0 or the errno of a finished connect.
int connect_error(const Socket& socket);

/// What has come and was not read yet, without reading it: bytes, 0 at the peer's end, or -1 with
/// errno.
ssize_t peek(const Socket& socket, std::span<char> into);
/// Reads away what was peeked at.
void skip(const Socket& socket, std::span<char> scratch);

void set_no_delay(const Socket& socket);
/// The close to come sends a reset instead of an orderly end: the peer must not take what it got
/// for the whole.
void reset_on_close(const Socket& socket);

}  // namespace teal::net
