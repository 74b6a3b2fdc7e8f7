// Who counts as one client where clients are counted: an IPv4 address, or the /64 of an IPv6
// address, of which anybody has whole ones.
//
// Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "net/http/message.h"

namespace teal::proxy {

using ClientKey = std::uint64_t;

/// Two addresses have the same key if they are one client. What is no IP address (the peer on a
/// Unix socket) is all one client.
ClientKey client_key(std::string_view address);

/// A key by which somebody who has many networks is one client still: of an IPv6 address it is that
/// of the /56, which a household or a small site gets (RFC 6177); else it is client_key().
ClientKey site_key(std::string_view address);

/// The address of the client for whom a trusted peer asks: the last one in X-Forwarded-For that is
/// not itself trusted. Empty where there is none.
std::string_view forwarded_client(const net::Fields& fields, const std::vector<Cidr>& trusted);

}  // namespace teal::proxy
