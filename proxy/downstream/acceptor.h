// Acceptor: one listening socket of one worker. Accepts until the kernel has no more, refuses what
// is over the listener's limits, and rests for a moment when the process runs out of descriptors.
//
// Owned by the reactor's registration and its worker; used by the worker's thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/service_state.h"
#include "net/io/reactor.h"
#include "net/io/socket.h"
#include "net/io/timer_wheel.h"
#include "proxy/policy/client_connections.h"

namespace teal::proxy {

class ConnectionRegistry;
class WorkerLoop;
struct ListenerShard;

class Acceptor final : public net::EventHandler {
 public:
  /// `set`: the number of the sockets of all workers that it is one of.
  Acceptor(ConnectionRegistry& registry, net::Socket socket, ListenerId listener, bool shared,
           std::uint32_t set);

  std::uint32_t set() const { return set_; }
  /// What it accepts from now on is under the rules of this one.
  void take_over(ListenerId listener) { listener_ = listener; }

  Result<void> open();
  /// Takes what is already waiting, then no more.
  void close();
  /// While it does not, connections wait in the backlog.
  void set_accepting(bool accepts);
  void on_ready(net::Readiness ready) override;

 private:
  ListenerShard& stats() const;
  void accept_all();
  void rest();
  void on_accepted(net::Socket socket, const net::Endpoint& peer);
  bool find_permit(const net::Socket& socket, const std::string& address, ConnectionPermit& permit);

  ConnectionRegistry& registry_;
  WorkerLoop& loop_;
  net::Socket socket_;
  ListenerId listener_;
  const bool shared_;
  const std::uint32_t set_;
  bool is_watched_ = false;
  net::Timer rest_;
};

}  // namespace teal::proxy
