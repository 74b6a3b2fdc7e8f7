// An Address in the form that Asio's sockets take, for the rooms that speak by Asio: probes, the
// control API and its client. The data path has net/io/socket.h.
//
// Pure, any thread.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>

#include "base/address.h"
#include "base/result.h"

namespace teal::net {

/// Of TCP or a Unix socket, whichever the address is of.
using AsioEndpoint = boost::asio::generic::stream_protocol::endpoint;

/// An Error where parse_address() would not have made such an address: a host that is no IP
/// address, a path that is empty or longer than the 107 characters that a Unix socket takes.
Result<AsioEndpoint> to_asio_endpoint(const Address& address);

}  // namespace teal::net
