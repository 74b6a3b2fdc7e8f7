// Upgrade: which requests may change the protocol of their connection and which answers do (RFC
// 9110, section 7.8; RFC 6455; RFC 8441). What is not allowed is not an error in HTTP/1: the field
// goes no further, and the request is an ordinary one.
//
// Pure. What follows a change is a Tunnel's (exchange/tunnel.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http/message.h"
#include "proxy/headers/rewrite.h"

namespace teal::proxy {

/// The first protocol of an HTTP/1.1 request's Upgrade that is in `allowed` (lower case), as it is
/// written there. Empty: there is none, or Connection does not say that it is meant.
std::string_view wanted_upgrade(const net::RequestHead& head,
                                const std::vector<std::string>& allowed);

/// The protocol is one of `allowed`, whatever its case.
bool is_allowed(std::string_view protocol, const std::vector<std::string>& allowed);

/// A 101 says that the connection speaks this protocol now, and no other.
bool switches_to(const net::ResponseHead& head, std::string_view protocol);

/// A 101 answers the key of a WebSocket handshake.
bool answers_key(const net::ResponseHead& head, std::string_view key);

/// The change of protocol that a target is asked for.
struct UpgradeRequest {
  std::string protocol;  ///< Empty: none.
  /// Of a WebSocket handshake of Teal's own, where the client has none (RFC 8441); or empty.
  std::string websocket_key;

  bool is_asked() const { return !protocol.empty(); }
  void clear() {
    protocol.clear();
    websocket_key.clear();
  }
  UpgradeStyle style() const { return {protocol, websocket_key}; }
  /// A 101 agrees to it, and to nothing else.
  bool is_answered_by(const net::ResponseHead& head) const {
    return switches_to(head, protocol) &&
           (websocket_key.empty() || answers_key(head, websocket_key));
  }
};

}  // namespace teal::proxy
