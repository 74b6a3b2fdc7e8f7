#include "net/io/asio_endpoint.h"

#include <string>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

namespace teal::net {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxUnixPathLength = 107;

/// Spelt out, because a generic endpoint could be made of an Error as well.
Result<AsioEndpoint> bad_address(std::string why) {
  return {boost::system::in_place_error, Source::config, std::move(why)};
}

}  // namespace

Result<AsioEndpoint> to_asio_endpoint(const Address& address) {
  if (address.kind == Address::Kind::unix_socket) {
    if (address.host.empty() || address.host.size() > kMaxUnixPathLength)
      return bad_address("the path of a Unix socket has 1 to 107 characters");
    return AsioEndpoint(asio::local::stream_protocol::endpoint(address.host));
  }
  boost::system::error_code failed;
  const auto ip = asio::ip::make_address(address.host, failed);
  if (failed) return bad_address("'" + address.host + "' is not an IP address");
  return AsioEndpoint(asio::ip::tcp::endpoint(ip, address.port));
}

}  // namespace teal::net
