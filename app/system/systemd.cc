#include "app/system/systemd.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/parse_number.h"

namespace teal::app {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// Nothing where the watchdog is another process's (sd_watchdog_enabled(3)).
std::optional<Millis> watchdog_of(const SystemdEnvironment& environment) {
  const std::optional<std::uint64_t> micros = parse_whole<std::uint64_t>(environment.watchdog_usec);
  if (!micros || *micros == 0) return std::nullopt;
  if (!environment.watchdog_pid.empty() && parse_whole<std::uint64_t>(environment.watchdog_pid) !=
                                               static_cast<std::uint64_t>(::getpid()))
    return std::nullopt;
  return std::chrono::duration_cast<Millis>(Micros{*micros});
}

/// A status is one line: another would be a message of its own.
std::string one_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

SystemdEnvironment SystemdEnvironment::read() {
  return {variable("NOTIFY_SOCKET"), variable("WATCHDOG_USEC"), variable("WATCHDOG_PID")};
}

Systemd::Systemd(const SystemdEnvironment& environment) : path_(environment.notify_socket) {
  const bool is_local = path_.starts_with('/') || path_.starts_with('@');
  if (path_.size() < 2 || path_.size() >= sizeof sockaddr_un{}.sun_path || !is_local) return;
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ >= 0) watchdog_ = watchdog_of(environment);
}

Systemd::~Systemd() {
  if (socket_ >= 0) ::close(socket_);
}

Systemd::Systemd(Systemd&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      path_(std::move(other.path_)),
      watchdog_(std::exchange(other.watchdog_, std::nullopt)) {}

void Systemd::ready(std::string_view status) const {
  send("READY=1\nSTATUS=" + one_line(status));
}

void Systemd::stopping(std::string_view status) const {
  send("STOPPING=1\nSTATUS=" + one_line(status));
}

void Systemd::alive() const {
  send("WATCHDOG=1");
}

void Systemd::send(const std::string& message) const {
  if (socket_ < 0) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  // An abstract name begins with a zero byte and ends with its length (unix(7)).
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const std::size_t length = offsetof(sockaddr_un, sun_path) + path_.size();
  ::sendto(socket_, message.data(), message.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length));
}

}  // namespace teal::app
