// Pipe: bytes on their way from one plain socket to another that never come into this process
// (splice(2)). The kernel moves pages; nothing is copied here or there.
//
// Owned by whoever writes to the second socket, used by one thread. Does not wait, knows no
// protocol, and takes no TLS: the bytes of that are not those of the socket.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include "net/io/io_result.h"
#include "net/io/socket.h"

namespace teal::net {

class Pipe {
 public:
  /// What a pipe holds at most. An unprivileged user may have 64 MiB in pipes before the kernel
  /// gives him small ones (/proc/sys/fs/pipe-user-pages-soft), which work and only take longer.
  static constexpr int kCapacity = 256 * 1024;

  /// Null: there are no descriptors or no memory for it.
  static std::unique_ptr<Pipe> make();

  /// Takes up to `most` bytes from the socket. Drained only where the socket had nothing: what it
  /// gives at once is limited by pages, not by bytes.
  ReadResult fill(const Socket& from, std::size_t most);
  /// Gives what is in it to the socket.
  WriteResult empty_into(const Socket& to);

  /// Bytes in it.
  std::size_t size() const { return size_; }
  int highest_descriptor() const { return std::max(out_.fd(), in_.fd()); }

 private:
  Pipe(Socket out, Socket in) : out_(std::move(out)), in_(std::move(in)) {}

  Socket out_, in_;  ///< Its two ends, by what they do for its owner.
  std::size_t size_ = 0;
};

}  // namespace teal::net
