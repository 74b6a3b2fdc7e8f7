// AcceptedConnection: a client's connection that nobody serves yet, on its way from a listening
// socket to a worker.
#pragma once

#include <cstdint>
#include <string>

#include "base/service_state.h"
#include "net/io/socket.h"
#include "proxy/policy/client_connections.h"

namespace teal::proxy {

struct AcceptedConnection {
  net::Socket socket;
  ListenerId listener = 0;
  std::string peer_address;  ///< Empty for a Unix socket.
  std::uint16_t peer_port = 0;
  ConnectionPermit permit = {};  ///< Where the listener limits connections per client.
};

}  // namespace teal::proxy
