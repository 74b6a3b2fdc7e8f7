#include "net/io/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/assert.h"
#include "net/io/socket_file.h"

namespace teal::net {
namespace {

Error system_error(const std::string& what) {
  return Error{Source::internal, what + ": " + std::strerror(errno)};
}

/// inet_ntop() goes through printf, which costs a connection as much as reading its request.
std::string dotted(in_addr address) {
  std::array<std::uint8_t, 4> bytes{};
  std::memcpy(bytes.data(), &address, bytes.size());
  std::array<char, INET_ADDRSTRLEN> text{};
  char* end = text.data();
  for (const std::uint8_t byte : bytes) {
    end = std::to_chars(end, text.data() + text.size(), byte).ptr;
    *end++ = '.';
  }
  return {text.data(), end - 1};
}

void set_option(int fd, int level, int name) {
  const int on = 1;
  ::setsockopt(fd, level, name, &on, sizeof on);
}

std::string remedy_of(int why, const Address& address) {
  const std::string port = std::to_string(address.port);
  switch (why) {
    case EADDRINUSE:
      if (address.kind == Address::Kind::unix_socket)
        return "; another process listens there, maybe another Teal: stop it or choose another "
               "address";
      return "; another process listens there, maybe another Teal, or a client has a connection "
             "from this port (ss -tanp 'sport = :" +
             port +
             "' names it): stop it or choose another address, best with a port outside "
             "net.ipv4.ip_local_port_range";
    case EADDRNOTAVAIL: return "; this machine has no such address: choose another";
    case EACCES:
      if (address.kind == Address::Kind::unix_socket)
        return "; check the permissions of the folder";
      return "; ports below 1024 need CAP_NET_BIND_SERVICE: config/teal.service has it, and for "
             "one "
             "binary setcap cap_net_bind_service=+ep /usr/local/bin/teal";
    case ENOENT: return "; make the folder first";
    default: return "";
  }
}

Error cannot_listen(const char* what, const Address& address) {
  const int why = errno;
  return Error{Source::config, "cannot " + std::string(what) + ' ' + to_string(address) + ": " +
                                   std::strerror(why) + remedy_of(why, address)};
}

Result<Socket> listen_on_unix(const Address& address, unsigned mode) {
  if (const Result<void> cleared = clear_stale_socket(address.host); !cleared)
    return cleared.error();
  const Endpoint endpoint = to_endpoint(address);
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return cannot_listen("make a socket for", address);
  limit_socket_mode(socket.fd(), mode);
  if (::bind(socket.fd(), endpoint.address(), endpoint.size) != 0)
    return cannot_listen("bind", address);
  if (!set_socket_mode(address.host, mode)) return cannot_listen("set the mode of", address);
  if (::listen(socket.fd(), SOMAXCONN) != 0) return cannot_listen("listen on", address);
  return socket;
}

Result<Socket> listen_on_port(const Address& address, Port port) {
  const Endpoint endpoint = to_endpoint(address);
  Socket socket(
      ::socket(endpoint.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return cannot_listen("make a socket for", address);
  // So that connections of an earlier process, open or in TIME_WAIT, are in nobody's way.
  set_option(socket.fd(), SOL_SOCKET, SO_REUSEADDR);
  if (port == Port::shared) set_option(socket.fd(), SOL_SOCKET, SO_REUSEPORT);
  // For the connections that it accepts: they begin with the options of their listener.
  set_no_delay(socket);
  if (address.kind == Address::Kind::ip6) set_option(socket.fd(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (::bind(socket.fd(), endpoint.address(), endpoint.size) != 0)
    return cannot_listen("bind", address);
  if (::listen(socket.fd(), SOMAXCONN) != 0) return cannot_listen("listen on", address);
  return socket;
}

}  // namespace

void Socket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Endpoint to_endpoint(const Address& address) {
  Endpoint endpoint;
  switch (address.kind) {
    case Address::Kind::ip4: {
      auto* in = reinterpret_cast<sockaddr_in*>(&endpoint.storage);
      in->sin_family = AF_INET;
      in->sin_port = htons(address.port);
      ::inet_pton(AF_INET, address.host.c_str(), &in->sin_addr);
      endpoint.size = sizeof *in;
      break;
    }
    case Address::Kind::ip6: {
      auto* in = reinterpret_cast<sockaddr_in6*>(&endpoint.storage);
      in->sin6_family = AF_INET6;
      in->sin6_port = htons(address.port);
      ::inet_pton(AF_INET6, address.host.c_str(), &in->sin6_addr);
      endpoint.size = sizeof *in;
      break;
    }
    case Address::Kind::unix_socket: {
      auto* un = reinterpret_cast<sockaddr_un*>(&endpoint.storage);
      un->sun_family = AF_UNIX;
      TEAL_ASSERT(address.host.size() < sizeof un->sun_path);
      std::memcpy(un->sun_path, address.host.data(), address.host.size());
      endpoint.size =
          static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.host.size() + 1);
      break;
    }
  }
  return endpoint;
}

Address to_address(const Endpoint& endpoint) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  switch (endpoint.storage.ss_family) {
    case AF_INET: {
      const auto* in = reinterpret_cast<const sockaddr_in*>(&endpoint.storage);
      return {Address::Kind::ip4, dotted(in->sin_addr), ntohs(in->sin_port)};
    }
    case AF_INET6: {
      const auto* in = reinterpret_cast<const sockaddr_in6*>(&endpoint.storage);
      ::inet_ntop(AF_INET6, &in->sin6_addr, text.data(), text.size());
      return {Address::Kind::ip6, text.data(), ntohs(in->sin6_port)};
    }
    default: {
      const auto* un = reinterpret_cast<const sockaddr_un*>(&endpoint.storage);
      return {Address::Kind::unix_socket, un->sun_path, 0};
    }
  }
}

Result<Socket> listen_on(const Address& address, Port port, unsigned unix_mode) {
  if (address.kind == Address::Kind::unix_socket) return listen_on_unix(address, unix_mode);
  return listen_on_port(address, port);
}

void share_port(const Socket& listening) {
  set_option(listening.fd(), SOL_SOCKET, SO_REUSEPORT);
}

Result<Socket> listen_beside(const Socket& first) {
  const Address address = local_address(first);
  if (address.kind == Address::Kind::unix_socket) return duplicate(first);
  return listen_on_port(address, Port::shared);
}

Address local_address(const Socket& socket) {
  Endpoint endpoint;
  endpoint.size = sizeof endpoint.storage;
  ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&endpoint.storage), &endpoint.size);
  return to_address(endpoint);
}

Result<Socket> duplicate(const Socket& socket) {
  Socket copy(::fcntl(socket.fd(), F_DUPFD_CLOEXEC, 0));
  if (!copy) return system_error("cannot duplicate a socket");
  return copy;
}

Result<Socket> start_connect(const Endpoint& endpoint) {
  Socket socket(
      ::socket(endpoint.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return Error{Source::internal, std::strerror(errno), true};
  if (endpoint.storage.ss_family != AF_UNIX) set_no_delay(socket);
  // A Unix socket with a full backlog answers EAGAIN: as good as refused.
  if (::connect(socket.fd(), endpoint.address(), endpoint.size) != 0 && errno != EINPROGRESS)
    return Error{Source::upstream, std::strerror(errno), true};
  return socket;
}

int connect_error(const Socket& socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

ssize_t peek(const Socket& socket, std::span<char> into) {
  ssize_t n = 0;
  do n = ::recv(socket.fd(), into.data(), into.size(), MSG_PEEK);
  while (n < 0 && errno == EINTR);
  return n;
}

void skip(const Socket& socket, std::span<char> scratch) {
  while (!scratch.empty()) {
    const ssize_t n = ::recv(socket.fd(), scratch.data(), scratch.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    scratch = scratch.subspan(static_cast<std::size_t>(n));
  }
}

void set_no_delay(const Socket& socket) {
  set_option(socket.fd(), IPPROTO_TCP, TCP_NODELAY);
}

void reset_on_close(const Socket& socket) {
  const linger hard{1, 0};
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

}  // namespace teal::net
