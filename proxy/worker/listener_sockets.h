// ListenerSockets: the sockets of all listeners, one for each worker, made before anybody is
// served. A port is taken exclusively first (net/io/socket.h: Port), so that a second Teal, or
// anybody else, is refused instead of getting half of the clients; then the workers share it among
// themselves.
//
// Control thread. Where sockets are handed to a process, they take the place of open_first().
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "config/config.h"
#include "net/io/socket.h"
#include "net/io/socket_file.h"
#include "proxy/worker/worker.h"

namespace teal::proxy {

class ListenerSockets {
 public:
  /// An Error names the listener.
  static Result<ListenerSockets> open(const config::Config& config, std::uint32_t workers);

  /// The addresses listened on, in the order of the configuration (ports the system chose
  /// included).
  const std::vector<Address>& addresses() const { return addresses_; }
  bool empty() const { return by_worker_.empty(); }
  std::vector<Worker::ListenerSocket> take(std::size_t worker) {
    return std::move(by_worker_[worker]);
  }
  /// Closes those that nobody took, and removes the files of Unix sockets. Requires: the workers
  /// have ended.
  void close() {
    by_worker_.clear();
    files_.clear();
  }

 private:
  Result<net::Socket> open_first(const config::Config& config, std::size_t listener);

  std::vector<net::SocketFile> files_;  ///< They go when their sockets are closed.
  std::vector<std::vector<Worker::ListenerSocket>> by_worker_;
  std::vector<Address> addresses_;
};

}  // namespace teal::proxy
