// Peer: a client of the control API as a plain blocking socket, with a deadline for every read.
//
// One thread.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "base/address.h"

namespace teal::control::testing {

inline constexpr std::chrono::seconds kDeadline{20};

class Peer {
 public:
  /// `receive_buffer`: SO_RCVBUF, 0 for the system's.
  explicit Peer(const Address& address, int receive_buffer = 0) {
    if (address.kind == Address::Kind::unix_socket) {
      fd_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
      sockaddr_un to{};
      to.sun_family = AF_UNIX;
      address.host.copy(to.sun_path, sizeof to.sun_path - 1);
      connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    } else {
      fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
      if (receive_buffer != 0)
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(address.port);
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    }
    const timeval limit{kDeadline.count(), 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Peer() { ::close(fd_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool is_connected() const { return connected_; }
  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Until `mark` has been seen, or the end.
  std::string read_until(std::string_view mark) {
    while (seen_.find(mark) == std::string::npos) {
      std::array<char, 4096> some{};
      const ssize_t size = ::recv(fd_, some.data(), some.size(), 0);
      if (size <= 0) break;
      seen_.append(some.data(), static_cast<std::size_t>(size));
    }
    return seen_;
  }
  std::string read_to_end() { return read_until(std::string(1, '\0') + "never"); }
  /// One byte after the other until the other side ends; false if it does not until the deadline.
  bool trickle(std::string_view text) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    for (std::size_t i = 0; std::chrono::steady_clock::now() < deadline; ++i) {
      send(text.substr(i % text.size(), 1));
      pollfd look{fd_, POLLIN, 0};
      if (::poll(&look, 1, 2) == 1) return true;
    }
    return false;
  }
  void forget() { seen_.clear(); }
  void shut_down() { ::shutdown(fd_, SHUT_WR); }

 private:
  int fd_ = -1;
  bool connected_ = false;
  std::string seen_;
};

inline std::string get(const std::string& target, const std::string& more = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

}  // namespace teal::control::testing
