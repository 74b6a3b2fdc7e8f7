// What the file says about a listener: whose connections it takes, which versions of HTTP and TLS
// they speak, and how long and how large their requests may be. Plain structs, as in
// config/config.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "config/access.h"
#include "config/error_page.h"
#include "config/route.h"
#include "config/tls.h"

namespace teal::config {

using std::chrono::seconds;

struct ListenerTimeouts {
  Millis proxy_header = seconds{5};     ///< From the accept to the whole PROXY header: close.
  Millis tls_handshake = seconds{10};   ///< From the accept to the end of the handshake: close.
  Millis request_header = seconds{10};  ///< First byte of a request to its whole head: 408.
  Millis keep_alive = seconds{75};      ///< Idle between requests: close.
  Millis half_closed = seconds{10};     ///< A request goes on after its client's end: given up.
  bool operator==(const ListenerTimeouts&) const = default;
};

struct ListenerLimits {
  std::uint32_t connections = 10'000;           ///< Over all workers; more are closed at once.
  std::uint32_t connections_per_client = 0;     ///< Of one address, over all workers; 0: none.
  std::uint32_t requests_per_connection = 0;    ///< 0: no limit.
  std::uint32_t request_line_bytes = 8 * 1024;  ///< 414.
  std::uint32_t header_bytes = 32 * 1024;       ///< The whole head: 431.
  std::uint32_t header_count = 100;             ///< 431.
  bool operator==(const ListenerLimits&) const = default;
};

/// HTTP/2: by ALPN over TLS, by its preface (prior knowledge) without.
struct ListenerHttp2 {
  bool enabled = true;
  std::uint32_t concurrent_streams = 128;  ///< Per connection; more are refused.
  /// Streams that a client resets or makes us reset, per connection: so many at once, so many a
  /// second; more end the connection.
  std::uint32_t reset_burst = 500;
  std::uint32_t resets_per_second = 50;
  bool operator==(const ListenerHttp2&) const = default;
};

/// Which group the requests of a listener reach: as the split says, or always one role.
enum class GroupChoice : std::uint8_t { split, live, idle };

/// A plain listener that only sends clients to HTTPS.
struct HttpsRedirect {
  std::uint16_t status = 308;  ///< Or 301, which lets old clients turn a POST into a GET.
  std::uint16_t port = 443;
  bool operator==(const HttpsRedirect&) const = default;
};

/// What the end of a client's sending means over HTTP/1 while its request runs: that the client is
/// gone, or that it waits for its response all the same.
enum class HalfClosedClients : std::uint8_t { abort, serve };

/// Connections that begin with a header of the PROXY protocol.
struct ListenerProxyProtocol {
  /// Whose do, always; those of others never. Empty on a Unix socket: everybody's.
  std::vector<Cidr> from;
  bool operator==(const ListenerProxyProtocol&) const = default;
};

/// What becomes of header fields with an underscore in their name, which many servers take for a
/// hyphen. Those that read like a name of Teal's own are dropped in any case.
enum class Underscores : std::uint8_t { drop, pass, refuse };

struct Listener {
  std::string name;
  Address address;
  GroupChoice group = GroupChoice::split;
  /// Peers whose X-Forwarded-* and Forwarded are believed and continued. Others' are replaced.
  std::vector<Cidr> trusted_proxies;
  AddressRules addresses;            ///< Connections of others are closed at once.
  std::uint32_t socket_mode = 0600;  ///< Of a Unix socket's file.
  std::optional<ListenerProxyProtocol> proxy_protocol;
  std::optional<ListenerTls> tls;
  std::optional<HttpsRedirect> redirect_https;
  std::string hsts;  ///< Strict-Transport-Security as it is sent; empty: not sent. With tls only.
  HalfClosedClients half_closed_clients = HalfClosedClients::abort;
  ListenerHttp2 http2;
  PathRules paths;
  Underscores underscores = Underscores::pass;
  std::vector<ErrorPage> error_pages;  ///< The first that fits.
  ListenerTimeouts timeouts;
  ListenerLimits limits;
  bool operator==(const Listener&) const = default;
};

}  // namespace teal::config
