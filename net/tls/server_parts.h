// The inside of TlsServer, which the callbacks in net/tls/callbacks.cc need too. For net/tls_*.cc
// only.
#pragma once

#include <string>
#include <vector>

#include "net/tls/files.h"
#include "net/tls/handles.h"
#include "net/tls/names.h"
#include "net/tls/server.h"

namespace teal::net {

struct TlsServer::Certificates {
  /// One certificate with its context. Callbacks hold its address, so it does not move.
  struct Slot {
    CtxHandle context;
    CertificateView view;
    std::string staple;
    bool http2 = false;  ///< Offered.
    std::uint32_t policy = 0;
    int verify_mode = SSL_VERIFY_NONE;
  };

  std::vector<std::unique_ptr<Slot>> slots;
  TlsNames names;
  bool has_policies = false;
};

class TlsSession;
/// The session that an SSL belongs to; null for a plain one (TlsServer::new_plain_ssl).
TlsSession* session_of(const SSL* ssl);
void set_session(SSL* ssl, TlsSession* session);

/// Installs the callbacks of a server's context.
void install_callbacks(SSL_CTX* context, TlsServer::Certificates::Slot& slot);

/// ALPN, wire format. The one place that says what Teal speaks, most wanted first.
inline constexpr unsigned char kAlpn[] = {2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
/// Where in it HTTP/1.1 begins.
inline constexpr std::size_t kAlpnHttp1 = 3;

}  // namespace teal::net
