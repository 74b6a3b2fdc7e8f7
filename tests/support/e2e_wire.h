// Wire: one end of a connection, blocking with deadlines. It sends exactly the bytes it is told to
// and tells how the other side ended, which is what tests of a proxy are about.
//
// One thread at a time, except cut(), which any thread may call to wake the one that waits.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/address.h"
#include "tests/support/e2e_deadline.h"

namespace teal::e2e {

/// How a read ended.
enum class Arrival { bytes, closed, reset, timeout };
std::string_view to_string(Arrival arrival);

class Wire {
 public:
  Wire() = default;
  explicit Wire(int fd) : fd_(fd) {}
  ~Wire() { close(); }
  Wire(Wire&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}
  Wire& operator=(Wire&& from) noexcept;

  /// Throws std::runtime_error if nobody answers. `receive_buffer`: SO_RCVBUF, 0 for the system's.
  static Wire connect(const Address& address, int receive_buffer = 0);

  /// False: the peer is gone, or took nothing until the deadline.
  bool send(std::string_view bytes, Deadline deadline = Deadline{});
  /// Appends what comes next to `into`, at most `most` bytes.
  Arrival read(std::string& into, Deadline deadline = Deadline{}, std::size_t most = 64 * 1024);
  /// Everything until the peer ends; the result says how it did.
  Arrival read_to_end(std::string& into, Deadline deadline = Deadline{});

  /// Each send() in a packet of its own.
  void send_at_once();
  void finish_sending();
  /// Ends with a reset (TCP only). The descriptor stays, so that another thread may cut().
  void reset();
  /// Ends both directions; whoever waits in read() is told `closed`.
  void cut();
  void close();
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// A listening socket on a loopback port of the system's choice, an IPv6 one, or a Unix socket.
class Door {
 public:
  explicit Door(const Address& address = {Address::Kind::ip4, "127.0.0.1", 0}, int backlog = 1024);
  ~Door() { close(); }
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  const Address& address() const { return address_; }
  /// An invalid Wire if nobody comes until the deadline, or the door was closed.
  Wire accept(Deadline deadline);
  void close();

 private:
  int fd_ = -1;
  Address address_;
};

/// An address at which connecting is refused for as long as this lives: bound, not listening.
class RefusedAddress {
 public:
  RefusedAddress();
  ~RefusedAddress();
  RefusedAddress(const RefusedAddress&) = delete;
  RefusedAddress& operator=(const RefusedAddress&) = delete;
  const Address& address() const { return address_; }

 private:
  int fd_ = -1;
  Address address_;
};

/// An address at which connecting neither succeeds nor fails: its queue of new connections is full.
class SilentAddress {
 public:
  SilentAddress();
  const Address& address() const { return door_.address(); }

 private:
  Door door_;
  Wire first_, second_;
};

}  // namespace teal::e2e
