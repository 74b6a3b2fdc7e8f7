// The authority of a request, host[:port], as RFC 3986, section 3.2 writes it but without user
// information: a stranger's part of it must never be mistaken for the host.
//
// Pure. Does not resolve, fold case or split (proxy/route_table.h normalises hosts).
#pragma once

#include <cstdint>
#include <string_view>

namespace teal::net {

/// How an authority is written, as far as whoever writes it on wants to know.
enum class AuthorityForm : std::uint8_t {
  refused,  ///< It is none.
  name,     ///< Letters, digits, dots and hyphens only: also a token of RFC 9110.
  name_and_port,
  other,  ///< Anything else that is one.
};

AuthorityForm authority_form(std::string_view text);

/// A registered name or IPv4 address, or an IPv6 address in brackets, each with an optional port.
/// The host must not be empty; IPvFuture and zone identifiers are not accepted.
inline bool is_authority(std::string_view text) {
  return authority_form(text) != AuthorityForm::refused;
}

}  // namespace teal::net
