// Downstream: one client connection, whatever it speaks: its socket, who the client is, its
// deadline and its end (RFC 9112, section 9.6: a client that still sends gets to read what it was
// answered). What it speaks is said by the classes that are made of it: a handshake of TLS
// (downstream/tls_handshake.h), HTTP/1 (downstream/http1.h). One can go on as another, with the
// same socket.
//
// Owned by the reactor's registration; used by its worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/io/proxy_protocol.h"
#include "net/io/timer_wheel.h"
#include "proxy/downstream/accepted.h"
#include "proxy/exchange/client_side.h"
#include "proxy/loop/channel.h"
#include "proxy/policy/linger.h"
#include "proxy/telemetry/access_log.h"
#include "proxy/telemetry/service_stats.h"

namespace teal::proxy {

class CensusTaker;
class ConnectionRegistry;

class Downstream : public Channel {
 public:
  /// What is answered without asking any target.
  struct LocalReply {
    std::uint16_t status = 0;
    std::string_view text;
    Termination termination = Termination::ok;
    std::string location;
  };

  /// A connection has been accepted.
  static void open(ConnectionRegistry& registry, AcceptedConnection accepted);
  ~Downstream() override;

  ListenerId listener() const { return listener_; }

  /// Ends after the running requests, at once if there are none.
  virtual void drain() = 0;
  /// Its listener is gone: ends after one request more, so that none is lost that is on its way.
  virtual void finish_soon() {}
  /// Ends now.
  virtual void abort() = 0;
  /// Teal is overloaded, or more than it was.
  virtual void shorten_idle();
  /// Shows its requests in flight.
  virtual void add_to_census(CensusTaker& /*census*/) const {}

 protected:
  /// Reading a head (or waiting for one); a request runs; our last bytes go out; waiting for the
  /// client to have read them.
  enum class Phase : std::uint8_t { head, exchange, closing, lingering, closed };
  enum class Ending : std::uint8_t { none, orderly, linger, brief_linger, reset };

  Downstream(ConnectionRegistry& registry, AcceptedConnection accepted, net::Timer::Fire fire);
  /// Goes on with the connection of `from`, which is over. Call start() then.
  Downstream(Downstream& from, net::Timer::Fire fire);
  /// Begins to be told of the socket; false: closed.
  bool start();
  /// Goes on with the connection of `from`, whose PROXY header has come, as what its listener
  /// speaks.
  static void go_on_greeted(Downstream& from);
  /// The client is another one than the socket's peer.
  /// False: that one has as many connections as it may.
  bool take_ends(net::ProxyAddresses ends);
  /// The client's address and the one that it connected to, where both are known.
  std::optional<net::ProxyAddresses> ends() const;

  /// The worker's numbers of the listener.
  ListenerShard& stats() const;
  const config::Listener& spec() const;
  /// How many requests there may be; 0: as many as come.
  std::uint32_t requests_limit() const;
  /// Who asks, for requests to come.
  Peer peer() const;
  bool has_local_replies() const;
  std::optional<LocalReply> local_reply(const net::RequestHead& head);
  /// The body of an answer: that of the listener's page for it, which the style then says, or its
  /// text. `content`: of the style.
  std::string_view error_page(const LocalReply& answer, LocalReplyContent& content,
                              ResponseStyle& style) const;
  struct Sent {
    std::uint16_t status;
    std::size_t body_bytes;
  };
  /// The line of a request that no exchange had; `head` may be null.
  void log_own(Sent sent, Termination termination, std::string_view detail,
               const net::RequestHead* head);
  void count_input_failure();

  /// Ends when the present output has left.
  void end_connection(Ending ending);
  void try_to_end();
  void linger();
  void close();

  ConnectionRegistry& registry_;
  const ListenerId listener_;
  const config::ListenerTimeouts timeouts_;
  std::string peer_address_;
  std::uint16_t peer_port_ = 0;
  bool is_trusted_ = false;
  ConnectionPermit permit_;               ///< Among the listener's clients, where they are counted.
  std::unique_ptr<Address> destination_;  ///< As a PROXY header says; null: the socket's.
  Phase phase_ = Phase::head;
  Ending ending_ = Ending::none;
  Linger lingering_;
  std::string stash_;  ///< Input that cannot be used yet.
  net::Timer timer_;

 private:
  bool is_trusted() const;
  const Linger::Bounds& linger_bounds() const;
};

}  // namespace teal::proxy
