// TlsGreeting: a client's connection in the handshake of TLS. When that is done, what was agreed on
// (ALPN) goes on with the connection.
//
// Owned by the reactor's registration; used by its worker's thread.
#pragma once

#include "proxy/downstream.h"

namespace teal::proxy {

class TlsGreeting final : public Downstream {
 public:
  static boost::intrusive_ptr<TlsGreeting> make(Worker& worker, net::Socket socket,
                                                std::size_t listener,
                                                const std::string& peer_address);

  void drain() override { close(); }
  void cut() override { close(); }
  void on_ready(net::Readiness ready) override;
  void resume() override {}

 private:
  TlsGreeting(Worker& worker, net::Socket socket, std::size_t listener,
              const std::string& peer_address);
  void on_timeout();
};

}  // namespace teal::proxy
