// ListenerSockets: the sockets of all listeners, one for each worker, made before anybody is
// served, and those that come and go when the configuration changes. A port is taken exclusively
// first (net/io/socket.h: Port), so that a second Teal, or anybody else, is refused instead of
// getting half of the clients; then the workers share it among themselves.
//
// Control thread, but for open(): that may run anywhere. Where sockets are handed to a process,
// they take the place of those that open() makes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "config/config.h"
#include "net/io/socket.h"
#include "net/io/socket_file.h"
#include "proxy/worker/listener_plan.h"

namespace teal::proxy {

/// The sockets of one listener, on their way to the workers.
struct NewListener {
  SocketSetId id = 0;  ///< Once ListenerSockets has it.
  std::string listener;
  Address asked;
  Address bound;
  std::uint32_t mode = 0;
  net::SocketFile file;  ///< Goes when its sockets are closed.
  std::vector<net::Socket> by_worker;
};

class ListenerSockets {
 public:
  /// Sockets for what `plan` misses, beside those that are `open`. An Error names the listener, and
  /// nothing is open then.
  static Result<std::vector<NewListener>> open(const ListenerPlan& plan,
                                               const std::vector<OpenListener>& open,
                                               std::uint32_t workers);

  const std::vector<OpenListener>& listeners() const { return listeners_; }
  /// What the listener is bound to; null: there is no such listener.
  const Address* address_of(const std::string& listener) const;

  /// Gives the set its number. The sockets are left to whoever hands them to the workers.
  void add(NewListener& listener);
  void take_over(const ListenerPlan::Taken& taken);
  /// Of a Unix socket whose file is to have another mode. An Error: it keeps the one it has.
  Result<void> set_mode(const std::string& listener, std::uint32_t mode);
  /// The workers have closed it.
  void remove(SocketSetId id);
  /// Removes the files of Unix sockets. Requires: the workers have ended.
  void close() {
    files_.clear();
    listeners_.clear();
  }

 private:
  struct File {
    SocketSetId id;
    net::SocketFile file;
  };

  std::vector<OpenListener> listeners_;
  std::vector<File> files_;
  SocketSetId next_ = 0;
};

}  // namespace teal::proxy
