// Who else listens on a port of this machine. Sockets that share a port (SO_REUSEPORT) get
// connections meant for each other, and bind() does not object to strangers of the same user.
//
// Reads /proc, which may take milliseconds: cold paths only, any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"

namespace teal::net {

/// Where sockets of other processes listen on this TCP port, each address once. Nothing where the
/// system does not say.
std::vector<Address> foreign_listeners(std::uint16_t port);

}  // namespace teal::net
