#include "net/stream/stream.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace teal::net {
namespace {

// Not through recv() and send(): those are cancellation points, and in a process with threads each
// call pays two locked instructions for that. Nobody cancels our threads.
ssize_t receive(int fd, std::span<char> into) {
  return ::syscall(SYS_recvfrom, fd, into.data(), into.size(), 0, nullptr, nullptr);
}

ssize_t send(int fd, std::string_view bytes, int flags) {
  return ::syscall(SYS_sendto, fd, bytes.data(), bytes.size(), flags, nullptr, 0);
}

ssize_t send(int fd, std::span<const iovec> pieces, int flags) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  return ::sendmsg(fd, &message, flags);
}

/// What the kernel holds back until the end is there goes with it.
constexpr int flags_of(bool end_follows) {
  return MSG_NOSIGNAL | (end_follows ? MSG_MORE : 0);
}

/// What send() said.
WriteResult result_of(ssize_t sent) {
  if (sent >= 0) return {static_cast<std::size_t>(sent), 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {};
  return {0, errno};
}

}  // namespace

ReadResult Stream::read(std::span<char> into) {
  if (tls_) return tls_->read(into);
  ssize_t n = 0;
  do n = receive(socket_.fd(), into);
  while (n < 0 && errno == EINTR);
  ReadResult result;
  if (n > 0) {
    result.size = static_cast<std::size_t>(n);
    result.drained = result.size < into.size();
  } else if (n == 0) {
    result.eof = result.drained = true;
  } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
    result.drained = true;
  } else {
    result.error = errno;
    result.drained = true;
  }
  return result;
}

WriteResult Stream::write(std::string_view bytes, bool end_follows) {
  if (tls_) {
    const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    return tls_->write(std::span(&piece, bytes.empty() ? 0 : 1), end_follows);
  }
  ssize_t n = 0;
  do n = send(socket_.fd(), bytes, flags_of(end_follows));
  while (n < 0 && errno == EINTR);
  return result_of(n);
}

WriteResult Stream::write(std::span<const iovec> pieces, bool end_follows) {
  if (tls_) return tls_->write(pieces, end_follows);
  ssize_t n = 0;
  do n = send(socket_.fd(), pieces, flags_of(end_follows));
  while (n < 0 && errno == EINTR);
  return result_of(n);
}

void Stream::finish_writing() {
  if (tls_) tls_->send_close_notify();
  ::shutdown(socket_.fd(), SHUT_WR);
}

void Stream::reset_on_close() {
  if (tls_) tls_->abort();
  net::reset_on_close(socket_);
}

void Stream::close() {
  if (tls_) tls_->send_close_notify();
  socket_.close();
}

}  // namespace teal::net
