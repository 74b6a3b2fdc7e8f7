#include "net/io/pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace teal::net {
namespace {

ssize_t splice(const Socket& from, const Socket& to, std::size_t most) {
  ssize_t n = 0;
  do n = ::splice(from.fd(), nullptr, to.fd(), nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  while (n < 0 && errno == EINTR);
  return n;
}

}  // namespace

std::unique_ptr<Pipe> Pipe::make() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return nullptr;
  ::fcntl(ends[1], F_SETPIPE_SZ, kCapacity);  // refused: it stays as small as it came
  return std::unique_ptr<Pipe>(new Pipe(Socket(ends[0]), Socket(ends[1])));
}

ReadResult Pipe::fill(const Socket& from, std::size_t most) {
  const ssize_t n = splice(from, in_, most);
  ReadResult result;
  if (n > 0) {
    result.size = static_cast<std::size_t>(n);
    size_ += result.size;
  } else if (n == 0) {
    result.eof = result.drained = true;
  } else if (errno == EAGAIN) {
    result.drained = true;
  } else {
    result.error = errno;
    result.drained = true;
  }
  return result;
}

WriteResult Pipe::empty_into(const Socket& to) {
  const ssize_t n = splice(out_, to, size_);
  if (n < 0) return errno == EAGAIN ? WriteResult{} : WriteResult{0, errno};
  size_ -= static_cast<std::size_t>(n);
  return {static_cast<std::size_t>(n), 0};
}

}  // namespace teal::net
