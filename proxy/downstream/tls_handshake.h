// TlsHandshake: a client's connection in the handshake of TLS. When that is done, what was agreed
// on (ALPN) goes on with the connection.
//
// Owned by the reactor's registration; used by its worker's thread.
#pragma once

#include "proxy/downstream/downstream.h"

namespace teal::proxy {

class TlsHandshake final : public Downstream {
 public:
  static boost::intrusive_ptr<TlsHandshake> make(ConnectionRegistry& registry,
                                                 AcceptedConnection accepted);
  /// Goes on with a connection whose client has been told of.
  static void take_over(Downstream& from);

  void drain() override { close(); }
  void abort() override { close(); }
  void on_ready(net::Readiness ready) override;
  void resume() override {}

 private:
  TlsHandshake(ConnectionRegistry& registry, AcceptedConnection accepted);
  explicit TlsHandshake(Downstream& from);
  void begin();
  static void on_timer(void* self) { static_cast<TlsHandshake*>(self)->on_timeout(); }
  void on_timeout();
};

}  // namespace teal::proxy
