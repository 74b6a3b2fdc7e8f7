// What a request to an Address says as its Host, for those who send requests of their own: probes
// and the client of the control API.
//
// Pure, any thread.
#pragma once

#include <string>

#include "base/address.h"

namespace teal::net {

/// A Unix socket has no name: localhost.
inline std::string host_field_of(const Address& address) {
  return address.kind == Address::Kind::unix_socket ? "localhost" : to_string(address);
}

}  // namespace teal::net
