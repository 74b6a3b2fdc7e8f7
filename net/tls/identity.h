// The identity of a client that showed a verified certificate, as the value of the header that
// hands it to targets: Hash=<SHA-256 of the certificate>;Subject="CN=..";URI=..;DNS=..., in the
// form that Envoy gave it. Values are quoted where they need to be.
//
// Pure text; net/tls/session.cc takes the parts from the certificate.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace teal::net {

/// Identity headers go by this name; what comes from outside under it is dropped.
inline constexpr std::string_view kIdentityHeader = "x-forwarded-client-cert";

struct ClientIdentity {
  std::string hash;     ///< Of the DER bytes, not in hex.
  std::string subject;  ///< RFC 2253.
  std::vector<std::string> uris;
  std::vector<std::string> dns;
};

/// At most 4 KiB; names that do not fit are left out, the hash never is.
std::string identity_text(const ClientIdentity& identity);

}  // namespace teal::net
