// Systemd: tells systemd how this process is (sd_notify(3), whose protocol is stable and one
// datagram a message): ready, a line for `systemctl status`, stopping, and signs of life for its
// watchdog. Where no manager asked for it, everything here does nothing.
//
// Control thread. Does not read the environment, and decides nothing: when the process is well is
// app/system/watchdog.h. A message that the manager has no room for is dropped: the next sign of
// life comes soon, and whoever waits for READY asks systemd.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace teal::app {

/// What systemd tells a service by its environment.
struct SystemdEnvironment {
  std::string notify_socket;  ///< NOTIFY_SOCKET: "/path" or "@abstract"; empty: nobody listens.
  std::string watchdog_usec;  ///< WATCHDOG_USEC; empty: no watchdog.
  std::string watchdog_pid;   ///< WATCHDOG_PID; empty: whoever reads it.

  /// Of this process. Call it before there are threads.
  static SystemdEnvironment read();
};

class Systemd {
 public:
  /// Talks to nobody.
  Systemd() = default;
  explicit Systemd(const SystemdEnvironment& environment);
  ~Systemd();
  Systemd(const Systemd&) = delete;
  Systemd& operator=(const Systemd&) = delete;
  Systemd(Systemd&& other) noexcept;
  Systemd& operator=(Systemd&& other) = delete;

  /// How long the manager waits for a sign of life before it ends the process.
  const std::optional<Millis>& watchdog() const { return watchdog_; }

  void ready(std::string_view status) const;
  void stopping(std::string_view status) const;
  void alive() const;

 private:
  void send(const std::string& message) const;

  int socket_ = -1;
  std::string path_;
  std::optional<Millis> watchdog_;
};

}  // namespace teal::app
