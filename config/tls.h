// Files that the configuration names, and the TLS of listeners and targets that is made of them.
// Part of config/config.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace teal::config {

/// A file that the configuration names, and where it does. What is in it is looked at later by the
/// room that knows what belongs there (net/tls/files.h), and complained of at this place.
struct FileName {
  std::string path;
  std::string key;  ///< "listeners.public.tls.certificates[0].key".
  int line = 0;
  int column = 0;

  bool empty() const { return path.empty(); }
  bool operator==(const FileName& that) const { return path == that.path; }
};

enum class TlsVersion : std::uint8_t { tls12, tls13 };

/// Whether clients show a certificate of their own. One that is shown must be good.
enum class ClientAuth : std::uint8_t { none, optional, required };

struct ClientPolicy {
  ClientAuth auth = ClientAuth::none;
  FileName ca;  ///< Who may have signed them; with `none` empty.
  bool operator==(const ClientPolicy&) const = default;
};

struct Certificate {
  FileName chain;  ///< PEM: the certificate, then who certifies it, and so on.
  FileName key;
  FileName ocsp;         ///< A DER response to staple; may be empty.
  ClientPolicy clients;  ///< Of the names in this certificate.
  bool operator==(const Certificate&) const = default;
};

struct ListenerTls {
  std::vector<Certificate> certificates;  ///< The first is for names that none has.
  TlsVersion min_version = TlsVersion::tls12;
  Millis ticket_rotation =
      std::chrono::hours{8};  ///< How often the keys of session tickets are replaced.
  bool http2 = false;         ///< Offered by ALPN; as ListenerHttp2 says.
  bool operator==(const ListenerTls&) const = default;
};

/// How the targets of a service are spoken to.
struct TargetTls {
  bool verify = true;
  FileName ca;  ///< Empty: the system's.
  /// Sent as SNI, and what the certificate must be for. Empty: no SNI, the target's IP address.
  std::string server_name;
  FileName chain;  ///< Our own certificate, where targets ask for one; may be empty.
  FileName key;
  TlsVersion min_version = TlsVersion::tls12;
  bool operator==(const TargetTls&) const = default;
};

}  // namespace teal::config
