// Own sockets: where this very process listens, as far as a target could be that. A target that is
// one of its listeners gets each request again and again, one that is the admin address gives the
// control API to clients.
//
// Pure. The text of a configuration is all that `teal check` has; a running Teal knows what its
// sockets are bound to and which addresses this machine has (app/system/own_sockets.h). Does not
// see what leads back by way of others: loops are noticed by Via (proxy/headers/via.h).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "base/address.h"

namespace teal {

struct OwnSocket {
  std::string name;  ///< "listener 'public'", "the admin address".
  Address address;
  bool is_admin = false;
};

/// Addresses of this machine's interfaces; those of loopback go without saying.
using LocalAddresses = std::span<const std::array<std::uint8_t, 16>>;

/// A connection to `target` gets to whoever listens there. Port 0 is nowhere yet. A listener on
/// [::] takes IPv6 only, the admin address there IPv4 too.
bool reaches(const Address& target, const OwnSocket& socket, LocalAddresses local);

/// The one that a target would be, the admin address before others; null: none.
const OwnSocket* find_own(std::span<const OwnSocket> sockets, const Address& target,
                          LocalAddresses local);

/// "127.0.0.1:8080 is listener 'public' of this Teal", and why it matters.
std::string why_not_own(const Address& target, const OwnSocket& socket);
/// What to do about it.
std::string remedy_for_own(const OwnSocket& socket);

}  // namespace teal
