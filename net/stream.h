// Stream: the bytes of one connection, read and written without ever waiting. It knows when the
// kernel has no more ("drained": a read shorter than asked, so no second system call finds out) and
// writes gathered pieces in one call. TLS will stand behind the same face.
//
// Owned by one connection, used by its worker's thread. Keeps no buffers.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>

#include "net/socket.h"

namespace teal::net {

struct ReadResult {
  std::size_t size = 0;
  bool drained = false;  ///< Wait for the next readiness before reading again.
  bool eof = false;      ///< The peer will send no more.
  int error = 0;         ///< errno, or 0.
};

struct WriteResult {
  std::size_t size = 0;
  int error = 0;  ///< errno, or 0; what would block is size < asked and no error.
};

class Stream {
 public:
  explicit Stream(Socket socket) : socket_(std::move(socket)) {}

  ReadResult read(std::span<char> into);
  WriteResult write(std::span<const iovec> pieces);
  /// We will send no more; the peer may.
  void finish_writing();
  void reset_on_close() { net::reset_on_close(socket_); }
  void close() { socket_.close(); }

  const Socket& socket() const { return socket_; }
  bool is_open() const { return static_cast<bool>(socket_); }

 private:
  Socket socket_;
};

}  // namespace teal::net
