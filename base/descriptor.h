// Descriptor: a descriptor of a file that is closed when its owner goes. Sockets have a class of
// their own (net/io/socket.h).
#pragma once

#include <unistd.h>

namespace teal {

class Descriptor {
 public:
  /// Negative: there is none.
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace teal
