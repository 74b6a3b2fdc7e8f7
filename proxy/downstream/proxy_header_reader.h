// ProxyHeaderReader: a client's connection before its header of the PROXY protocol has come. Then
// the connection goes on as any other, under the client's address that the header says.
//
// The header is looked at in the socket and read only when it is whole, so that nobody behind has
// to be given what came with it. Owned by the reactor's registration; used by its worker's thread.
#pragma once

#include "proxy/downstream/downstream.h"

namespace teal::proxy {

class ProxyHeaderReader final : public Downstream {
 public:
  static boost::intrusive_ptr<ProxyHeaderReader> make(ConnectionRegistry& registry,
                                                      AcceptedConnection accepted);
  /// Connections from there begin with a header.
  static bool is_expected(const config::Listener& spec, const std::string& peer_address);

  void drain() override { close(); }
  void abort() override { close(); }
  void on_ready(net::Readiness ready) override;
  void resume() override {}

 private:
  ProxyHeaderReader(ConnectionRegistry& registry, AcceptedConnection accepted);
  void on_timeout();
};

}  // namespace teal::proxy
