// TlsServer: everything that one listener's TLS needs, as an immutable snapshot: certificates by
// name, versions and ciphers, ALPN, client authentication, staples, ticket keys. A reload or a
// rotation makes another one; connections keep the one they began with (docs/adr/0013).
//
// Made by the control thread, read by every worker. Its count is atomic, and is touched when a
// connection opens and closes only. Does not read or write sockets (net/tls/session.h).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "config/config.h"
#include "net/tls/fault.h"
#include "net/tls/tickets.h"

struct ssl_st;  // OpenSSL's SSL; its headers stay in net/tls_*.cc.

namespace teal::net {

/// What the operator may want to know of a certificate.
struct CertificateView {
  std::string path;
  std::vector<std::string> names;
  WallTime not_after;
};

class TlsServer {
 public:
  /// Null where a fault is fatal. `name`: of the listener; sessions do not resume on another one.
  static std::shared_ptr<const TlsServer> make(const std::string& name,
                                               const config::ListenerTls& spec,
                                               const TicketKeys& keys, WallTime now,
                                               FileFaults& faults);
  /// This server with other ticket keys; certificates and settings are shared.
  std::shared_ptr<const TlsServer> with_keys(const TicketKeys& keys) const;
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  const TicketKeys& keys() const { return keys_; }
  std::vector<CertificateView> certificates() const;

  /// What a name's clients have to show. Only equal numbers are the same rule.
  std::uint32_t policy_of(std::string_view server_name) const;
  /// Some names have other rules than others.
  bool has_policies() const;

  /// For a connection that needs neither names, tickets nor staples: the first certificate, with
  /// its client authentication. The caller owns it, and keeps this object for as long.
  ssl_st* new_plain_ssl() const;

  struct Certificates;  ///< net/tls/server_parts.h
  const Certificates& parts() const { return *certificates_; }

 private:
  TlsServer(std::shared_ptr<const Certificates> certificates, const TicketKeys& keys)
      : certificates_(std::move(certificates)), keys_(keys) {}

  std::shared_ptr<const Certificates> certificates_;
  TicketKeys keys_;
};

}  // namespace teal::net
