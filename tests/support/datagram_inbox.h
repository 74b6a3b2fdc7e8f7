// DatagramInbox: a Unix datagram socket that a test reads with a deadline, as systemd reads the one
// that NOTIFY_SOCKET names.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace teal {

class DatagramInbox {
 public:
  /// `name`: a path, or "@name" for an abstract socket (unix(7)).
  explicit DatagramInbox(const std::string& name)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.starts_with('@')) address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    if (socket_ < 0 || ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), length) != 0)
      throw std::runtime_error("cannot bind " + name);
  }
  ~DatagramInbox() { ::close(socket_); }
  DatagramInbox(const DatagramInbox&) = delete;
  DatagramInbox& operator=(const DatagramInbox&) = delete;

  /// The next one; nothing if none comes in time.
  std::optional<std::string> read(int at_most_ms) {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, at_most_ms) != 1) return std::nullopt;
    std::array<char, 4096> bytes{};
    const ssize_t size = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (size < 0) return std::nullopt;
    return std::string(bytes.data(), static_cast<std::size_t>(size));
  }

 private:
  int socket_;
};

}  // namespace teal
