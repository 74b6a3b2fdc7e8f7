// The authority of a request, host[:port], as RFC 3986, section 3.2 writes it but without user
// information: a stranger's part of it must never be mistaken for the host.
//
// Pure. Does not resolve, fold case or split (proxy/route_table.h normalises hosts).
#pragma once

#include <string_view>

namespace teal::net {

/// A registered name or IPv4 address, or an IPv6 address in brackets, each with an optional port.
/// The host must not be empty; IPvFuture and zone identifiers are not accepted.
bool is_authority(std::string_view text);

}  // namespace teal::net
