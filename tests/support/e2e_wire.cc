#include "tests/support/e2e_wire.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "net/io/socket.h"

namespace teal::e2e {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

int make_socket(const Address& address) {
  const int family = address.kind == Address::Kind::unix_socket ? AF_UNIX
                     : address.kind == Address::Kind::ip6       ? AF_INET6
                                                                : AF_INET;
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fail("socket");
  return fd;
}

bool wait_for(int fd, short what, Deadline deadline) {
  pollfd one{fd, what, 0};
  while (true) {
    const int ready = ::poll(&one, 1, deadline.left_ms());
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

Address bind_to(int fd, const Address& address) {
  const net::Endpoint endpoint = net::to_endpoint(address);
  if (::bind(fd, endpoint.address(), endpoint.size) != 0) fail("bind to " + to_string(address));
  if (address.kind == Address::Kind::unix_socket) return address;
  net::Endpoint bound;
  bound.size = sizeof bound.storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound.storage), &bound.size) != 0)
    fail("getsockname");
  return net::to_address(bound);
}

}  // namespace

std::string_view to_string(Arrival arrival) {
  switch (arrival) {
    case Arrival::bytes: return "bytes";
    case Arrival::closed: return "closed";
    case Arrival::reset: return "reset";
    case Arrival::timeout: return "timeout";
  }
  return "timeout";
}

Wire& Wire::operator=(Wire&& from) noexcept {
  if (this != &from) {
    close();
    fd_ = std::exchange(from.fd_, -1);
  }
  return *this;
}

Wire Wire::connect(const Address& address, int receive_buffer) {
  Wire wire(make_socket(address));
  wire.send_at_once();
  if (receive_buffer > 0)
    ::setsockopt(wire.fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const net::Endpoint endpoint = net::to_endpoint(address);
  if (::connect(wire.fd_, endpoint.address(), endpoint.size) == 0) return wire;
  if (errno != EINPROGRESS) fail("connect to " + to_string(address));
  if (!wait_for(wire.fd_, POLLOUT, Deadline{})) fail("connect to " + to_string(address));
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(wire.fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  errno = error;
  if (error != 0) fail("connect to " + to_string(address));
  return wire;
}

bool Wire::send(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd_, POLLOUT, deadline)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

Arrival Wire::read(std::string& into, Deadline deadline, std::size_t most) {
  const std::size_t before = into.size();
  into.resize(before + most);
  while (true) {
    const ssize_t got = ::recv(fd_, into.data() + before, most, 0);
    if (got > 0) {
      into.resize(before + static_cast<std::size_t>(got));
      return Arrival::bytes;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN && wait_for(fd_, POLLIN, deadline)) continue;
    into.resize(before);
    if (got == 0) return Arrival::closed;
    return errno == EAGAIN ? Arrival::timeout : Arrival::reset;
  }
}

Arrival Wire::read_to_end(std::string& into, Deadline deadline) {
  Arrival arrival = Arrival::bytes;
  while (arrival == Arrival::bytes) arrival = read(into, deadline);
  return arrival;
}

void Wire::send_at_once() {
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Wire::finish_sending() {
  ::shutdown(fd_, SHUT_WR);
}

void Wire::reset() {
  // Dissolving the association sends the reset and leaves the descriptor alone (tcp_disconnect).
  const sockaddr nobody{AF_UNSPEC, {}};
  ::connect(fd_, &nobody, sizeof nobody);
}

void Wire::close() {
  if (const int fd = std::exchange(fd_, -1); fd >= 0) ::close(fd);
}

void Wire::cut() {
  ::shutdown(fd_, SHUT_RDWR);
}

Door::Door(const Address& address, int backlog) : fd_(make_socket(address)) {
  address_ = bind_to(fd_, address);
  if (::listen(fd_, backlog) != 0) fail("listen");
}

Wire Door::accept(Deadline deadline) {
  while (true) {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      Wire wire(fd);
      wire.send_at_once();
      return wire;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno != EAGAIN || !wait_for(fd_, POLLIN, deadline)) return {};
  }
}

void Door::close() {
  const int fd = std::exchange(fd_, -1);
  if (fd < 0) return;
  ::close(fd);
  if (address_.kind == Address::Kind::unix_socket) ::unlink(address_.host.c_str());
}

RefusedAddress::RefusedAddress() {
  const Address any{Address::Kind::ip4, "127.0.0.1", 0};
  fd_ = make_socket(any);
  address_ = bind_to(fd_, any);
}

RefusedAddress::~RefusedAddress() {
  ::close(fd_);
}

SilentAddress::SilentAddress() : door_({Address::Kind::ip4, "127.0.0.1", 0}, 0) {
  // A backlog of 0 holds one connection; the system lets it be, and the next SYN is dropped.
  first_ = Wire::connect(door_.address());
}

}  // namespace teal::e2e
