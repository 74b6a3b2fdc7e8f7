// The handshake of WebSocket as far as a proxy has to make one (RFC 6455, section 4): where one
// side speaks HTTP/2, which has no key and no answer to it (RFC 8441, section 5), the other side's
// are Teal's. Pure; randomness is given.
#pragma once

#include <string>
#include <string_view>

#include "base/rng.h"

namespace teal::net {

inline constexpr std::string_view kWebsocket = "websocket";
inline constexpr std::string_view kWebsocketKey = "sec-websocket-key";
inline constexpr std::string_view kWebsocketAccept = "sec-websocket-accept";
inline constexpr std::string_view kWebsocketVersion = "sec-websocket-version";

/// A new Sec-WebSocket-Key. It is no secret: it proves that the answer is one to this request.
std::string make_websocket_key(Rng& rng);
/// The Sec-WebSocket-Accept that answers `key`.
std::string websocket_accept(std::string_view key);

}  // namespace teal::net
