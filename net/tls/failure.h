// TlsFailure: why a handshake or a TLS connection failed, in the few words that a counter needs.
#pragma once

#include <cstdint>
#include <string_view>

namespace teal::net {

/// Why a handshake or a connection failed.
enum class TlsFailure : std::uint8_t {
  none,
  closed,               ///< The peer left in mid-handshake, or without a close_notify.
  not_tls,              ///< Plain HTTP, or something else.
  version,              ///< No protocol version in common.
  cipher,               ///< No cipher or curve in common.
  alpn,                 ///< No application protocol in common.
  certificate_missing,  ///< The client shows none and has to.
  certificate_refused,  ///< The peer's is not good.
  peer_alert,           ///< The peer refused us.
  renegotiation,        ///< Asked for; never granted.
  protocol,             ///< Anything else.
  count_,
};
std::string_view to_string(TlsFailure failure);

}  // namespace teal::net
