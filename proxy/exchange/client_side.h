// ClientSide: what an exchange may ask of the connection (or, with HTTP/2, the stream) that its
// request came by. The exchange knows no protocol and no transport; this is the seam.
//
// Worker thread. Calls never fail: a client that is gone is told by Exchange::on_client_gone().
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "net/http/message.h"
#include "net/io/proxy_protocol.h"
#include "proxy/headers/rewrite.h"

namespace teal::proxy {

class Channel;

class ClientSide {
 public:
  virtual ~ClientSide() = default;

  /// "100 Continue", to a client that waits for it with its body.
  virtual void send_continue() = 0;
  virtual void send_interim(const net::ResponseHead& head) = 0;
  virtual void send_head(const net::ResponseHead& head, const ResponseStyle& style) = 0;
  /// The target has changed the protocol: send_body() and the request's body are that one's bytes
  /// from now on, and an end on either side is that of one direction.
  virtual void send_switched(net::ResponseHead& head, const ResponseStyle& style) = 0;
  /// A whole response of Teal's own; how long its body is.
  virtual std::size_t send_local_reply(std::uint16_t status, std::string_view text,
                                       const ResponseStyle& style, bool head_request) = 0;
  /// The bytes need to live to the end of the callback only.
  virtual void send_body(std::string_view bytes) = 0;
  /// Where a body may go without being shown, since it leaves as it comes: Channel::splice_from().
  /// Null: it is framed, or encrypted.
  virtual Channel* bare_output() { return nullptr; }
  virtual void send_end(const net::Fields& trailers) = 0;
  /// The response cannot be completed: end it so that the client notices.
  virtual void send_truncated() = 0;
  /// More output waits than the client takes.
  virtual bool is_output_blocked() const = 0;
  /// Exchange::wants_body() has become true.
  virtual void resume_request() = 0;
  /// The client's address and the one that it connected to, where both are known.
  virtual std::optional<net::ProxyAddresses> client_ends() const = 0;
  /// The exchange is over; the last call. The exchange may be reused when it returns.
  virtual void on_exchange_done() = 0;
};

}  // namespace teal::proxy
