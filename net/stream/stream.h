// Stream: the bytes of one connection, plain or over TLS, read and written without ever waiting. It
// knows when the kernel has no more ("drained": a read shorter than asked, so no second system call
// finds out) and writes gathered pieces in one call. Plain costs one test of a pointer more than
// the system call.
//
// Owned by one connection, used by its worker's thread. Keeps no buffers of its own.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "net/io/io_result.h"
#include "net/io/socket.h"
#include "net/tls/session.h"

namespace teal::net {

class Stream {
 public:
  explicit Stream(Socket socket) : socket_(std::move(socket)) {}

  /// From now on over TLS. Nothing is read or written before its handshake is done.
  void start_tls(std::unique_ptr<TlsSession> session) { tls_ = std::move(session); }
  /// Null: plain.
  TlsSession* tls() { return tls_.get(); }
  const TlsSession* tls() const { return tls_.get(); }

  ReadResult read(std::span<char> into);
  /// `end_follows`: close() or finish_writing() comes next, so that a plain socket may send the end
  /// in one packet with the last of these bytes.
  WriteResult write(std::string_view bytes, bool end_follows = false);
  WriteResult write(std::span<const iovec> pieces, bool end_follows = false);
  /// Bytes that write() has taken wait in here for the socket; write({}) sends them.
  bool has_unsent() const { return tls_ && tls_->has_unsent(); }
  /// We will send no more; the peer may.
  void finish_writing();
  void reset_on_close();
  void close();

  const Socket& socket() const { return socket_; }
  bool is_open() const { return static_cast<bool>(socket_); }

 private:
  Socket socket_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace teal::net
