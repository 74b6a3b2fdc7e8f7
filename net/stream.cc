#include "net/stream.h"

#include <sys/socket.h>

#include <cerrno>

namespace teal::net {

ReadResult Stream::read(std::span<char> into) {
  if (tls_) return tls_->read(into);
  ssize_t n = 0;
  do n = ::recv(socket_.fd(), into.data(), into.size(), 0);
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

WriteResult Stream::write(std::span<const iovec> pieces) {
  if (tls_) return tls_->write(pieces);
  ssize_t n = 0;
  do {
    if (pieces.size() == 1) {
      n = ::send(socket_.fd(), pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(pieces.data());
      message.msg_iovlen = pieces.size();
      n = ::sendmsg(socket_.fd(), &message, MSG_NOSIGNAL);
    }
  } while (n < 0 && errno == EINTR);
  if (n >= 0) return {static_cast<std::size_t>(n), 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {};
  return {0, errno};
}

void Stream::finish_writing() {
  if (tls_) tls_->say_end();
  ::shutdown(socket_.fd(), SHUT_WR);
}

void Stream::reset_on_close() {
  if (tls_) tls_->abort();
  net::reset_on_close(socket_);
}

void Stream::close() {
  if (tls_) tls_->say_end();
  socket_.close();
}

}  // namespace teal::net
